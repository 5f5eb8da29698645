"""A report as one self-contained HTML page. `templates/report.html` is its layout."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jinja2 import Environment, PackageLoader

from pulumi_fsx_dr.readiness import age_of, summary

from . import formatting
from .context import unique
from .rows import NOTHING_TO_REPORT, Report, ReportRow

_STEPS = (1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 720, 1440, 4320, 8760)  # hours between two ticks
_MAX_TICKS = 8
_BEYOND_TARGET = 1.35  # keeps the target's line away from the edge


def html_report(report: Report) -> str:
    rows, now = report.rows, report.now
    environment = Environment(
        loader=PackageLoader("pulumi_fsx_dr.cli"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "age": lambda time: _age(time, now),
        "hours": formatting.hours,
        "summary": summary,
        "time": _time,
    }
    return environment.get_template("report.html").render(
        axis=Axis.over(rows, now),
        marks=formatting.MARKS,
        nothing=NOTHING_TO_REPORT,
        now=now.isoformat(),
        regions={
            region: [row for row in rows if row["region"] == region] for region in unique(r["region"] for r in rows)
        },
        report=report,
        rows=rows,
    )


@dataclass(frozen=True, slots=True)
class Axis:
    """The time axis of all timelines, from `span` hours ago at the left to the present at the right."""

    span: float

    @classmethod
    def over(cls, rows: Iterable[ReportRow], now: datetime) -> "Axis":
        """Return an axis that is long enough for all copies and targets."""
        ages = [_age(time, now) for row in rows for time in (*row["copies"].values(), *row["failed"].values())]
        targets = [row["target_hours"] * _BEYOND_TARGET for row in rows]
        return cls(max([*ages, *targets, 2.0]) * 1.02)

    def place(self, hours: float) -> float:
        """Return the distance from the right, in percent."""
        return round(100 * min(max(hours, 0.0), self.span) / self.span, 2)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        step = next((step for step in _STEPS if self.span / step <= _MAX_TICKS), self.span / _MAX_TICKS)
        return [(self.place(step * i), _label(step * i)) for i in range(1, int(self.span / step) + 1)]


def _label(hours: float) -> str:
    days, rest = divmod(hours, 24)
    return formatting.hours(hours) if rest else f"{days:.0f} {'day' if days == 1 else 'days'}"


def _age(source_creation_time: str, now: datetime) -> float:
    return age_of(source_creation_time, now) / timedelta(hours=1)


def _time(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M} UTC"

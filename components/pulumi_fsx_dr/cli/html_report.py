"""Readiness rows as one self-contained HTML page; its layout is `templates/report.html`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jinja2 import Environment, PackageLoader

from pulumi_fsx_dr.readiness import FinishedCopy, summary

from . import formatting
from .context import unique
from .rows import ReportRow

_STEPS = (1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 720, 1440, 4320, 8760)  # hours between two ticks
_MAX_TICKS = 8
_BEYOND_TARGET = 1.35  # keeps the target's line away from the edge


def html_report(rows: Sequence[ReportRow], now: datetime) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("pulumi_fsx_dr.cli"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "age": lambda copy: _age(copy, now),
        "hours": formatting.hours,
        "percent": formatting.percent,
        "summary": summary,
        "time": _time,
    }
    return environment.get_template("report.html").render(
        axis=Axis.over(rows, now),
        marks=formatting.MARKS,
        now=now.isoformat(),
        regions={
            region: [row for row in rows if row["region"] == region] for region in unique(r["region"] for r in rows)
        },
        rows=rows,
    )


@dataclass(frozen=True, slots=True)
class Axis:
    """The time axis of all timelines: `span` hours, with now at the right."""

    span: float

    @classmethod
    def over(cls, rows: Iterable[ReportRow], now: datetime) -> "Axis":
        """Return an axis on which every copy and every target has its place."""
        ages = [_age(copy, now) for row in rows for copy in row["copies"]]
        targets = [row["target_hours"] * _BEYOND_TARGET for row in rows]
        return cls(max([*ages, *targets, 2.0]) * 1.02)

    def place(self, hours: float) -> float:
        """Return the distance from the right, in percent."""
        return round(100 * min(max(hours, 0.0), self.span) / self.span, 2)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Place and label of each tick."""
        step = next((step for step in _STEPS if self.span / step <= _MAX_TICKS), self.span / _MAX_TICKS)
        return [(self.place(step * i), _label(step * i)) for i in range(1, int(self.span / step) + 1)]


def _label(hours: float) -> str:
    days, rest = divmod(hours, 24)
    return formatting.hours(hours) if rest else f"{days:.0f} {'day' if days == 1 else 'days'}"


def _age(copy: FinishedCopy, now: datetime) -> float:
    return max((now - datetime.fromisoformat(copy["source_creation_time"])) / timedelta(hours=1), 0.0)


def _time(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M} UTC"

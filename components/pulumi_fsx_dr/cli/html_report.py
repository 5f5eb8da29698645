"""Readiness rows as one self-contained HTML page; the look is `templates/report.html`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jinja2 import Environment, PackageLoader

from pulumi_fsx_dr.readiness import FinishedCopy, RunningCopy, summary

from . import formatting
from .context import unique
from .rows import ReportRow, are_ready

_STEPS = (1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 720, 1440, 4320, 8760)  # hours between two ticks
_MAX_TICKS = 8
_BEYOND_TARGET = 1.35  # the axis shows this much of the target's span, so that its line never stands at the edge


@dataclass(frozen=True, slots=True)
class Axis:
    """The time axis that all timelines of the page share: `span` hours up to now, which is at the right."""

    span: float

    @classmethod
    def over(cls, rows: Iterable[ReportRow], now: datetime) -> "Axis":
        """Return an axis on which every copy and every target has its place."""
        ages = [_age(copy, now) for row in rows for copy in row["copies"]]
        targets = [row["target_hours"] * _BEYOND_TARGET for row in rows]
        return cls(max([*ages, *targets, 2.0]) * 1.02)

    def place(self, hours: float) -> float:
        """Return how far left of now a moment is, in percent."""
        return round(100 * min(max(hours, 0.0), self.span) / self.span, 2)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Place and label of each tick."""
        step = next((step for step in _STEPS if self.span / step <= _MAX_TICKS), self.span / _MAX_TICKS)
        return [(self.place(step * i), _tick(step * i)) for i in range(1, int(self.span / step) + 1)]


@dataclass(frozen=True, slots=True)
class Dot:
    """A copy on a timeline."""

    copy: FinishedCopy
    place: float
    age: str
    is_newest: bool

    @property
    def is_failed(self) -> bool:
        """Whether it cannot be restored from."""
        return self.copy["lifecycle"] != "AVAILABLE"

    @property
    def made(self) -> str:
        """When its source was made, as people write it."""
        return _written(self.copy["source_creation_time"])


@dataclass(frozen=True, slots=True)
class Line:
    """One source on the page."""

    row: ReportRow
    dots: Sequence[Dot]
    target_place: float

    @property
    def mark(self) -> str:
        """The sign of the verdict."""
        return formatting.MARKS[self.row["verdict"]]

    @property
    def age(self) -> str:
        """Age of the newest copy."""
        return formatting.hours(self.row["age_hours"]) if self.row["newest_copy"] else "no copy"

    @property
    def target(self) -> str:
        """The oldest that it may be."""
        return formatting.hours(self.row["target_hours"])

    @property
    def running(self) -> Sequence[RunningCopy]:
        """The copies under way."""
        return self.row["running"]

    @property
    def described(self) -> str:
        """The timeline in formatting."""
        copies = f"{len(self.dots)} {'copy' if len(self.dots) == 1 else 'copies'}"
        newest = f", the newest {self.age} old" if self.row["newest_copy"] else ""
        return f"Timeline of {self.row['source']}: {copies}{newest}; target {self.target}"


@dataclass(frozen=True, slots=True)
class Section:
    """One DR Region on the page."""

    region: str
    summary: str
    lines: Sequence[Line]


def page(rows: Sequence[ReportRow], now: datetime) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("pulumi_fsx_dr.cli"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = formatting.percent
    axis = Axis.over(rows, now)
    return environment.get_template("report.html").render(
        summary=summary(rows),
        counts=_counts(rows),
        is_ready=are_ready(rows),
        time=f"{now:%Y-%m-%d %H:%M} UTC",
        axis=axis,
        sections=[_section(region, rows, axis, now) for region in unique(row["region"] for row in rows)],
    )


def _counts(rows: Sequence[ReportRow]) -> list[tuple[str, str, int]]:
    counts = [
        (verdict, mark, sum(row["verdict"] == verdict for row in rows)) for verdict, mark in formatting.MARKS.items()
    ]
    return [*counts, ("under way", "↻", sum(len(row["running"]) for row in rows))]


def _section(region: str, rows: Iterable[ReportRow], axis: Axis, now: datetime) -> Section:
    here = [row for row in rows if row["region"] == region]
    return Section(region, summary(here), [_line(row, axis, now) for row in here])


def _line(row: ReportRow, axis: Axis, now: datetime) -> Line:
    dots = [_dot(copy, axis, now, newest=row["newest_copy"]) for copy in row["copies"]]
    return Line(row, dots, axis.place(row["target_hours"]))


def _dot(copy: FinishedCopy, axis: Axis, now: datetime, *, newest: str | None) -> Dot:
    age = _age(copy, now)
    return Dot(copy, axis.place(age), formatting.hours(age), is_newest=copy["backup_id"] == newest)


def _tick(hours: float) -> str:
    days, rest = divmod(hours, 24)
    return formatting.hours(hours) if rest else f"{days:.0f} {'day' if days == 1 else 'days'}"


def _age(copy: FinishedCopy, now: datetime) -> float:
    return max((now - datetime.fromisoformat(copy["source_creation_time"])) / timedelta(hours=1), 0.0)


def _written(time: str) -> str:
    return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M} UTC"

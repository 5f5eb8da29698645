"""The rows of a report on one or more stacks, filtered and sorted."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.readiness import JudgedRow, Verdict, age_of, judged, summary

NOTHING_TO_REPORT = "There is nothing to report: the stacks have no source and DR Region that match the filters."
_WORST_FIRST: tuple[Verdict, ...] = ("missing", "late", "ready")


class ReportRow(JudgedRow):
    """A row with the name of its stack; "" for the selected stack."""

    stack: str


@dataclass(frozen=True, slots=True)
class Report:
    """The rows of all stacks as of a given time.

    Attributes:
        rows: worst first.
        notes: messages about stacks without data, because they were never deployed.
        errors: messages about stacks that cannot be read.
    """

    rows: list[ReportRow]
    now: datetime
    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        return "no data yet" if self.is_without_data else summary(self.rows)

    @property
    def is_ready(self) -> bool:
        return bool(self.rows) and all(row["verdict"] == "ready" for row in self.rows)

    @property
    def is_without_data(self) -> bool:
        """Whether there are no rows only because the stacks were never deployed."""
        return bool(self.notes) and not self.rows


def rows_of(stack: str, outputs: Mapping[str, Any], now: datetime) -> list[ReportRow]:
    """Return the rows of the stack output `readiness`, judged now."""
    named = f"Stack {stack}" if stack else "The stack"
    if "readiness" not in outputs:
        raise InvalidSettingsError(
            f"{named} has no output `readiness`. Export dr.readiness(24) of each DrRegion under that name and run "
            "`pulumi up`, or select another stack with --stack. DrRegions of the plugin have no readiness."
        )
    try:
        rows = judged(_flat(_cleaned(outputs["readiness"])), now)
        return [cast("ReportRow", {"stack": stack, **_require_valid(row, now)}) for row in rows]
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        raise InvalidSettingsError(
            f"{named} has an output `readiness` that this version cannot read. Run `pulumi up` with this version."
        ) from None


def worst_first(rows: Iterable[ReportRow]) -> list[ReportRow]:
    """Return the rows ordered by verdict, then by age in proportion to the target."""
    return sorted(rows, key=lambda row: (_WORST_FIRST.index(row["verdict"]), -_overdue(row)))


def filtered(rows: Iterable[ReportRow], regions: Collection[str], sources: Collection[str]) -> list[ReportRow]:
    """Return the rows of these DR Regions and sources (by id or name); an empty filter keeps all."""
    return [
        row
        for row in rows
        if (not regions or row["region"] in regions) and (not sources or {row["source"], row["name"]} & {*sources})
    ]


def _overdue(row: ReportRow) -> float:
    return (row["age_hours"] or 0.0) / row["target_hours"] if row["target_hours"] else 0.0


def _cleaned(value: Any) -> Any:
    """Return an output without control characters. It contains names that others choose."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    return {clean(key): _cleaned(each) for key, each in value.items()} if isinstance(value, Mapping) else value


def _flat(readiness: Any) -> list[Any]:
    """Return all rows. A program may export one list, or a list for each DrRegion."""
    return [row for entry in readiness for row in (entry if isinstance(entry, list) else [entry])]


def _require_valid(row: JudgedRow, now: datetime) -> JudgedRow:
    """Return a row if a report can show all of it; otherwise raise a built-in exception."""
    for time in [*row["copies"].values(), *row["failed"].values()]:
        age_of(time, now)
    timedelta(hours=row["target_hours"])
    ", ".join([row["source"], row["source_region"], row["region"], *row["running"]])
    return row

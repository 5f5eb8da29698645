"""The rows of a report: of one stack or many, those that were asked for, and the worst first."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.readiness import ReadinessRow, Verdict, age_of, judged

_HOUR = 3600
_WORST_FIRST: tuple[Verdict, ...] = ("missing", "late", "ready")


class ReportRow(ReadinessRow):
    """A row with the stack that it is of; "" if the report names none."""

    stack: str


def rows_of(stack: str, outputs: Mapping[str, Any], now: datetime) -> list[ReportRow]:
    """Return the stack output `readiness`, judged now.

    Raises:
        InvalidSettingsError: there is no such output, or it holds something else.
    """
    if "readiness" not in outputs:
        raise InvalidSettingsError(
            f"{_spoken(stack)} has no output 'readiness': export readiness(24) of each DrRegion under that name and "
            "run pulumi up, or choose another stack with --stack."
        )
    try:
        rows = judged(_flat(_cleaned(outputs["readiness"])), now)
        return [cast("ReportRow", {"stack": stack, **row}) for row in rows]
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        raise InvalidSettingsError(
            f"The output 'readiness' of {_spoken(stack).lower()} does not hold the rows that this version writes: "
            "run pulumi up."
        ) from None


def are_ready(rows: Collection[ReportRow]) -> bool:
    """Tell whether something is protected, and all of it is ready."""
    return bool(rows) and all(row["verdict"] == "ready" for row in rows)


def age_seconds(row: ReportRow, now: datetime) -> float | None:
    """Return the age of the newest copy, since its source was made; None if there is none."""
    age = age_of(row, now)
    return None if age is None else age.total_seconds()


def target_seconds(row: ReportRow) -> float:
    """Return the oldest that it may be."""
    return row["target_hours"] * _HOUR


def available(row: ReportRow) -> int:
    """Return how many copies are AVAILABLE."""
    return sum(copy["lifecycle"] == "AVAILABLE" for copy in row["copies"])


def worst_first(rows: Iterable[ReportRow]) -> list[ReportRow]:
    """Return the rows ordered by verdict, and the oldest copy in proportion to its target first."""
    return sorted(rows, key=lambda row: (_WORST_FIRST.index(row["verdict"]), -_overdue(row)))


def chosen(rows: Iterable[ReportRow], regions: Collection[str], sources: Collection[str]) -> list[ReportRow]:
    """Return the rows of these DR Regions and of these sources, by id or name; of all where none is given."""
    return [
        row
        for row in rows
        if (not regions or row["region"] in regions) and (not sources or {row["source"], row["name"]} & {*sources})
    ]


def _overdue(row: ReportRow) -> float:
    return (row["age_hours"] or 0.0) / row["target_hours"] if row["target_hours"] else 0.0


def _cleaned(value: Any) -> Any:
    """Return an output with all its text fit to be shown: it has names of file systems, and whoever may write it."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    return {key: _cleaned(each) for key, each in value.items()} if isinstance(value, Mapping) else value


def _flat(readiness: Any) -> list[Any]:
    """Return the rows, also where a program exports those of each DrRegion as a list of its own."""
    return [row for entry in readiness for row in (entry if isinstance(entry, list) else [entry])]


def _spoken(stack: str) -> str:
    return f"Stack {stack}" if stack else "The stack"

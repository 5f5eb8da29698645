"""The rows of a report: those of one stack or many, filtered and sorted."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.readiness import ReadinessRow, Verdict, judged

_WORST_FIRST: tuple[Verdict, ...] = ("missing", "late", "ready")


class ReportRow(ReadinessRow):
    """A row with its stack; "" if the report does not name one."""

    stack: str


def rows_of(stack: str, outputs: Mapping[str, Any], now: datetime) -> list[ReportRow]:
    """Return the stack output `readiness`, judged now.

    Raises:
        InvalidSettingsError: there is no such output, or it does not contain rows.
    """
    named = f"Stack {stack}" if stack else "The stack"
    if "readiness" not in outputs:
        raise InvalidSettingsError(
            f"{named} has no output 'readiness'. Export readiness(24) of each DrRegion under that name and run "
            "pulumi up, or choose another stack with --stack."
        )
    try:
        rows = judged(_flat(_cleaned(outputs["readiness"])), now)
        return [cast("ReportRow", {"stack": stack, **row}) for row in rows]
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        raise InvalidSettingsError(
            f"The output 'readiness' of {named.lower()} does not contain the rows of this version. Run pulumi up."
        ) from None


def are_ready(rows: Collection[ReportRow]) -> bool:
    """Whether there are rows, and all of them are ready."""
    return bool(rows) and all(row["verdict"] == "ready" for row in rows)


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
    """Return an output without control characters: it contains names that others choose."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    return {key: _cleaned(each) for key, each in value.items()} if isinstance(value, Mapping) else value


def _flat(readiness: Any) -> list[Any]:
    """Return the rows, also of a program that exports a list for each DrRegion."""
    return [row for entry in readiness for row in (entry if isinstance(entry, list) else [entry])]

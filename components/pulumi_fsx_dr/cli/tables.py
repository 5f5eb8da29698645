"""Readiness rows as a terminal table, as Markdown and as JSON."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.text import Text

from pulumi_fsx_dr.readiness import Verdict, summary

from . import formatting
from .rows import ReportRow, are_ready
from .table_layout import grid, rendered

_STYLES: dict[Verdict, str] = {"ready": "green", "late": "bold yellow", "missing": "bold red"}
_EMOJI: dict[Verdict, str] = {"ready": "✅", "late": "⚠️", "missing": "❌"}
_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&#]")
_LINKED = re.compile(r"[@#](?=\w)|:(?=//)|www(?=\.)", re.IGNORECASE)
_HEADINGS = ("Verdict", "Source", "DR Region", "Newest copy", "Age", "Target", "Under way")


def table(rows: Sequence[ReportRow], now: datetime) -> str:
    """Return a table for a terminal, and below it why a source is not ready."""
    title = f"{summary(rows)} at {now:%Y-%m-%d %H:%M} UTC"
    is_of_many = _are_of_many(rows)
    shown = grid(_headings(rows), title=title, right=("Age", "Target"))
    for row in rows:
        verdict = Text(f"{formatting.MARKS[row['verdict']]} {row['verdict']}", style=_STYLES[row["verdict"]])
        shown.add_row(verdict, *(Text(cell) for cell in _cells(row, is_of_many=is_of_many)))
    return "\n".join([rendered(shown) if rows else title, *_reasons(rows)])


def markdown(rows: Sequence[ReportRow], now: datetime) -> str:
    """Return a table for a pull request or a stack's README."""
    headings, is_of_many, reasons = _headings(rows), _are_of_many(rows), _reasons(rows)
    aligned = ["--:" if heading in ("Age", "Target") else ":--" for heading in headings]
    cells = ([row["verdict"], *map(_escaped, _cells(row, is_of_many=is_of_many))] for row in rows)
    lines = [
        f"### Disaster recovery: {summary(rows)}",
        "",
        f"| {' | '.join(headings)} |",
        f"| {' | '.join(aligned)} |",
        *(f"| {_EMOJI[row['verdict']]} {' | '.join(of_row)} |" for row, of_row in zip(rows, cells, strict=True)),
        "",
        *(f"- {_escaped(reason)}" for reason in reasons),
        *([""] if reasons else []),
        f"Ages at {now:%Y-%m-%d %H:%M} UTC, counted from when the source backup was made.",
    ]
    return "\n".join(lines)


def as_json(rows: Sequence[ReportRow], now: datetime) -> str:
    """Return a document with the time, whether all are ready, and the rows."""
    document = {"time": now.isoformat(), "ready": are_ready(rows), "rows": list(rows)}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _are_of_many(rows: Iterable[ReportRow]) -> bool:
    return len({row["stack"] for row in rows}) > 1


def _headings(rows: Iterable[ReportRow]) -> list[str]:
    first, *others = _HEADINGS
    return [first, *(["Stack"] if _are_of_many(rows) else []), *others]


def _reasons(rows: Iterable[ReportRow]) -> list[str]:
    return [
        f"{row['name'] or row['source']} in {row['region']}: {row['reason']}."
        for row in rows
        if row["verdict"] != "ready"
    ]


def _cells(row: ReportRow, *, is_of_many: bool) -> list[str]:
    running = ", ".join(f"{copy['backup_id']} {formatting.percent(copy['percent'])}" for copy in row["running"])
    named = f"{row['name']}, " if row["name"] else ""
    return [
        *([row["stack"]] if is_of_many else []),
        f"{named}{row['source']} ({row['source_region']})",
        row["region"],
        row["newest_copy"] or formatting.NONE,
        formatting.hours(row["age_hours"]),
        formatting.hours(row["target_hours"]),
        running or formatting.NONE,
    ]


def _escaped(cell: str) -> str:
    """Keep a cell from being read as Markdown or HTML, and from notifying people or linking anywhere."""
    escaped = " ".join(_SPECIAL.sub(r"\\\g<0>", cell).split())
    # Mentions and links are found in what is rendered, where an escape makes no difference; a comment does.
    return _LINKED.sub(r"\g<0><!-- -->", escaped)

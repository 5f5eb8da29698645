"""Readiness rows as a terminal table, as Markdown and as JSON."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.text import Text

from pulumi_fsx_dr.readiness import Verdict, summary

from . import formatting
from .rows import ReportRow, are_ready

_STYLES: dict[Verdict, str] = {"ready": "green", "late": "bold yellow", "missing": "bold red"}
_EMOJI: dict[Verdict, str] = {"ready": "✅", "late": "⚠️", "missing": "❌"}
_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&#]")
_LINKED = re.compile(r"[@#](?=\w)|:(?=//)|www(?=\.)", re.IGNORECASE)
_FIGURES = ("Age", "Target")


def terminal_table(rows: Sequence[ReportRow], now: datetime) -> str:
    """Return a table, and below it why sources are not ready."""
    title = f"{summary(rows)} at {now:%Y-%m-%d %H:%M} UTC"
    headings, *cells = _grid(rows, with_ids=not formatting.is_narrow())
    shown = formatting.table(headings, title=title, right=_FIGURES)
    for row, of_row in zip(rows, cells, strict=True):
        verdict = Text(f"{formatting.MARKS[row['verdict']]} {row['verdict']}", style=_STYLES[row["verdict"]])
        shown.add_row(verdict, *map(Text, of_row))
    return "\n".join([formatting.rendered(shown) if rows else title, *_reasons(rows)])


def markdown(rows: Sequence[ReportRow], now: datetime) -> str:
    """Return a table for a pull request or a stack's README."""
    headings, *cells = _grid(rows)
    reasons = [f"- {_escaped(reason)}" for reason in _reasons(rows)]
    return "\n".join(
        [
            f"### Disaster recovery: {summary(rows)}",
            "",
            _line(headings),
            _line("--:" if heading in _FIGURES else ":--" for heading in headings),
            *(
                _line([f"{_EMOJI[row['verdict']]} {row['verdict']}", *map(_escaped, of_row)])
                for row, of_row in zip(rows, cells, strict=True)
            ),
            "",
            *([*reasons, ""] if reasons else []),
            f"Ages of the source backups at {now:%Y-%m-%d %H:%M} UTC.",
        ]
    )


def as_json(rows: Sequence[ReportRow], now: datetime) -> str:
    """Return a document with the time, whether all are ready, and the rows."""
    document = {"time": now.isoformat(), "ready": are_ready(rows), "rows": list(rows)}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _grid(rows: Sequence[ReportRow], *, with_ids: bool = True) -> list[list[str]]:
    """Return the headings, and for each row the cells after its verdict; a narrow terminal has no room for ids."""
    stacks = {row["stack"] for row in rows}
    columns = ["Stack"] if len(stacks) > 1 else []
    newest = ["Newest copy"] if with_ids else []
    headings = ["Verdict", *columns, "Source", "DR Region", *newest, *_FIGURES, "Running"]
    return [headings, *([*(row["stack"] for _ in columns), *_cells(row, with_ids=with_ids)] for row in rows)]


def _cells(row: ReportRow, *, with_ids: bool) -> list[str]:
    percents = [formatting.percent(copy["percent"]) for copy in row["running"]]
    running = [f"{copy['backup_id']} {percent}" for copy, percent in zip(row["running"], percents, strict=True)]
    name = f"{row['name']}, " if row["name"] else ""
    return [
        f"{name}{row['source']} ({row['source_region']})",
        row["region"],
        *([row["newest_copy"] or formatting.NONE] if with_ids else []),
        formatting.hours(row["age_hours"]),
        formatting.hours(row["target_hours"]),
        ", ".join(running if with_ids else percents) or formatting.NONE,
    ]


def _reasons(rows: Iterable[ReportRow]) -> list[str]:
    late = (row for row in rows if row["verdict"] != "ready")
    return [f"{row['name'] or row['source']} in {row['region']}: {row['reason']}." for row in late]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(cell: str) -> str:
    """Keep a cell from being read as Markdown or HTML, and from notifying people or linking anywhere."""
    escaped = " ".join(_SPECIAL.sub(r"\\\g<0>", cell).split())
    # GitHub looks for mentions and links after it has removed the escapes; a comment keeps them apart.
    return _LINKED.sub(r"\g<0><!-- -->", escaped)

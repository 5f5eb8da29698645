"""Readiness rows as a terminal table, as Markdown and as JSON."""

import json
from datetime import datetime

from rich.text import Text

from pulumi_fsx_dr.readiness import ReadinessRow, Verdict, summary

from . import words
from .grids import grid, rendered

_STYLES: dict[Verdict, str] = {"ready": "green", "late": "bold yellow", "missing": "bold red"}
_EMOJI: dict[Verdict, str] = {"ready": "✅", "late": "⚠️", "missing": "❌"}
_HEADINGS = ("Verdict", "Source", "DR Region", "Newest copy", "Age", "Target", "Under way")


def table(rows: list[ReadinessRow], now: datetime) -> str:
    """Return a table for a terminal."""
    shown = grid(_HEADINGS, title=f"{summary(rows)} at {now:%Y-%m-%d %H:%M} UTC", right=("Age", "Target"))
    for row in rows:
        verdict = Text(f"{words.MARKS[row['verdict']]} {row['verdict']}", style=_STYLES[row["verdict"]])
        shown.add_row(verdict, *(Text(cell) for cell in _cells(row)))
    return rendered(shown)


def markdown(rows: list[ReadinessRow], now: datetime) -> str:
    """Return a table for a pull request or a stack's README."""
    lines = [
        f"### Disaster recovery: {summary(rows)}",
        "",
        f"| {' | '.join(_HEADINGS)} |",
        "| :-- | :-- | :-- | :-- | --: | --: | :-- |",
        *(f"| {_EMOJI[row['verdict']]} {' | '.join([row['verdict'], *map(_escaped, _cells(row))])} |" for row in rows),
        "",
        f"Ages at {now:%Y-%m-%d %H:%M} UTC, counted from when the source backup was made.",
    ]
    return "\n".join(lines)


def as_json(rows: list[ReadinessRow], now: datetime) -> str:
    """Return a document with the time, whether all are ready, and the rows."""
    ready = all(row["verdict"] == "ready" for row in rows)
    return json.dumps({"time": now.isoformat(), "ready": ready, "rows": rows}, indent=2, ensure_ascii=False)


def _cells(row: ReadinessRow) -> list[str]:
    running = ", ".join(f"{copy['backup_id']} {words.percent(copy['percent'])}" for copy in row["running"])
    return [
        f"{row['source']} ({row['source_region']})",
        row["region"],
        row["newest_copy"] or words.NONE,
        words.hours(row["age_hours"]),
        words.hours(row["target_hours"]),
        running or words.NONE,
    ]


def _escaped(cell: str) -> str:
    """Keep a cell from being read as Markdown or HTML."""
    for special in "\\`*_[]<>|":
        cell = cell.replace(special, f"\\{special}")
    return " ".join(cell.split())

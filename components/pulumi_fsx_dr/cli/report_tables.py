"""Reports as text for a terminal, as Markdown and as JSON."""

import json
import re
from collections.abc import Iterable

import click
from rich.table import Table
from rich.text import Text

from pulumi_fsx_dr.readiness import Verdict

from . import formatting
from .rows import Report, ReportRow

_COLORS: dict[Verdict, str] = {"ready": "green", "late": "yellow", "missing": "red"}
_EMOJI: dict[Verdict, str] = {"ready": "✅", "late": "⚠️", "missing": "❌"}
_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&#]")
_LINKED = re.compile(r"[@#](?=\w)|:(?=//)|www(?=\.)", re.IGNORECASE)
_NUMBERS = ("Age", "Target", "Running")
_INDENT = 11  # of the lines below a verdict


def terminal_text(report: Report) -> str:
    """Return a table with the reasons below it, or a list if the terminal is too narrow for the table."""
    title = f"{report.title[0].upper()}{report.title[1:]} at {report.now:%Y-%m-%d %H:%M} UTC."
    if not report.rows:
        return title
    table = _table(report)
    if formatting.first_that_fits([table, ""], formatting.width()) is table:
        reasons = _reasons(report.rows)
        return "\n".join([title, "", formatting.rendered(table), *([""] if reasons else []), *reasons])
    has_stacks = _has_stacks(report.rows)
    return "\n".join([title, *(_entry(row, with_stack=has_stacks) for row in report.rows)])


def markdown(report: Report) -> str:
    """Return a table for a pull request or a wiki."""
    lines = [f"### Disaster recovery: {report.title}", ""]
    if report.rows:
        headings, *cells = _grid(report.rows)
        lines += [_line(headings), _line("--:" if heading in _NUMBERS else ":--" for heading in headings)]
        lines += [
            _line([f"{_EMOJI[row['verdict']]} {row['verdict']}", *map(_escaped, of_row)])
            for row, of_row in zip(report.rows, cells, strict=True)
        ]
        lines.append("")
    if listed := [f"- {_escaped(text)}" for text in [*_reasons(report.rows), *report.notes]]:
        lines += [*listed, ""]
    return "\n".join([*lines, f"Age of the source backups as of {report.now:%Y-%m-%d %H:%M} UTC."])


def as_json(report: Report) -> str:
    """Return a document with the time, whether all sources are ready, the rows and the notes."""
    document = {"time": report.now.isoformat(), "ready": report.is_ready, "rows": report.rows, "notes": report.notes}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _table(report: Report) -> Table:
    headings, *cells = _grid(report.rows)
    shown = formatting.table(headings, right=_NUMBERS)
    for row, of_row in zip(report.rows, cells, strict=True):
        # As texts, because a name may look like rich's markup.
        shown.add_row(Text(_verdict(row), style=_COLORS[row["verdict"]]), *map(Text, of_row))
    return shown


def _entry(row: ReportRow, *, with_stack: bool) -> str:
    """Return a row as a few lines."""
    stack = f"{row['stack']}: " if with_stack else ""
    head = formatting.paragraph(f"{stack}{_source(row)} → {row['region']}", first=_verdict(row), indent=_INDENT)
    lines = [head.replace(_verdict(row), click.style(_verdict(row), fg=_COLORS[row["verdict"]]), 1)]
    if row["newest_copy"]:
        age, target = formatting.hours(row["age_hours"]), formatting.hours(row["target_hours"])
        lines.append(_below(f"{row['newest_copy']}, {age} old (target: {target})"))
    if row["verdict"] != "ready":
        lines.append(_below(f"{row['reason'][0].upper()}{row['reason'][1:]}."))
    if row["running"]:
        lines.append(_below(f"Running: {', '.join(row['running'])}"))
    return "\n".join(lines)


def _below(text: str) -> str:
    return formatting.paragraph(text, indent=_INDENT)


def _grid(rows: Iterable[ReportRow]) -> list[list[str]]:
    """Return the headings, and for each row the cells after its verdict. Columns without content are left out."""
    rows = list(rows)
    columns = {
        "Stack": [row["stack"] for row in rows],
        "Source": [_source(row) for row in rows],
        "DR Region": [row["region"] for row in rows],
        "Newest copy": [row["newest_copy"] or formatting.NONE for row in rows],
        "Age": [formatting.hours(row["age_hours"]) for row in rows],
        "Target": [formatting.hours(row["target_hours"]) for row in rows],
        "Running": [str(len(row["running"]) or "") for row in rows],
    }
    if not _has_stacks(rows):
        del columns["Stack"]
    if not any(columns["Running"]):
        del columns["Running"]
    return [["Verdict", *columns], *map(list, zip(*columns.values(), strict=True))]


def _has_stacks(rows: Iterable[ReportRow]) -> bool:
    return len({row["stack"] for row in rows}) > 1


def _source(row: ReportRow) -> str:
    name = f"{row['name']}, " if row["name"] else ""
    return f"{name}{row['source']} ({row['source_region']})"


def _verdict(row: ReportRow) -> str:
    return f"{formatting.MARKS[row['verdict']]} {row['verdict']}"


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

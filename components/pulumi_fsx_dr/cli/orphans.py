"""`fsx-dr orphans`: copies that cost money and that no state holds."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from pulumi_fsx_dr.copies.ownership import Pending
from pulumi_fsx_dr.rules.orphans import Fate, GivenStates, Orphan
from pulumi_fsx_dr.rules.orphans import orphans as found_among

from . import words
from .grids import grid, rendered
from .outside import Outside, Stack, echo_json, read_document, unique

_HEADINGS = ("Copy", "DR Region", "Mark", "Made by", "Age", "Size", "Next up resumes it")
_RESUMES = {
    Fate.RESUMED: "yes",
    Fate.RESUMABLE: "if still declared",
    Fate.ELSEWHERE: "state not given",
    Fate.LEFT: "no",
}


@click.command()
@click.option("--region", "regions", metavar="REGION", multiple=True, required=True, help="Search there. Repeatable.")
@click.option(
    "--state",
    "states",
    metavar="FILE",
    multiple=True,
    help="A document of 'pulumi stack export', - for standard input. Repeatable.",
)
@click.option("--stack", "stacks", metavar="NAME", multiple=True, help="Run 'pulumi stack export' for it. Repeatable.")
@click.option("--cwd", type=click.Path(file_okay=False, path_type=Path), help="Directory of the Pulumi program.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
@click.pass_context
def orphans(  # noqa: PLR0913  # one for each option
    ctx: click.Context,
    regions: tuple[str, ...],
    states: tuple[str, ...],
    stacks: tuple[str, ...],
    cwd: Path | None,
    *,
    as_json: bool,
) -> None:
    """Find copies that this package made and that no given state holds.

    Give the states of all stacks that copy into these Regions: a copy of a stack that is not given is
    listed, because nothing else can tell whether that stack still exists.

    \b
    Examples:
      fsx-dr orphans --region eu-west-1 --stack prod --stack staging
      pulumi stack export | fsx-dr orphans --region eu-west-1 --state -
      fsx-dr orphans --region eu-west-1 --state state.json --json

    Exit codes: 0 none, or the next up resumes all of them, 1 some, 2 a state or a Region could not be read.
    """  # noqa: D301  # click reads \b, the backspace character
    if not states and not stacks:
        raise click.UsageError("Give at least one state, with --state FILE or --stack NAME.")
    outside = ctx.ensure_object(Outside)
    given = GivenStates.read([*map(read_document, states), *(Stack(name, cwd).export() for name in stacks)])
    backups = [backup for region in unique(regions) for backup in outside.region(region).backups()]
    found = found_among(backups, given)
    if as_json:
        echo_json({"time": outside.now.isoformat(), "orphans": [_described(orphan, outside) for orphan in found]})
    else:
        click.echo(_table(found, outside) if found else "No orphans.")
    ctx.exit(int(any(orphan.fate is not Fate.RESUMED for orphan in found)))


def _table(found: Iterable[Orphan], outside: Outside) -> str:
    shown = grid(_HEADINGS)
    for orphan in found:
        shown.add_row(*_cells(orphan, outside))
    return "\n".join([rendered(shown), *(f"\n{_next_step(orphan)}" for orphan in found)])


def _cells(orphan: Orphan, outside: Outside) -> tuple[str, ...]:
    return (
        orphan.backup.id,
        orphan.backup.region,
        _mark(orphan),
        orphan.mark.identity,
        words.hours(orphan.age(outside.now)),
        words.size(orphan.backup.size_in_bytes),
        _RESUMES[orphan.fate],
    )


def _next_step(orphan: Orphan) -> str:
    lines = [f"{orphan.backup.id} ({orphan.backup.lifecycle}):"]
    match orphan.fate:
        case Fate.RESUMED:
            return f"{lines[0]} leave it; the next pulumi up of {orphan.stack} goes on with it."
        case Fate.RESUMABLE:
            lines += [f"  if the program still declares {orphan.mark.identity}, pulumi up goes on with it; else"]
        case Fate.ELSEWHERE:
            lines += [f"  give the state of {orphan.stack} as well, which may hold it; if that stack is gone"]
    if not orphan.backup.is_dead:
        lines += [f'  adopt it:  BackupCopy("NAME", {{{orphan.adoption}}})']
    return "\n".join([*lines, f"  delete it: {orphan.deletion}"])


def _described(orphan: Orphan, outside: Outside) -> dict[str, Any]:
    return {
        "backup_id": orphan.backup.id,
        "region": orphan.backup.region,
        "lifecycle": orphan.backup.lifecycle,
        "source_backup_id": orphan.backup.source_backup_id,
        "mark": _mark(orphan),
        "identity": orphan.mark.identity,
        "fate": orphan.fate.value,
        "age_hours": round(orphan.age(outside.now), 2),
        "size_in_bytes": orphan.backup.size_in_bytes,
        "adopt": None if orphan.backup.is_dead else orphan.adoption,
        "delete": orphan.deletion,
    }


def _mark(orphan: Orphan) -> str:
    return "pending" if isinstance(orphan.mark, Pending) else "recorded"

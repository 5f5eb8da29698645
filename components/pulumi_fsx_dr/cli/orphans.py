"""`fsx-dr orphans`: copies that cost money and that no state contains."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from pulumi_fsx_dr.copies.messages import owner_text
from pulumi_fsx_dr.copies.ownership import MAX_TAG_VALUE, claimed_description
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.rules.orphans import Fate, GivenStates, Orphan
from pulumi_fsx_dr.rules.orphans import orphans as found_among

from . import formatting
from .context import Outside, Stack, echo_json, read_document, unique
from .table_layout import grid, rendered

_HEADINGS = ("Copy", "DR Region", "Tag says", "Age", "Size", "Next up resumes it")
_RESUMES = {Fate.RESUMABLE: "if still declared", Fate.LEFT: "no", Fate.ELSEWHERE: "state not given"}


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
    """Find copies with the tag of this package that no given state contains.

    Give the states of all stacks that copy into these Regions: a copy of a stack that is not given is
    listed, because nothing else can tell whether that stack still exists.

    \b
    Examples:
      fsx-dr orphans --region eu-west-1 --stack prod --stack staging
      pulumi stack export | fsx-dr orphans --region eu-west-1 --state -
      fsx-dr orphans --region eu-west-1 --state state.json --json

    Exit codes: 0 none, 1 some, 2 a state or a Region could not be read.
    """  # noqa: D301  # click reads \b, the backspace character
    if not states and not stacks:
        raise click.UsageError("Give at least one state, with --state FILE or --stack NAME.")
    outside = ctx.ensure_object(Outside)
    exports = {"standard input" if file == "-" else file: read_document(file) for file in unique(states)}
    exports |= {f"stack {name}": Stack(name, cwd).export() for name in unique(stacks)}
    given = GivenStates.read(exports)
    backups = [backup for region in unique(regions) for backup in outside.region(region).backups()]
    found = found_among(backups, given)
    if as_json:
        echo_json({"time": outside.now.isoformat(), "orphans": [_described(orphan, outside) for orphan in found]})
    else:
        click.echo(_table(found, outside) if found else "No orphans.")
    ctx.exit(int(bool(found)))


def _table(found: Iterable[Orphan], outside: Outside) -> str:
    shown = grid(_HEADINGS)
    for orphan in found:
        # As texts, because what the tag says may look like rich's markup.
        shown.add_row(*map(Text, _cells(orphan, outside)))
    return "\n".join([rendered(shown), *(f"\n{_next_step(orphan)}" for orphan in found)])


def _cells(orphan: Orphan, outside: Outside) -> tuple[str, ...]:
    return (
        clean(orphan.backup.id),
        orphan.backup.region,
        owner_text(orphan.backup),
        formatting.hours(orphan.age(outside.now)),
        formatting.size(orphan.backup.size_in_bytes),
        _RESUMES[orphan.fate],
    )


def _next_step(orphan: Orphan) -> str:
    backup = orphan.backup
    lines = [f"{clean(backup.id)} ({clean(backup.lifecycle)}):", f"  {_advice(orphan)}"]
    if backup.is_running:
        lines.append("  It is not AVAILABLE yet: the run that makes it may be under way.")
    if orphan.deletion:
        lines.append("  Check first that no other state contains it. Then")
    if orphan.adoption:
        lines.append(f'  adopt it:  BackupCopy("NAME", {{{orphan.adoption}}})')
    if orphan.deletion:
        lines.append(f"  delete it: {orphan.deletion}")
    return "\n".join(lines)


def _advice(orphan: Orphan) -> str:
    match orphan.fate:
        case Fate.RESUMABLE:
            source = clean(orphan.backup.source_backup_id or "")
            return (
                f"If the program still declares a copy of {source}, the next `pulumi up` resumes it, else nobody does."
            )
        case Fate.LEFT:
            return "The copy failed and contains no data. Nobody resumes it."
    said = owner_text(orphan.backup)
    return f"A state that was not given may contain it. Its tag, which anybody may have written, says {said}."


def _described(orphan: Orphan, outside: Outside) -> dict[str, Any]:
    backup = orphan.backup
    return {
        "backup_id": clean(backup.id),
        "region": backup.region,
        "lifecycle": clean(backup.lifecycle),
        "source_backup_id": clean(backup.source_backup_id or ""),
        "owner_id": orphan.owner_id,
        "tag_says": clean(claimed_description(backup.tags), MAX_TAG_VALUE),
        "fate": orphan.fate.value,
        "age_hours": round(orphan.age(outside.now), 2),
        "size_in_bytes": backup.size_in_bytes,
        "adopt": orphan.adoption,
        "delete": orphan.deletion,
    }

"""`fsx-dr orphans`: copies that cost money and that no state contains."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from pulumi_fsx_dr.copies.messages import owner_text
from pulumi_fsx_dr.copies.ownership import MAX_TAG_VALUE, claimed_description
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.rules.orphans import Orphan, OrphanStatus, StackStates
from pulumi_fsx_dr.rules.orphans import orphans as find_orphans

from . import formatting
from .context import CliContext, unique
from .documents import echo_json, read_document
from .options import cwd_option, json_option, repeatable
from .stack import Stack

_HEADINGS = ("Copy", "DR Region", "Tag says", "Age", "Size", "Resumed by pulumi up")
_RESUMED = {
    OrphanStatus.RESUMABLE: "if still declared",
    OrphanStatus.FAILED: "no",
    OrphanStatus.UNKNOWN: "state not given",
}


@click.command()
@repeatable("--region", "regions", metavar="REGION", required=True, help="DR Region to search.")
@repeatable("--state", "states", metavar="FILE", help="Output of 'pulumi stack export', - for standard input.")
@repeatable("--stack", "stacks", metavar="NAME", help="Run 'pulumi stack export' for this stack.")
@click.option("--all-states", is_flag=True, help="No other stack copies into these Regions: show how to delete.")
@cwd_option
@json_option
@click.pass_context
def orphans(  # noqa: PLR0913  # one for each option
    ctx: click.Context,
    regions: tuple[str, ...],
    states: tuple[str, ...],
    stacks: tuple[str, ...],
    cwd: Path | None,
    *,
    all_states: bool,
    as_json: bool,
) -> None:
    """List copies with the tag of this package that none of the given states contains.

    Give the states of all stacks that copy into these Regions: a copy of a stack that is not given is
    listed, because only its state can tell whether it is needed. Say --all-states if they are all: only
    then a copy that may contain data is listed with the command that deletes it.

    \b
    Examples:
      fsx-dr orphans --region eu-west-1 --stack prod --stack staging --all-states
      pulumi stack export | fsx-dr orphans --region eu-west-1 --state -
      fsx-dr orphans --region eu-west-1 --state state.json --json

    Exit codes: 0 none, 1 some, 2 a state or a Region could not be read.
    """  # noqa: D301  # click reads \b, the backspace character
    if not states and not stacks:
        raise click.UsageError("Give at least one state, with --state FILE or --stack NAME.")
    context = ctx.ensure_object(CliContext)
    exports = {"standard input" if file == "-" else file: read_document(file) for file in unique(states)}
    exports |= {f"stack {name}": Stack(name, cwd).export() for name in unique(stacks)}
    given = StackStates.read(exports)
    backups = [backup for region in unique(regions) for backup in context.region(region).backups()]
    found, now = find_orphans(backups, given), context.now
    if as_json:
        described = [_described(orphan, now, all_states=all_states) for orphan in found]
        echo_json({"time": now.isoformat(), "orphans": described})
    else:
        click.echo(_table(found, now, all_states=all_states) if found else "No orphans.")
    ctx.exit(int(bool(found)))


def _table(found: list[Orphan], now: datetime, *, all_states: bool) -> str:
    table = formatting.table(_HEADINGS)
    for orphan in found:
        # As texts, because what the tag says may look like rich's markup.
        table.add_row(*map(Text, _cells(orphan, now)))
    steps = ("\n" + "\n".join(_next_steps(orphan, all_states=all_states)) for orphan in found)
    return "\n".join([formatting.rendered(table), *steps])


def _cells(orphan: Orphan, now: datetime) -> tuple[str, ...]:
    return (
        clean(orphan.backup.id),
        orphan.backup.region,
        owner_text(orphan.backup),
        formatting.hours(orphan.age(now)),
        formatting.size(orphan.backup.size_in_bytes),
        _RESUMED[orphan.status],
    )


def _next_steps(orphan: Orphan, *, all_states: bool) -> Iterator[str]:
    backup, deletion = orphan.backup, orphan.deletion_if(all_states=all_states)
    yield f"{clean(backup.id)} ({clean(backup.lifecycle)}):"
    match orphan.status:
        case OrphanStatus.RESUMABLE:
            source = clean(backup.source_backup_id or "")
            yield f"  If the program still declares a copy of {source}, the next `pulumi up` resumes it."
        case OrphanStatus.FAILED:
            yield "  The copy failed and contains no data. Nothing resumes it."
        case OrphanStatus.UNKNOWN:
            text = owner_text(backup)
            yield f"  Another state may contain it. Its tag, which anybody may have written, says {text}."
    if backup.is_running:
        yield "  It is not AVAILABLE yet: the run that makes it may still be active."
    if deletion or orphan.adoption:
        yield "  Check first that no other state contains it, also after `pulumi state move`. Then"
    if orphan.adoption:
        yield f'  adopt it:  BackupCopy("NAME", {{{orphan.adoption}}})'
    if deletion:
        yield f"  delete it: {deletion}"
    elif orphan.deletion:
        yield "  delete it: give the states of all stacks that copy into this Region, and --all-states, to see how"


def _described(orphan: Orphan, now: datetime, *, all_states: bool) -> dict[str, Any]:
    backup = orphan.backup
    return {
        "backup_id": clean(backup.id),
        "region": backup.region,
        "lifecycle": clean(backup.lifecycle),
        "source_backup_id": clean(backup.source_backup_id or ""),
        "owner_id": orphan.owner_id,
        "tag_says": clean(claimed_description(backup.tags), MAX_TAG_VALUE),
        "status": orphan.status.value,
        "age_hours": round(orphan.age(now), 2),
        "size_in_bytes": backup.size_in_bytes,
        "adopt": orphan.adoption,
        "delete": orphan.deletion_if(all_states=all_states),
    }

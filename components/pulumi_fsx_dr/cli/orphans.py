"""`fsx-dr orphans`: copies that no state contains."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pulumi_fsx_dr.copies.messages import owner_text
from pulumi_fsx_dr.copies.ownership import MAX_TAG_VALUE, claimed_description
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.rules.orphans import Orphan, OrphanStatus, StackStates
from pulumi_fsx_dr.rules.orphans import orphans as find_orphans

from . import formatting
from .context import CliContext, unique
from .documents import echo_json
from .options import Region, cwd_option, exported, json_option, repeatable, state_option

_HEADINGS = ("Copy", "DR Region", "Age", "Size", "Resumable")
_RESUMABLE = {
    OrphanStatus.RESUMABLE: "if declared",
    OrphanStatus.FAILED: "no (FAILED)",
    OrphanStatus.UNKNOWN: "unknown",
}


@click.command(short_help="List copies that no state contains.")
@repeatable("--region", "regions", metavar="REGION", type=Region(), required=True, help="DR Region to search.")
@state_option
@repeatable("--stack", "stacks", metavar="NAME", help="Stack to export with 'pulumi stack export'.")
@click.option(
    "--all-states",
    is_flag=True,
    help="Confirm that no other stack copies into these Regions. The output then shows how to delete each orphan.",
)
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

    Give the states of all stacks that copy into these Regions. The copies of a stack that is not given are listed as
    orphans, because only its state shows that it needs them. With --all-states, the output also shows the command that
    deletes an orphan. Without it, only FAILED copies are shown with that command, because they do not contain data.

    \b
    Examples:
      fsx-dr orphans --region eu-west-1 --stack prod --stack staging
      pulumi stack export | fsx-dr orphans --region eu-west-1 --state -
      fsx-dr orphans --region eu-west-1 --state state.json --json

    \b
    Exit codes:
      0  There are no orphans.
      1  Orphans were found.
      2  A state or a Region could not be read.
    """  # noqa: D301  # click reads \b, the backspace character
    if not states and not stacks:
        raise click.UsageError("Give at least one state with --state FILE or --stack NAME.")
    context = ctx.ensure_object(CliContext)
    given = StackStates.of(exported(states, unique(stacks), cwd))
    backups = [backup for region in unique(regions) for backup in context.region(region).backups()]
    found, now = find_orphans(backups, given), context.now
    if as_json:
        described = [_described(orphan, now, all_states=all_states) for orphan in found]
        echo_json({"time": now.isoformat(), "orphans": described})
    else:
        click.echo(_table(found, now, all_states=all_states) if found else "No orphans were found.")
    ctx.exit(int(bool(found)))


def _table(found: list[Orphan], now: datetime, *, all_states: bool) -> str:
    table = formatting.table(_HEADINGS, right=("Age", "Size"))
    for orphan in found:
        table.add_row(*_cells(orphan, now))
    steps = ("\n" + "\n".join(_next_steps(orphan, all_states=all_states)) for orphan in found)
    return "\n".join([formatting.rendered(table), *steps])


def _cells(orphan: Orphan, now: datetime) -> tuple[str, ...]:
    return (
        clean(orphan.backup.id),
        orphan.backup.region,
        formatting.hours(orphan.age(now)),
        formatting.size(orphan.backup.size_in_bytes),
        _RESUMABLE[orphan.status],
    )


def _next_steps(orphan: Orphan, *, all_states: bool) -> Iterator[str]:
    backup, deletion = orphan.backup, orphan.deletion_if(all_states=all_states)
    yield f"{clean(backup.id)} ({clean(backup.lifecycle)})"
    yield _paragraph(f"Its ownership tag names {owner_text(backup)} (not verified).")
    source = clean(backup.source_backup_id or "")
    match orphan.status:
        case OrphanStatus.RESUMABLE:
            yield _paragraph(f"The next `pulumi up` resumes it if the program still declares a copy of {source}.")
        case OrphanStatus.FAILED:
            yield _paragraph("The copy failed and does not contain data. No update resumes it.")
        case OrphanStatus.UNKNOWN:
            yield _paragraph("The given states do not contain its owner id. Another state may contain the copy.")
    if backup.is_running:
        yield _paragraph("It is not AVAILABLE yet. The update that makes it may still be running.")
    if deletion or orphan.adoption:
        yield _paragraph("First make sure that no other state contains it. `pulumi state move` may have moved it.")
    if orphan.adoption:
        yield "  To adopt it, declare:"
        yield '    BackupCopy("NAME", {'
        yield from (f"        {argument}," for argument in orphan.adoption.split(", "))
        yield "    })"
    if deletion:
        yield "  To delete it, run:"
        yield _command(deletion)
    elif orphan.deletion:
        yield _paragraph(
            "To see how to delete it, give the states of all stacks that copy into this Region, and --all-states."
        )


def _paragraph(text: str) -> str:
    return formatting.paragraph(text, indent=2)


def _command(command: str) -> str:
    """Return a shell command, in two lines if the terminal is too narrow."""
    line = f"    {command}"
    return line if len(line) <= formatting.width() else line.replace(" --backup-id", " \\\n      --backup-id")


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

"""Messages about copies that several modules share."""

from collections.abc import Sequence

from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.text import clean

from .durations import duration
from .ownership import Ownership, claimed_description, ownership_of
from .state_copy import StateCopy

_LONGEST_DESCRIPTION = 128


def still_running(backup: Backup, source_backup_id: str) -> str:
    """Say that a copy is not AVAILABLE yet; without a full stop."""
    percent = f" ({backup.progress_percent} %)" if backup.progress_percent is not None else ""
    return (
        f"{backup.id}, the copy of {source_backup_id} in {backup.region}, is still {clean(backup.lifecycle)}{percent}"
    )


def missing_alias_text(alias: str, region: str, user: str) -> str:
    """Return that a KMS alias does not exist.

    Args:
        alias: the alias.
        region: the DR Region.
        user: the resource that uses it.
    """
    return (
        f"{user} uses the KMS alias {alias}, which does not exist in {region}. Create the alias, or correct "
        "kms_key_id. If this program creates the alias, use the output of that resource."
    )


def gone_text(copy: StateCopy, why: str) -> str:
    """Say that a copy in the state cannot be restored from any more."""
    return (
        f"{copy.id} in {copy.region}, the copy of {copy.source_backup_id} in the state, is of no use: {why}. Run "
        "`pulumi up --refresh` to make a new one."
    )


def leftover(backup: Backup) -> str:
    """Name a copy with our tag that the state does not show, and say what can be done about it."""
    # The engine does not show the program which entries are pending deletion.
    return (
        f"{backup.id} in {backup.region}, a copy of {backup.source_backup_id} (tag: {owner_text(backup)}), is in no "
        "live entry of the state. If an entry pending deletion has it, the next `pulumi up` deletes it. Otherwise "
        f"`fsx-dr orphans --region {backup.region}` says how to adopt or delete it."
    )


def of_namesake(copies: Sequence[Backup]) -> str:
    """Name the copies with the name of this stack and another owner id in their tag."""
    first = copies[0]
    return (
        f"{first.id} in {first.region}, {len(copies)} in all: the tag names this stack, but has another owner id. The "
        "copies are of a stack with this name in another backend, or of this one before its state was lost or "
        f"destroyed. `fsx-dr orphans --region {first.region}` says how to adopt or delete them."
    )


def belongs_to_another(backup: Backup, own: Ownership | None) -> str:
    """Say that a copy in the state has another tag than its entry."""
    tag = ownership_of(backup.tags)
    is_ours = tag is not None and own is not None and tag.owner_id == own.owner_id
    other = "another entry, or another run, of this stack" if is_ours else "another owner"
    return (
        f"The ownership tag of {backup.id} in {backup.region}, which is in this state, is of {other}: "
        f"{owner_text(backup)}. If only this entry has the copy, remove the tag, and the next `pulumi up` writes it "
        "again. Otherwise remove the copy from one of the two states."
    )


def owner_text(backup: Backup) -> str:
    """Return what the ownership tag of a backup says, quoted: anybody may have written it."""
    return f"“{clean(claimed_description(backup.tags), _LONGEST_DESCRIPTION)}”"


def gone(backup_id: str, region: str) -> str:
    """Say that a copy was deleted."""
    return f"{backup_id} in {region} was deleted outside of Pulumi. Run `pulumi up` again to make a new copy."


def progress(backup: Backup, elapsed: float, error: Exception | None) -> str:
    """Say how far a copy has come, for its row in `pulumi up`, of which a narrow terminal shows only the beginning."""
    percent = f"{backup.progress_percent} % " if backup.progress_percent is not None else ""
    note = f" (no news: {error})" if error else ""
    return f"{percent}copying, {duration(elapsed)}{note}"

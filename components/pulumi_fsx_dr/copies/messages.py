"""Messages about copies that several modules share."""

from collections.abc import Sequence

from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.text import clean

from .durations import duration
from .ownership import OWNERSHIP_TAG, Ownership, claimed_description, ownership_of
from .state_copy import StateCopy

_LONGEST_DESCRIPTION = 128


def unfinished(backup: Backup, source_backup_id: str) -> str:
    """Return a message about a copy that is not AVAILABLE yet, without a period."""
    percent = f" ({backup.progress_percent}%)" if backup.progress_percent is not None else ""
    return f"{backup.id} in {backup.region}, a copy of {source_backup_id}, is still {clean(backup.lifecycle)}{percent}"


def missing_alias_text(alias: str, region: str, user: str) -> str:
    return (
        f"{user} uses the KMS alias {alias}, which does not exist in {region}. Create the alias, or use "
        "another key. If this program creates the alias, use the output of that resource."
    )


def resuming(backup: Backup) -> str:
    return f"Resuming {backup.id} in {backup.region}, a copy of {backup.source_backup_id} from an earlier run."


def unusable(copy: StateCopy, why: str) -> str:
    return (
        f"{copy.id} in {copy.region}, a copy of {copy.source_backup_id}, is in the state, but {why}. Run "
        "`pulumi up --refresh` to create a new copy."
    )


def leftover(backup: Backup) -> str:
    """Return a message about a copy that has our tag but is not in the state."""
    # The engine does not show the program which entries are pending deletion.
    return (
        f"{backup.id} in {backup.region}, a copy of {backup.source_backup_id}, is a leftover: its tag names this stack "
        f"({owner_text(backup)}), but no resource of the stack manages it. If the state lists it as pending deletion, "
        f"the next `pulumi up` deletes it. Otherwise, `fsx-dr orphans --region {backup.region}` shows how to adopt or "
        "delete it."
    )


def of_stack_with_same_name(copies: Sequence[Backup]) -> str:
    """Return a message about copies whose tags contain the name of this stack with another owner id."""
    first = copies[0]
    of_copies = f"tags of {len(copies)} copies (first: {first.id})" if len(copies) > 1 else f"tag of {first.id}"
    return (
        f"The ownership {of_copies} in {first.region} contain{'' if len(copies) > 1 else 's'} the name of this stack, "
        "but another owner id. The cause is another stack with this name, or an earlier state of this stack that was "
        f"lost or destroyed. `fsx-dr orphans --region {first.region}` shows how to adopt or delete such copies."
    )


def not_updated(backup: Backup, own: Ownership | None) -> str:
    return (
        f"Not updating {_other_owner(backup, own)} If only this state contains the copy, remove its tag "
        f"{OWNERSHIP_TAG}, and the next `pulumi up` writes the tag again. Otherwise remove the copy from one of the "
        "two states."
    )


def not_deleted(backup: Backup, own: Ownership | None) -> str:
    """Return that a copy is not deleted; the engine removes its entry from the state all the same."""
    return (
        f"Not deleting {_other_owner(backup, own)} Only its state entry is removed. If no other state contains the "
        f"copy, `fsx-dr orphans --region {backup.region}` shows how to delete it."
    )


def _other_owner(backup: Backup, own: Ownership | None) -> str:
    """Return that the ownership tag of a copy in the state does not match its entry."""
    tag = ownership_of(backup.tags)
    is_ours = tag is not None and own is not None and tag.owner_id == own.owner_id
    other = "another resource or run of this stack" if is_ours else "another owner"
    return f"{backup.id} in {backup.region}: its ownership tag names {other}, {owner_text(backup)}."


def owner_text(backup: Backup) -> str:
    """Return the description in an ownership tag, in quotation marks, because anyone may have written it."""
    return f"“{clean(claimed_description(backup.tags), _LONGEST_DESCRIPTION)}”"


def deleted_elsewhere(backup_id: str, region: str) -> str:
    return f"{backup_id} in {region} was deleted outside of Pulumi. Run `pulumi up` again to create a new copy."


def progress(backup: Backup, elapsed: float, error: Exception | None) -> str:
    """Return the progress of a copy for its row in `pulumi up`; a narrow terminal shows only the first characters."""
    percent = f"{backup.progress_percent}% " if backup.progress_percent is not None else ""
    note = f" (last poll failed: {error})" if error else ""
    return f"{percent}copying, {duration(elapsed)}{note}"

"""Taking over a copy that exists already.

Its mark stays as it is until this state holds the copy, if somebody is there to change it then. Up to that moment the
copy belongs to its former owner, so that an adoption that is cut off, or taken out of the program again, takes the copy
from nobody.
"""

from dataclasses import replace
from datetime import datetime

from pulumi_fsx_dr.copies.copy import Copy, UnfinishedCopyError, Wanted, mark_of
from pulumi_fsx_dr.copies.ownership import Ownership, new_nonce
from pulumi_fsx_dr.errors import CopyError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.kms import same_key
from pulumi_fsx_dr.session.call import Call
from pulumi_fsx_dr.session.ledger import Ledger
from pulumi_fsx_dr.session.region import Region
from pulumi_fsx_dr.session.work import PATIENCE

from .tag import hand_over, record_kept
from .wait import Watch, wait_until_available


class OtherKeyError(CopyError):
    """The copy that is to be adopted is encrypted with another key."""


def adopt(call: Call, backup_id: str, wanted: Wanted, here: Region, there: Region, ledger: Ledger) -> Copy:  # noqa: PLR0913, PLR0917  # what is adopted, as what, where, and what this process knows
    """Take an existing copy over as this resource's own.

    Raises:
        CopyError: it is not the copy that the program describes; nothing was changed.
        UnfinishedCopyError: it still runs when time is up.
    """
    work = here.work(call, min(PATIENCE, wanted.timeout))
    backup = work.find(backup_id)
    if backup is None:
        raise CopyError(f"There is no backup {backup_id} in {here.name} to adopt: check adopt_backup_id and region.")
    require_adoptable(backup, wanted, here)
    ledger.making(call.urn, backup.subject)
    mark = mark_of(backup)
    copy = Copy(
        backup=backup,
        ownership=Ownership(nonce=call.handover.nonce or new_nonce()),
        source_creation_time=mark.source_creation_time if mark else find_source_time(wanted, there),
        adopted_from=str(mark or ""),
    )
    # A copy has one mark and so one owner: the second resource would take it away from the first.
    if not ledger.claim(backup_id, call.urn):
        raise CopyError(
            f"{backup_id} is adopted by another resource of this run: give each resource a copy of its own."
        )
    try:
        with here.slots.running_already(backup.quota_group) as turn:
            # The run of another resource may still be making it: that run changes the mark, and deletes a FAILED copy.
            copy = wait_until_available(work, copy, wanted, turn, Watch(copy.ownership, adopted=True))
        # Noted anew, because its own run may have recorded it meanwhile: only a mark that was seen may be replaced.
        copy = replace(copy, adopted_from=str(mark_of(copy.backup) or ""))
        is_taken_over = not _must_be_marked_at_once(call, copy) and call.handover.is_taken_over
        return hand_over(work.within(wanted.timeout), copy, wanted.tags, is_taken_over=is_taken_over)
    except UnfinishedCopyError as error:
        raise record_kept(work, error) from None


def _must_be_marked_at_once(call: Call, copy: Copy) -> bool:
    """Tell whether the copy may be deleted in this same run by an entry of this state that holds it.

    That is so if it leaves the program in the run in which the copy is adopted, as when one host takes over from the
    other: the mark that it bears is that entry's leave to delete it.
    """
    may_be_held = not call.knows_held or copy.backup.id in call.held_ids
    return bool(copy.adopted_from) and may_be_held and not call.handover.takes_adopted


def require_adoptable(backup: Backup, wanted: Wanted, here: Region) -> None:
    """Check that a copy can be taken over as the one that is wanted.

    Raises:
        OtherKeyError: it is encrypted with another key.
        CopyError: it is no such copy.
    """
    where = f"{backup.id} in {here.name}"
    if backup.type == "AWS_BACKUP":
        raise CopyError(f"{where} belongs to AWS Backup, which alone can delete it: it cannot be adopted.")
    if backup.is_dead:
        raise CopyError(f"{where} is {backup.lifecycle}: it cannot be adopted.")
    if not backup.source_backup_id or backup.source_backup_id != wanted.source_backup_id:
        raise CopyError(
            f"{where} is a copy of {backup.source_backup_id or 'nothing'}, not of {wanted.source_backup_id}: "
            "correct adopt_backup_id or source_backup_id."
        )
    if wanted.kms_key_id and not same_key(backup.kms_key_arn, here.resolved_key(wanted.kms_key_id)):
        raise OtherKeyError(
            f"{where} is encrypted with another key than that in kms_key_id: "
            "correct kms_key_id, or remove adopt_backup_id to have a new copy made."
        )


def find_source_time(wanted: Wanted, there: Region) -> datetime | None:
    """Return when the source was made, if it can still be asked."""
    try:
        # The source Region may be the one that was lost, and adopting must be possible without it.
        source = there.reads.find(wanted.source_backup_id)
    except ServiceError:
        return None
    return source.creation_time if source else None

"""Taking over a copy that exists already.

Nothing is written on it before the state holds it, unless no program is there to do it then: an adoption that is cut
off, or taken back, leaves the copy whose it was.
"""

from dataclasses import replace
from datetime import datetime

from pulumi_fsx_dr.copies.copy import Copy, UnfinishedCopyError, Wanted, mark_of, resolved_key
from pulumi_fsx_dr.copies.ownership import Ownership, new_nonce
from pulumi_fsx_dr.engine.host import Call
from pulumi_fsx_dr.errors import CopyError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.kms import same_key
from pulumi_fsx_dr.session.ledger import Ledger, Told
from pulumi_fsx_dr.session.patience import PATIENCE, patiently
from pulumi_fsx_dr.session.session import Region

from .tag import hand_over, record_kept
from .wait import Watch, wait_until_available


class OtherKeyError(CopyError):
    """The copy that is to be adopted is encrypted with another key."""


def adopt(  # noqa: PLR0913, PLR0917  # what is adopted, as what, where, and what this process knows
    call: Call, backup_id: str, wanted: Wanted, here: Region, there: Region, ledger: Ledger, told: Told
) -> Copy:
    """Take an existing copy over as this resource's own.

    Raises:
        CopyError: it is not the copy that the program describes; nothing was changed.
        UnfinishedCopyError: it still runs when time is up.
    """
    deadline = here.clock.now() + min(PATIENCE, wanted.timeout)
    backup = patiently(call, here, deadline, lambda: here.reads.find(backup_id))
    if backup is None:
        raise CopyError(f"There is no backup {backup_id} in {here.name} to adopt: check adopt_backup_id and region.")
    _check_adoptable(backup, wanted, here)
    ledger.making(call.urn, backup.subject)
    mark = mark_of(backup)
    copy = Copy(
        backup=backup,
        ownership=Ownership(nonce=told.nonce or new_nonce()),
        source_creation_time=mark.source_creation_time if mark else _source_time(wanted, there),
        adopted_from=str(mark or ""),
    )
    if not ledger.claim(backup_id, call.urn):
        raise CopyError(
            f"{backup_id} is adopted by another resource of this run: give each resource a copy of its own."
        )
    try:
        copy = _wait(call, copy, wanted, here)
        return hand_over(call, copy, wanted, here, program_records=told.is_program_there)
    except UnfinishedCopyError as error:
        raise record_kept(call, error, here) from None


def _wait(call: Call, copy: Copy, wanted: Wanted, here: Region) -> Copy:
    """Wait for a copy that another resource's run may be making; what becomes of it is that one's business."""
    turn = here.copies.running_already(copy.backup.quota_group)
    try:
        copy = wait_until_available(call, copy, wanted, here, turn, Watch(copy.ownership, adopted=True))
    finally:
        turn.end()
    return replace(copy, adopted_from=str(mark_of(copy.backup) or ""))


def _check_adoptable(backup: Backup, wanted: Wanted, here: Region) -> None:
    where = f"{backup.id} in {here.name}"
    if backup.type == "AWS_BACKUP":
        raise CopyError(f"{where} belongs to AWS Backup, which alone can delete it: it cannot be adopted.")
    if backup.is_dead:
        raise CopyError(f"{where} is {backup.lifecycle}: it cannot be adopted.")
    if backup.source_backup_id != wanted.source_backup_id:
        raise CopyError(
            f"{where} is a copy of {backup.source_backup_id or 'nothing'}, not of {wanted.source_backup_id}: "
            "correct adopt_backup_id or source_backup_id."
        )
    if wanted.kms_key_id and not same_key(backup.kms_key_arn, resolved_key(here.fsx, wanted.kms_key_id)):
        raise OtherKeyError(
            f"{where} is encrypted with another key than that in kms_key_id: "
            "correct kms_key_id, or remove adopt_backup_id to have a new copy made."
        )


def _source_time(wanted: Wanted, there: Region) -> datetime | None:
    """Return when the source was made, if it can still be asked."""
    try:
        source = there.reads.find(wanted.source_backup_id)
    except ServiceError:
        return None
    return source.creation_time if source else None

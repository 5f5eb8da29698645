"""The end of a copy: only by the state that owns it, and only once it is not in use."""

from collections.abc import Mapping

from .copies import mark_of
from .errors import BusyError, CopyError, NotFoundError, ServiceError
from .fsx import Backup
from .host import Call
from .ownership import Ownership
from .patience import patiently, pause
from .process import Region


def retire(call: Call, copy_id: str, ownership: Ownership, here: Region, timeout: float) -> bool:
    """Delete a copy if it is still its state's own, and return once it is gone.

    Returns:
        False if FSx did not know the copy, True otherwise.

    Raises:
        CopyError: it could not be deleted in time.
        ServiceError: AWS refused.
    """
    deadline = here.clock.now() + timeout
    while (backup := patiently(call, here, deadline, lambda: here.reads.find(copy_id))) and not _is_deleted(backup):
        if not _is_owned(call, backup, ownership, here):
            return True
        if _delete(call, here, copy_id, deadline):
            _wait_until_gone(call, here, copy_id, deadline)
            return True
        if here.clock.now() >= deadline:
            raise CopyError(f"{copy_id} in {here.name} is still in use: run the command again later.")
        pause(call, here)  # and look again whose it is: it may be adopted meanwhile
    return backup is not None


def still_left(superseded: Mapping[str, str], here: Region) -> dict[str, str]:
    """Return which of the copies that interrupted runs left are still there and nobody else's.

    Args:
        superseded: tokens by backup id.
        here: the Region they are in.
    """
    found = here.fsx.find(superseded)
    return {id_: token for id_, token in superseded.items() if id_ in found and _is_of(token, found[id_])}


def clear_away(call: Call, superseded: Mapping[str, str], here: Region, timeout: float) -> None:
    """Delete what interrupted runs left of a resource, as far as it still is nobody else's.

    Args:
        call: on whose behalf.
        superseded: tokens by backup id.
        here: the Region they are in.
        timeout: seconds that each may take.

    Raises:
        CopyError: one could not be deleted in time.
        ServiceError: AWS refused.
    """
    deadline = here.clock.now() + timeout
    for backup_id, token in patiently(call, here, deadline, lambda: still_left(superseded, here)).items():
        call.status(f"removing {backup_id}, which an interrupted run left behind")
        retire(call, backup_id, Ownership(nonce="", token=token), here, timeout)


def clear_away_or_warn(call: Call, superseded: Mapping[str, str], here: Region, timeout: float) -> Mapping[str, str]:
    """Do the same where it is no reason to fail, and return what is left to do."""
    try:
        clear_away(call, superseded, here, timeout)
    except (CopyError, ServiceError) as error:
        call.warn(f"{', '.join(superseded)} in {here.name} was left behind by an interrupted run: {error}")
        return superseded
    return {}


def _is_of(token: str, backup: Backup) -> bool:
    return Ownership(nonce="", token=token).covers(mark_of(backup))


def _is_deleted(backup: Backup) -> bool:
    return backup.lifecycle == "DELETED"


def _is_owned(call: Call, backup: Backup, ownership: Ownership, here: Region) -> bool:
    mark = mark_of(backup)
    if not ownership.covers(mark):
        owner = f"belongs to {mark.identity}" if mark else "carries no ownership mark"
    elif here.handed_out.get(backup.id, ownership.nonce) != ownership.nonce:
        owner = "belongs to a new entry of the state"  # whatever the mark says: FSx may show a change of tags late
    else:
        return True
    call.warn(f"{backup.id} in {here.name} now {owner}, so it was not deleted.")
    return False


def _wait_until_gone(call: Call, here: Region, backup_id: str, deadline: float) -> None:
    while (left := patiently(call, here, deadline, lambda: here.reads.find(backup_id))) and not left.is_dead:
        if here.clock.now() >= deadline:
            raise CopyError(f"{backup_id} in {here.name} is still there after DeleteBackup: run the command again.")
        pause(call, here)


def _delete(call: Call, here: Region, backup_id: str, deadline: float) -> bool:
    try:
        patiently(call, here, deadline, lambda: here.fsx.delete(backup_id))
    except BusyError as error:
        call.status(f"waiting to delete: {error}")
        return False
    except NotFoundError:
        pass
    return True

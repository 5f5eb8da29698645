"""Look up a copy of the state. A copy that FSx does not show yet is not gone."""

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.copies.verification import mismatch
from pulumi_fsx_dr.errors import CopyError, InvalidStateError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.work import SHOWN_WITHIN, Work


def find_shown(work: Work, state: StateCopy) -> Backup | None:
    """Return a copy as it is now, None if it is gone; wait for a new copy that FSx does not show yet."""
    shown_by = state.creation_time.timestamp() + SHOWN_WITHIN
    while True:
        backup = work.find(state.id)
        if backup is not None:
            return require_match(backup, state)
        # A copy that was AVAILABLE was shown, so it is gone if it is missing now.
        if state.is_finished or work.now() >= shown_by:
            return None
        if work.is_late:
            raise CopyError(
                f"FSx does not show {state.id} in {state.region} yet, although it accepted the copy. Run the command "
                "again."
            )
        work.call.status(f"waiting for FSx to show {state.id}")
        work.pause()


def require_match(backup: Backup, state: StateCopy) -> Backup:
    """Return a backup; fail if it is not the copy that the state describes."""
    problem = mismatch(backup, state.facts)
    # While a copy runs, FSx may not show its source backup yet.
    if problem is None or (backup.source_backup_id is None and backup.is_running):
        return backup
    raise InvalidStateError(
        f"The state entry of {state.name} does not match AWS: {backup.id} in {state.region} {problem}. Nothing was "
        f"done with it. Remove the entry with `pulumi state delete '{state.urn}'` and run `pulumi up`."
    )


def require_account(work: Work, state: StateCopy) -> None:
    """Fail unless "not found" was answered to the account that owns the copy."""
    # FSx answers "not found" to another account too. A refresh with a wrong profile would forget all copies.
    if not state.account:
        raise InvalidStateError(
            f"{state.id} in {state.region} was not found, and its state entry has no owner_id, so nobody can tell "
            f"whether it is gone. If it is, remove the entry with `pulumi state delete '{state.urn}'`."
        )
    account = work.region.fsx.account()
    if state.account != account:
        raise CopyError(
            f"{state.id} in {state.region} belongs to account {state.account}, but the AWS credentials are of "
            f"{account}. Use credentials of the copy's account."
        )

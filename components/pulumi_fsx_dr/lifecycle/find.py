"""Look up a copy that is in the state. FSx may show a new copy with a delay."""

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.copies.verification import mismatch
from pulumi_fsx_dr.errors import CopyError, InvalidStateError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.work import SHOWN_WITHIN, Work


def find_shown(work: Work, state: StateCopy) -> Backup | None:
    """Return a copy as it is now, None if it is gone; wait for a new copy until FSx shows it."""
    shown_by = state.creation_time.timestamp() + SHOWN_WITHIN
    while True:
        backup = work.find(state.id)
        if backup is not None:
            return require_match(backup, state)
        # A copy that was AVAILABLE has been shown before, so it is gone if it is missing now.
        if state.is_finished or work.now() >= shown_by:
            return None
        if work.must_stop_waiting:
            raise CopyError(
                f"FSx accepted {state.id} in {state.region}, but does not show it yet. Run the command again in a few "
                "minutes."
            )
        work.call.status(f"waiting for FSx to show {state.id}")
        work.pause()


def require_match(backup: Backup, state: StateCopy) -> Backup:
    """Return a backup; fail if it is not the copy in the state entry."""
    problem = mismatch(backup, state.facts)
    # FSx may not show the source backup of a running copy yet.
    if problem is None or (backup.source_backup_id is None and backup.is_running):
        return backup
    raise InvalidStateError(
        f"The state entry of {state.name} does not match AWS: {backup.id} in {state.region} {problem}. The backup was "
        f"not changed. Remove the entry with `pulumi state delete '{state.urn}'` and run `pulumi up`."
    )


def require_account(work: Work, state: StateCopy) -> None:
    """Fail unless the credentials are for the account of the copy.

    FSx answers "not found" for the copies of other accounts. So a refresh with a wrong profile would remove all copies
    from the state.
    """
    if not state.account:
        raise InvalidStateError(
            f"{state.id} in {state.region} was not found. Its state entry has no owner_id, so it may be in another "
            f"account. If the copy is gone, remove the entry with `pulumi state delete '{state.urn}'`."
        )
    account = work.region.fsx.account()
    if state.account != account:
        raise CopyError(
            f"{state.id} in {state.region} belongs to account {state.account}, but the AWS credentials are for account "
            f"{account}. Use credentials for {state.account}."
        )

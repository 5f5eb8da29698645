"""Looks at a copy of the state: what FSx does not show is not yet gone."""

from collections.abc import Mapping
from typing import Any

from pulumi_fsx_dr.copies.copy import Copy
from pulumi_fsx_dr.errors import CopyError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.session.work import SHOWN_WITHIN, Work


def find_shown(work: Work, copy: Copy) -> Backup | None:
    """Return a copy as it is now, or None if it is gone; one that FSx has never shown yet is waited for.

    Raises:
        CopyError: FSx does not show it in time.
    """
    shown_by = copy.backup.creation_time.timestamp() + SHOWN_WITHIN
    while True:
        backup = work.find(copy.backup.id)
        # Only a copy that FSx has never described is waited for; one that was shown before and is missing now is gone.
        if backup is not None or copy.was_shown or work.clock.now() >= shown_by:
            return backup
        if work.is_late:
            raise CopyError(
                f"FSx does not show {copy.backup.id} in {work.region} yet, which it has accepted: run the command "
                "again."
            )
        work.call.status(f"waiting for FSx to show {copy.backup.id}")
        work.pause()


def require_account(work: Work, backup_id: str, outputs: Mapping[str, Any]) -> None:
    """Refuse to take "not found" for an answer when it was given to another account.

    Raises:
        CopyError: the credentials are not of the account that owns the copy.
    """
    # To another account FSx answers that it knows no such backup. Refresh with a wrong profile would forget all copies.
    owner, account = outputs.get("owner_id"), work.fsx.account()
    if owner and owner != account:
        raise CopyError(
            f"{backup_id} in {work.region} belongs to account {owner}, but the AWS credentials are of {account}: "
            "use credentials of the copy's own account."
        )

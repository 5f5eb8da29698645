"""A copy that exists already, as a state would hold it: what `pulumi import` shows."""

from pulumi_fsx_dr.copies import tags
from pulumi_fsx_dr.copies.copy import UNCLAIMED, Copy, Wanted, mark_of
from pulumi_fsx_dr.copies.outputs import outputs_of
from pulumi_fsx_dr.copies.ownership import Ownership, new_nonce
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.session.call import Call
from pulumi_fsx_dr.session.session import Session
from pulumi_fsx_dr.session.work import PATIENCE

from .adopt import find_source_time, require_adoptable
from .read import Found


def import_copy(call: Call, session: Session, region: str, backup_id: str, nonce: str | None = None) -> Found | None:
    """Look at a copy that the state is to hold, or return None if there is none.

    Nothing is written on it: whose it is changes with the first update.

    Args:
        call: of the engine.
        session: of this process.
        region: where the copy is.
        backup_id: the copy.
        nonce: under which the state knows it already, if it does.

    Raises:
        CopyError: it cannot be this stack's own.
        ServiceError: AWS refused.
    """
    here = session.region(region)
    backup = here.work(call, call.timeout or PATIENCE).find(backup_id)
    if backup is None:
        return None
    inputs = _arguments(backup)
    wanted = Wanted.of(inputs, PATIENCE)
    require_adoptable(backup, wanted, here)
    mark = mark_of(backup)
    copy = Copy(
        backup=backup,
        ownership=Ownership(nonce or new_nonce()),
        source_creation_time=mark.source_creation_time
        if mark
        else find_source_time(wanted, session.region(wanted.source_region)),
        adopted_from=str(mark or ""),
    )
    given = {name: value for name, value in inputs.items() if value is not None}
    return Found(outputs_of(given, copy) | {UNCLAIMED: True}, given)


def _arguments(backup: Backup) -> dict[str, object]:
    """Return the arguments that would make such a copy; whether tags of its source came along, nobody can tell."""
    return {
        "source_backup_id": backup.source_backup_id or "",
        "source_region": backup.source_region or backup.region,
        "region": backup.region,
        "kms_key_id": backup.kms_key_arn,
        "copy_tags": False,
        "tags": tags.visible(backup.tags),
    }

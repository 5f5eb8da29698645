"""DeleteBackup."""

from rehearsal.fsx.calls import Call
from rehearsal.fsx.errors import FsxError, bad_request, incompatible_token
from rehearsal.fsx.records import Accepted, Backup, Description
from rehearsal.fsx.world import World

_IN_PROGRESS = {"CREATING", "COPYING"}


def delete_backup(world: World, call: Call) -> Description:
    """Delete a backup; the same token again gives the same answer."""
    region = world.region(call.region, call.account)
    token = call.action, call.parameters.get("ClientRequestToken", "")
    earlier = region.accepted.get(token)
    if earlier:
        return _repeated(call, earlier)
    backup = _deletable(world, call)
    backup.deleted_at = world.clock.now()
    if token[1]:
        region.accepted[token] = Accepted(call.parameters, backup)
    return _deleted(backup)


def _repeated(call: Call, earlier: Accepted) -> Description:
    if earlier.parameters != call.parameters:
        raise incompatible_token()
    return _deleted(earlier.backup)


def _deleted(backup: Backup) -> Description:
    return {"BackupId": backup.backup_id, "Lifecycle": "DELETED"}


def _deletable(world: World, call: Call) -> Backup:
    backup_id = call.parameters["BackupId"]
    backup = world.backup(call.region, backup_id, call.account)
    if backup is None:
        raise FsxError("BackupNotFound", f"Backup {backup_id} does not exist.")
    if backup.type == "AWS_BACKUP":
        raise bad_request(f"Backup {backup_id} was made by AWS Backup; delete it there.")
    if backup.lifecycle(world.clock.now()) in _IN_PROGRESS:
        raise FsxError("BackupInProgress", f"Backup {backup_id} is still being made.")
    if backup.restoring_to:
        message = f"Backup {backup_id} is being restored to {backup.restoring_to}."
        raise FsxError("BackupRestoring", message, FileSystemId=backup.restoring_to)
    if world.is_being_copied(backup):
        raise _being_copied(world, backup_id)
    return backup


def _being_copied(world: World, backup_id: str) -> FsxError:
    message = f"Backup {backup_id} is being copied, can't be deleted"
    if world.settings.being_copied_error == "BadRequest":
        return bad_request(message)
    return FsxError("BackupBeingCopied", message, BackupId=backup_id)

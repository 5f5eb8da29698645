"""DeleteBackup."""

from simulator.fsx import tokens
from simulator.fsx.calls import Call
from simulator.fsx.errors import FsxError, bad_request
from simulator.fsx.records import Backup, Description
from simulator.fsx.service_state import ServiceState

_IN_PROGRESS = {"CREATING", "COPYING"}


def delete_backup(world: ServiceState, call: Call) -> Description:
    """Delete a backup; the same token again gives the same answer."""
    if not tokens.repeated(world, call):
        backup = _deletable(world, call)
        backup.deleted_at = world.clock.now()
        tokens.accept(world, call, backup)
    return {"BackupId": call.parameters["BackupId"], "Lifecycle": "DELETED"}


def _deletable(world: ServiceState, call: Call) -> Backup:
    backup_id = call.parameters["BackupId"]
    backup = world.backup(call.region, backup_id, call.account)
    if backup is None:
        raise FsxError("BackupNotFound", f"Backup {backup_id} does not exist.")
    if backup.type == "AWS_BACKUP":
        raise bad_request(f"Backup {backup_id} was made by AWS Backup; delete it there.")
    if backup.lifecycle(world.clock.now()) in _IN_PROGRESS:
        raise FsxError("BackupInProgress", f"Backup {backup_id} is still being made.")
    restoring_to = world.restoring_to(backup)
    if restoring_to:
        message = f"Backup {backup_id} is being restored to {restoring_to}."
        raise FsxError("BackupRestoring", message, FileSystemId=restoring_to)
    if world.is_being_copied(backup):
        raise _being_copied(world, backup_id)
    return backup


def _being_copied(world: ServiceState, backup_id: str) -> FsxError:
    message = f"{backup_id} is being copied, can't be deleted"  # seen in these words, as BadRequest
    if world.settings.being_copied_error == "BadRequest":
        return bad_request(message)
    return FsxError("BackupBeingCopied", message, BackupId=backup_id)

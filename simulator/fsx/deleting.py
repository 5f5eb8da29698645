"""DeleteBackup."""

from simulator.fsx import tokens
from simulator.fsx.calls import Call
from simulator.fsx.errors import FsxError, bad_request
from simulator.fsx.records import Backup, Description
from simulator.fsx.state import State


def delete_backup(state: State, call: Call) -> Description:
    """Delete a backup; a repeated token gets the same answer."""
    if not tokens.repeated(state, call):
        backup = _deletable(state, call)
        backup.deleted_at = state.clock.now()
        tokens.accept(state, call, backup)
    return {"BackupId": call.parameters["BackupId"], "Lifecycle": "DELETED"}


def _deletable(state: State, call: Call) -> Backup:
    backup_id = call.parameters["BackupId"]
    backup = state.backup(call.region, backup_id, call.account)
    if backup is None:
        raise FsxError("BackupNotFound", f"Backup {backup_id} does not exist.")
    if backup.type == "AWS_BACKUP":
        raise bad_request(f"Backup {backup_id} was made by AWS Backup; delete it there.")
    if backup.lifecycle(state.clock.now()) in {"CREATING", "COPYING"}:
        raise FsxError("BackupInProgress", f"Backup {backup_id} is still being made.")
    if backup.restoring_to:
        message = f"Backup {backup_id} is being restored to {backup.restoring_to}."
        raise FsxError("BackupRestoring", message, FileSystemId=backup.restoring_to)
    if state.is_being_copied(backup):
        message = f"{backup_id} is being copied, can't be deleted"  # observed text, as BadRequest
        if state.settings.being_copied_error == "BadRequest":
            raise bad_request(message)
        raise FsxError("BackupBeingCopied", message, BackupId=backup_id)
    return backup

"""The outputs of a copy."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pulumi_fsx_dr.fsx.backup import Backup

from . import tags
from .arguments import ARGUMENTS
from .copy import Copy
from .state_copy import StateCopy

OUTPUTS: Mapping[str, Callable[[Copy], Any]] = {
    "arn": lambda copy: copy.backup.arn,
    "lifecycle": lambda copy: copy.backup.lifecycle,
    "kms_key_arn": lambda copy: copy.backup.kms_key_arn,
    "creation_time": lambda copy: _text(copy.backup.creation_time),
    "source_creation_time": lambda copy: _text(copy.source_creation_time),
    "size_in_bytes": lambda copy: copy.backup.size_in_bytes,
    "owner_id": lambda copy: copy.backup.owner_id,
    "backup_type": lambda copy: copy.backup.type,
    "file_system_id": lambda copy: copy.backup.file_system_id,
    "file_system_type": lambda copy: copy.backup.file_system_type,
    "volume_id": lambda copy: copy.backup.volume_id,
    "tags_all": lambda copy: tags.visible(copy.backup.tags),
    "managed_by": lambda copy: str(copy.ownership) if copy.ownership else None,
}


def outputs_of(inputs: Mapping[str, Any], copy: Copy) -> dict[str, Any]:
    """Return all outputs; the engine drops those that an update does not return."""
    outputs = {name: inputs.get(name) for name in ARGUMENTS}
    outputs |= {name: value_of(copy) for name, value_of in OUTPUTS.items()}
    return {name: value for name, value in outputs.items() if value is not None}


def described(state: StateCopy, backup: Backup) -> Copy:
    """Combine a state entry with the backup as FSx shows it now."""
    time = state.source_creation_time or backup.creation_time
    return Copy(backup=backup, ownership=state.ownership, source_creation_time=time)


def _text(time: datetime | None) -> str | None:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else None

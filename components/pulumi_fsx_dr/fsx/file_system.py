"""The storage types of file systems, which descriptions of backups do not contain."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from .backup import Backup, FileSystem

# Only these types can have Intelligent-Tiering storage (FSx API, StorageType). FSx cannot copy such backups.
_TIERED = frozenset({"LUSTRE", "OPENZFS"})


def with_storage_types(backups: Iterable[Backup], describe: Callable[[], Mapping[str, FileSystem]]) -> list[Backup]:
    """Return the backups with the storage types of their file systems.

    The storage type of a deleted file system is unknown. FSx then refuses the copy and names the reason.

    Args:
        describe: returns the file systems of the Region by id; called only if a backup needs it.
    """
    found = list(backups)
    if not any(map(_may_be_tiered, found)):
        return found
    file_systems = describe()
    return [_completed(backup, file_systems.get(backup.file_system_id or "")) for backup in found]


def _may_be_tiered(backup: Backup) -> bool:
    return backup.file_system_type in _TIERED and not backup.file_system.get("StorageType")


def _completed(backup: Backup, file_system: FileSystem | None) -> Backup:
    if file_system is None or file_system.storage_type is None or not _may_be_tiered(backup):
        return backup
    return replace(backup, file_system={**backup.file_system, "StorageType": file_system.storage_type})

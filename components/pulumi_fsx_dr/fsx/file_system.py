"""A file system as FSx describes it, and what its backups leave out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from .backup import Backup

# Only they can have Intelligent-Tiering storage, of which FSx copies no backups (FSx API, StorageType).
_TIERED = frozenset({"LUSTRE", "OPENZFS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """A file system (FSx API, FileSystem).

    Attributes:
        tags: None where FSx leaves them out, which does not mean that it has none.
        storage_type: such as SSD or INTELLIGENT_TIERING; None where FSx does not say it.
    """

    id: str
    tags: Mapping[str, str] | None = None
    storage_type: str | None = None


def with_storage_types(backups: Iterable[Backup], describe: Callable[[], Mapping[str, FileSystem]]) -> list[Backup]:
    """Return the backups with the storage types of their file systems, which recorded descriptions leave out.

    A file system that is gone tells none: then FSx's refusal to copy says why.

    Args:
        backups: as FSx describes them.
        describe: returns the file systems of their Region by id; called only if a backup needs it.
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

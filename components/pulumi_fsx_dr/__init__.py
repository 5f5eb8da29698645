"""Amazon FSx backup copies as Pulumi resources, for disaster recovery."""

from .arguments import BackupCopyArgs
from .backup_copy import BackupCopy
from .dr_region import DrRegion, DrRegionArgs
from .keys import DrKey, DrKeyArgs
from .restore import RestoredFileSystem, RestoredFileSystemArgs

__all__ = [
    "BackupCopy",
    "BackupCopyArgs",
    "DrKey",
    "DrKeyArgs",
    "DrRegion",
    "DrRegionArgs",
    "RestoredFileSystem",
    "RestoredFileSystemArgs",
]

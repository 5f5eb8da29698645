"""Amazon FSx backup copies as Pulumi resources, for disaster recovery."""

from importlib.metadata import version

from .backup_copy import BackupCopy
from .copies.arguments import BackupCopyArgs
from .dr_key import DrKey, DrKeyArgs
from .dr_region import DrRegion
from .restore import RestoredFileSystem, RestoredFileSystemArgs
from .rules.dr_arguments import DrRegionArgs, Source

__all__ = [
    "BackupCopy",
    "BackupCopyArgs",
    "DrKey",
    "DrKeyArgs",
    "DrRegion",
    "DrRegionArgs",
    "RestoredFileSystem",
    "RestoredFileSystemArgs",
    "Source",
]

__version__ = version("pulumi-fsx-dr")

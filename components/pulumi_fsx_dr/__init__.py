"""Amazon FSx backup copies as Pulumi resources, for disaster recovery."""

from .arguments import BackupCopyArgs
from .backup_copy import BackupCopy
from .dr_region import DrRegion, DrRegionArgs

__all__ = ["BackupCopy", "BackupCopyArgs", "DrRegion", "DrRegionArgs"]

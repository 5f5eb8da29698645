"""Amazon FSx backup copies as Pulumi resources, for disaster recovery."""

from .arguments import BackupCopyArgs
from .backup_copy import BackupCopy

__all__ = ["BackupCopy", "BackupCopyArgs"]

"""One Region's backups as frozen values, and AWS's errors as ours: the only package that knows boto3."""

from .backup import BACKUP_ID, FILE_SYSTEM_ID, Backup, CopyRequest, quota_group
from .credentials import Credentials, default_region
from .examined import Decision, ExaminedRegion, Identity, Key
from .partitions import partition_of
from .region import MAX_IDS, FsxRegion

__all__ = [
    "BACKUP_ID",
    "FILE_SYSTEM_ID",
    "MAX_IDS",
    "Backup",
    "CopyRequest",
    "Credentials",
    "Decision",
    "ExaminedRegion",
    "FsxRegion",
    "Identity",
    "Key",
    "default_region",
    "partition_of",
    "quota_group",
]

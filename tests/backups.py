"""Backups as FSx describes them, for tests of the code that reads them."""

from datetime import UTC, datetime, timedelta

from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.fsx.backup import Backup

NOW = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
FILE_SYSTEM = "fs-0123456789abcdef0"
OTHER_FILE_SYSTEM = "fs-0fedcba9876543210"
OWNER_ID = "0123456789abcdef0123456789abcdef"
OTHER_OWNER_ID = "fedcba9876543210fedcba9876543210"


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def owned(description: str = "files/dev/monday", owner_id: str = OWNER_ID) -> dict[str, str]:
    """Return the ownership tag that CopyBackup sets on a copy."""
    return {OWNERSHIP_TAG: f"{owner_id}/{'a' * 40}-0/{description}"}


def copy(number: int = 1, *, lifecycle: str = "AVAILABLE", **changes: object) -> Backup:
    """Return a copy of backup `number` of the file system, made one hour ago."""
    described = {
        "id": f"backup-c{number:016x}",
        "arn": f"arn:aws:fsx:eu-west-1:111122223333:backup/backup-c{number:016x}",
        "lifecycle": lifecycle,
        "type": "USER_INITIATED",
        "creation_time": hours_ago(1),
        "owner_id": "111122223333",
        "region": "eu-west-1",
        "source_backup_id": f"backup-5{number:016x}",
        "source_region": "eu-central-1",
        "size_in_bytes": 53687091200,
        "file_system_id": FILE_SYSTEM,
    }
    return Backup(**(described | changes))  # type: ignore[arg-type]  # the names are fields of Backup

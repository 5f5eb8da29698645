"""A backup out of FSx's description of it."""

import re
from datetime import UTC
from typing import TYPE_CHECKING, Any, TypeAlias

from pulumi_fsx_dr import errors

from .backup import BACKUP_ID, Backup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_fsx.type_defs import BackupTypeDef

Seen: TypeAlias = Backup | errors.ServiceError  # a backup, or why this one cannot be read

_ACCOUNT = re.compile(r"arn:[^:]*:fsx:[^:]*:(\d{12}):")


def described_backup(described: "BackupTypeDef", region: str, partition: str) -> Backup:
    """Return what FSx describes (FSx API, Backup).

    A volume's backup has no `FileSystem`, whatever the service model says; backups of 2018 lack OwnerId and
    FileSystemType.

    Args:
        described: one of `Backups`, or `Backup`, as botocore parsed it.
        region: where it was described.
        partition: of that Region, e.g. `aws`.

    Raises:
        KeyError: it lacks what every backup has.
        AttributeError: a member is of another type than FSx says.
        TypeError: likewise.
    """
    file_system: Mapping[str, Any] = described.get("FileSystem", {})
    volume: Mapping[str, Any] = described.get("Volume", {})
    backup_id, arn = described["BackupId"], described.get("ResourceARN", "")
    account = described.get("OwnerId") or _account(arn)
    return Backup(
        id=backup_id,
        # Made up if FSx leaves it out, because tags can be changed by the ARN alone.
        arn=arn or f"arn:{partition}:fsx:{region}:{account}:backup/{backup_id}",
        lifecycle=described["Lifecycle"],
        type=described["Type"],
        creation_time=described["CreationTime"].astimezone(UTC),
        owner_id=account,
        region=region,
        kms_key_arn=described.get("KmsKeyId"),
        tags=described_tags(described) or {},
        source_backup_id=described.get("SourceBackupId"),
        source_region=described.get("SourceBackupRegion"),
        progress_percent=described.get("ProgressPercent"),
        failure_reason=described.get("FailureDetails", {}).get("Message"),
        size_in_bytes=described.get("SizeInBytes"),
        file_system_id=file_system.get("FileSystemId") or volume.get("FileSystemId"),
        file_system_type=file_system.get("FileSystemType") or volume.get("VolumeType"),
        file_system=file_system,
        volume_id=volume.get("VolumeId"),
        volume=volume,
    )


def described_tags(described: "Mapping[str, Any]") -> dict[str, str] | None:
    """Return the tags of a backup or file system, None if FSx tells none, as it may of one that has none."""
    tags = described.get("Tags")
    return None if tags is None else {tag["Key"]: tag.get("Value", "") for tag in tags}


def read_backup(described: "BackupTypeDef", region: str, partition: str) -> Seen:
    """Return what FSx describes among others, or an error that names the one that makes no sense."""
    try:
        return described_backup(described, region, partition)
    except KeyError as missing:
        oddity = f"without {missing.args[0]}"
    except (AttributeError, TypeError) as error:
        oddity = f"in a way that makes no sense ({error})"
    return errors.ServiceError(
        f"fsx:DescribeBackups in {region} describes {id_of(described) or 'a backup'} {oddity}, "
        "so nothing is done about it: look at it in the AWS console, and ask AWS Support."
    )


def id_of(described: "BackupTypeDef") -> str:
    """Return the id of a backup that may make no sense otherwise; "" if even that is missing."""
    told: Mapping[str, Any] = described or {}
    named = BACKUP_ID.search(str(told.get("BackupId") or told.get("ResourceARN")))
    return named[0] if named else ""


def _account(arn: str) -> str:
    named = _ACCOUNT.match(arn)
    return named[1] if named else ""

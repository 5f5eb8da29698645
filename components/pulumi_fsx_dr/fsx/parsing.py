"""Parse the descriptions that FSx returns."""

import re
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from pulumi_fsx_dr import errors

from .backup import BACKUP_ID, Backup, FileSystem, Volume
from .text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_fsx.type_defs import BackupTypeDef

ParsedBackup: TypeAlias = Backup | errors.ServiceError  # a backup, or the reason why it cannot be parsed

_WORD_LIMIT = 128  # characters of an id or a keyword that are shown
_MAX_BYTES = 2**63 - 1  # FSx API, SizeInBytes: Long
_ACCOUNT_ID = re.compile(r"\d{12}")
_ACCOUNT = re.compile(r"arn:[^:]*:fsx:[^:]*:(\d{12}):")


def parse_backup(described: "BackupTypeDef", region: str, partition: str) -> Backup:
    """Return a backup from its description (FSx API, Backup).

    The backup of a volume has no `FileSystem`, although the service model requires it. Backups of 2018 lack OwnerId and
    FileSystemType.

    Raises:
        KeyError: a member that every backup has is missing.
        AttributeError, TypeError, ValueError, OverflowError: a member has the wrong type or form.
    """
    file_system: Mapping[str, Any] = described.get("FileSystem", {})
    volume: Mapping[str, Any] = described.get("Volume", {})
    backup_id, arn = _backup_id(described, "BackupId"), _optional_string(described, "ResourceARN") or ""
    account = _word(described, "OwnerId") or _account(arn)
    return Backup(
        id=backup_id,
        # Built if FSx does not return it, because TagResource needs the ARN.
        arn=arn or f"arn:{partition}:fsx:{region}:{account}:backup/{backup_id}",
        lifecycle=_clean_word(parse_string(described, "Lifecycle")),
        type=_clean_word(parse_string(described, "Type")),
        creation_time=described["CreationTime"].astimezone(UTC),
        owner_id=account,
        region=region,
        kms_key_arn=_optional_string(described, "KmsKeyId"),
        tags=parse_tags(described) or {},
        source_backup_id=_backup_id(described, "SourceBackupId") if "SourceBackupId" in described else None,
        source_region=_word(described, "SourceBackupRegion"),
        progress_percent=_number(described, "ProgressPercent", 100),
        failure_reason=clean(_optional_string(described.get("FailureDetails", {}), "Message") or "") or None,
        size_in_bytes=_number(described, "SizeInBytes", _MAX_BYTES),
        file_system_id=_word(file_system, "FileSystemId") or _word(volume, "FileSystemId"),
        file_system_type=_word(file_system, "FileSystemType") or _word(volume, "VolumeType"),
        file_system=file_system,
        volume_id=_word(volume, "VolumeId"),
        volume=volume,
    )


def try_parse_backup(described: "BackupTypeDef", region: str, partition: str) -> ParsedBackup:
    """Return a backup from its description, or an error that names the backup."""
    try:
        return parse_backup(described, region, partition)
    except KeyError as missing:
        oddity = f"without {missing.args[0]}"
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        oddity = f"incorrectly ({error})"
    return errors.ServiceError(
        f"fsx:DescribeBackups in {region} describes {find_backup_id(described) or 'a backup'} {oddity}, "
        "so it is ignored. Look at it in the AWS console, and ask AWS Support."
    )


def find_backup_id(described: "BackupTypeDef") -> str:
    """Return the id in the description of a backup, even if the rest cannot be parsed; "" if there is none."""
    members: Mapping[str, Any] = described or {}
    named = BACKUP_ID.search(str(members.get("BackupId") or members.get("ResourceARN")))
    return named[0] if named else ""


def parse_file_system(described: "Mapping[str, Any]") -> FileSystem:
    """Return a file system (FSx API, FileSystem)."""
    lustre = _members(described, "LustreConfiguration")
    return FileSystem(
        id=parse_string(described, "FileSystemId"),
        type=_text(described, "FileSystemType") or "",
        lifecycle=_text(described, "Lifecycle") or "",
        tags=parse_tags(described),
        storage_type=_text(described, "StorageType"),
        deployment_type=_text(lustre, "DeploymentType"),
        is_linked=bool(lustre.get("DataRepositoryConfiguration")),
    )


def parse_volume(described: "Mapping[str, Any]") -> Volume:
    """Return a volume (FSx API, Volume)."""
    ontap = _members(described, "OntapConfiguration")
    return Volume(
        id=parse_string(described, "VolumeId"),
        file_system_id=parse_string(described, "FileSystemId"),
        name=_text(described, "Name") or "",
        type=_text(described, "VolumeType") or "",
        lifecycle=_text(described, "Lifecycle") or "",
        ontap_type=_text(ontap, "OntapVolumeType"),
        style=_text(ontap, "VolumeStyle"),
        is_root=bool(ontap.get("StorageVirtualMachineRoot")),
    )


def parse_tags(described: "Mapping[str, Any]") -> dict[str, str] | None:
    """Return the tags of a backup or file system; None if FSx does not return them, although there may be some."""
    tags = described.get("Tags")
    return None if tags is None else {parse_string(tag, "Key"): _optional_string(tag, "Value") or "" for tag in tags}


def parse_account(identity: "Mapping[str, Any]") -> str:
    """Return the account in the answer of sts:GetCallerIdentity."""
    account = parse_string(identity, "Account")
    if not _ACCOUNT_ID.fullmatch(account):
        raise ValueError("Account is not an account id")
    return account


def parse_string(described: "Mapping[str, Any]", member: str) -> str:
    """Return a required member; botocore does not check its type."""
    value = described[member]
    if not isinstance(value, str):
        raise TypeError(f"{member} is not a string")
    return value


def _members(described: "Mapping[str, Any]", member: str) -> "Mapping[str, Any]":
    return described.get(member) or {}


def _text(described: "Mapping[str, Any]", member: str) -> str | None:
    """Return an optional member; None if it is not a string."""
    value = described.get(member)
    return clean(value, _WORD_LIMIT) if isinstance(value, str) else None


def _account(arn: str) -> str:
    named = _ACCOUNT.match(arn)
    return named[1] if named else ""


def _optional_string(described: "Mapping[str, Any]", member: str) -> str | None:
    return parse_string(described, member) if described.get(member) is not None else None


def _word(described: "Mapping[str, Any]", member: str) -> str | None:
    value = _optional_string(described, member)
    return None if value is None else _clean_word(value)


def _backup_id(described: "Mapping[str, Any]", member: str) -> str:
    # Messages contain commands with these ids.
    value = parse_string(described, member)
    if not BACKUP_ID.fullmatch(value):
        raise ValueError(f"{member} is not the id of a backup")
    return value


def _number(described: "Mapping[str, Any]", member: str, most: int) -> int | None:
    # It is only shown, so a wrong value must not hide the backup.
    value = described.get(member)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None


@lru_cache  # all backups have the same few Regions
def _clean_word(word: str) -> str:
    return clean(word, _WORD_LIMIT)

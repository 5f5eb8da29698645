"""A backup out of FSx's description of it."""

import re
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from pulumi_fsx_dr import errors

from .backup import BACKUP_ID, Backup
from .text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_fsx.type_defs import BackupTypeDef

Seen: TypeAlias = Backup | errors.ServiceError  # a backup, or why this one cannot be read

_WORD_LIMIT = 128  # characters of an id or a keyword that are shown
_MOST_BYTES = 2**63 - 1  # FSx API, SizeInBytes: Long
_ACCOUNT_ID = re.compile(r"\d{12}")
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
        ValueError: an id is none.
        OverflowError: a time is none.
    """
    file_system: Mapping[str, Any] = described.get("FileSystem", {})
    volume: Mapping[str, Any] = described.get("Volume", {})
    backup_id, arn = _backup_id(described, "BackupId"), _text(described, "ResourceARN") or ""
    account = _word(described, "OwnerId") or _account(arn)
    return Backup(
        id=backup_id,
        # Made up if FSx leaves it out, because tags can be changed by the ARN alone.
        arn=arn or f"arn:{partition}:fsx:{region}:{account}:backup/{backup_id}",
        lifecycle=_shown(text_in(described, "Lifecycle")),
        type=_shown(text_in(described, "Type")),
        creation_time=described["CreationTime"].astimezone(UTC),
        owner_id=account,
        region=region,
        kms_key_arn=_text(described, "KmsKeyId"),
        tags=described_tags(described) or {},
        source_backup_id=_backup_id(described, "SourceBackupId") if "SourceBackupId" in described else None,
        source_region=_word(described, "SourceBackupRegion"),
        progress_percent=_number(described, "ProgressPercent", 100),
        failure_reason=clean(_text(described.get("FailureDetails", {}), "Message") or "") or None,
        size_in_bytes=_number(described, "SizeInBytes", _MOST_BYTES),
        file_system_id=_word(file_system, "FileSystemId") or _word(volume, "FileSystemId"),
        file_system_type=_word(file_system, "FileSystemType") or _word(volume, "VolumeType"),
        file_system=file_system,
        volume_id=_word(volume, "VolumeId"),
        volume=volume,
    )


def described_tags(described: "Mapping[str, Any]") -> dict[str, str] | None:
    """Return the tags of a backup or file system, None if FSx tells none, as it may of one that has none."""
    tags = described.get("Tags")
    return None if tags is None else {text_in(tag, "Key"): _text(tag, "Value") or "" for tag in tags}


def described_account(identity: "Mapping[str, Any]") -> str:
    """Return the account of an identity, as STS describes it.

    Raises:
        KeyError: there is none.
        TypeError: it is no text.
        ValueError: it is no account id.
    """
    account = text_in(identity, "Account")
    if not _ACCOUNT_ID.fullmatch(account):
        raise ValueError("Account is not an account id")
    return account


def text_in(described: "Mapping[str, Any]", member: str) -> str:
    """Return a member that is always there; botocore does not see to its type.

    Raises:
        KeyError: it is not there.
        TypeError: it is no text.
    """
    value = described[member]
    if not isinstance(value, str):
        raise TypeError(f"{member} is not a text")
    return value


def read_backup(described: "BackupTypeDef", region: str, partition: str) -> Seen:
    """Return what FSx describes among others, or an error that names the one that makes no sense."""
    try:
        return described_backup(described, region, partition)
    except KeyError as missing:
        oddity = f"without {missing.args[0]}"
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
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


def _text(described: "Mapping[str, Any]", member: str) -> str | None:
    return text_in(described, member) if described.get(member) is not None else None


def _word(described: "Mapping[str, Any]", member: str) -> str | None:
    value = _text(described, member)
    return None if value is None else _shown(value)


def _backup_id(described: "Mapping[str, Any]", member: str) -> str:
    # Ids stand in the commands that people are told to run.
    value = text_in(described, member)
    if not BACKUP_ID.fullmatch(value):
        raise ValueError(f"{member} is not the id of a backup")
    return value


def _number(described: "Mapping[str, Any]", member: str, most: int) -> int | None:
    """Return a figure that is only shown; None if it makes no sense, which is no reason to leave the backup out."""
    value = described.get(member)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None


@lru_cache  # all backups have the same few
def _shown(word: str) -> str:
    return clean(word, _WORD_LIMIT)

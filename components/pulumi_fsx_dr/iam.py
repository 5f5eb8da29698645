"""The least an IAM identity needs for a stack of backup copies.

From the tables of permissions in the FSx user guides (*Managing access to Amazon FSx resources*) and *Copying backups*.
`sts:GetCallerIdentity`, which the stack also calls, needs no permission.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from .errors import InvalidSettingsError
from .fsx import partition_of
from .kms import KeyName
from .ownership import MARK_TAG

Statement = dict[str, Any]

_MARKS = ["pending:*", "recorded:*"]
_DNS_SUFFIX = {"aws-cn": "amazonaws.com.cn"}


def policy(
    account: str,
    *,
    source_regions: Collection[str],
    dr_regions: Collection[str],
    key_arns: Mapping[str, Collection[str]] | None = None,
) -> dict[str, Any]:
    """Return the policy document for copying backups between Regions of one account.

    It deletes no backup but those that carry the ownership tag. Copying takes the permission to set that tag, so that
    whoever has this policy could mark other backups of the DR Regions as copies too, as adopting a backup does.
    `RestoredFileSystem` and `DrKey` need more: what pulumi-aws needs for file systems and keys.

    Args:
        account: twelve digits.
        source_regions: where the backups are.
        dr_regions: where their copies are; the same Region for copies within it.
        key_arns: per Region the ARNs of the keys of backups and copies. Backups and copies under the key that AWS
            manages, `aws/fsx`, need none.

    Raises:
        InvalidSettingsError: a Region is unknown or of another partition, or a key's ARN is not one of its Region.
    """
    keys = key_arns or {}
    _check_partition([*source_regions, *dr_regions, *keys])
    _check_keys(keys)
    every_region = {*source_regions, *dr_regions}
    statements = [
        _allow(
            "FindBackupsAndFileSystems",
            ["fsx:DescribeBackups", "fsx:DescribeFileSystems", "fsx:ListTagsForResource"],
            [*_backups(account, every_region), *_arns("file-system/*", account, every_region)],
            _in(every_region),
        ),
        # FSx asks for the source and for the copy, each in its Region.
        _allow("CopyFromTheSourceRegions", ["fsx:CopyBackup"], _backups(account, source_regions), _in(every_region)),
        _allow("CopyIntoTheDrRegions", ["fsx:CopyBackup"], _backups(account, dr_regions), _in(dr_regions)),
        _allow(
            "MarkCopiesAsOwn",
            ["fsx:TagResource"],
            _backups(account, dr_regions),
            _in(dr_regions) | {"StringLike": {f"aws:RequestTag/{MARK_TAG}": _MARKS}},
        ),
        _allow(
            "ChangeAndDeleteOwnCopiesOnly",
            ["fsx:TagResource", "fsx:UntagResource", "fsx:DeleteBackup"],
            _backups(account, dr_regions),
            _in(dr_regions) | {"StringLike": {f"aws:ResourceTag/{MARK_TAG}": _MARKS}},
        ),
        *_key_statements(keys),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def through_fsx(regions: Iterable[str]) -> list[str]:
    """Return the values of `kms:ViaService` that mean Amazon FSx in these Regions."""
    return [f"fsx.{region}.{_DNS_SUFFIX.get(partition_of(region), 'amazonaws.com')}" for region in sorted(regions)]


def _key_statements(keys: Mapping[str, Collection[str]]) -> list[Statement]:
    arns = sorted({arn for arns in keys.values() for arn in arns})
    if not arns:
        return []
    via_fsx = {"StringEquals": {"kms:ViaService": through_fsx(keys)}}
    used = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"]
    return [
        _allow("LookUpKeys", ["kms:DescribeKey"], arns, _in(keys)),
        _allow("UseKeysThroughFsx", used, arns, via_fsx),
        _allow(
            "LetFsxGrantItselfTheKeys",
            ["kms:CreateGrant"],
            arns,
            via_fsx | {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def _allow(sid: str, actions: list[str], resources: list[str], condition: Mapping[str, Any]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources, "Condition": dict(condition)}


def _in(regions: Iterable[str]) -> dict[str, Any]:
    return {"StringEquals": {"aws:RequestedRegion": sorted(regions)}}


def _backups(account: str, regions: Iterable[str]) -> list[str]:
    return _arns("backup/*", account, regions)


def _arns(resource: str, account: str, regions: Iterable[str]) -> list[str]:
    return [f"arn:{partition_of(region)}:fsx:{region}:{account}:{resource}" for region in sorted(set(regions))]


def _check_partition(regions: Collection[str]) -> None:
    partitions = {region: partition_of(region) for region in regions}
    if len(set(partitions.values())) > 1:
        listed = ", ".join(f"{region} ({partition})" for region, partition in sorted(partitions.items()))
        raise InvalidSettingsError(f"Backups are not copied between partitions: split up {listed}.")


def _check_keys(keys: Mapping[str, Collection[str]]) -> None:
    for region, arn in ((region, arn) for region, arns in keys.items() for arn in arns):
        name = KeyName.parse(arn)
        if name is None or name.is_alias or name.region != region:
            raise InvalidSettingsError(
                f"{arn!r} is not the ARN of a KMS key of {region}: IAM accepts nothing else here."
            )

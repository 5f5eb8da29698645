"""The least that IAM identities need for a stack of backup copies, and what keeps all others from its copies.

From the service authorization reference, the permissions in the FSx user guides (*Managing access to Amazon FSx
resources*, *Copying backups*, *Encryption at rest*) and the managed policy `AmazonFSxFullAccess`.
`sts:GetCallerIdentity`, which the stack also calls, needs no permission.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.kms import KeyName
from pulumi_fsx_dr.fsx.partitions import partition_of

Document = dict[str, Any]
Statement = dict[str, Any]

DRILL_TAG = ("purpose", "failover-drill")  # what examples/failover-drill gives the file systems that it restores

NAMESPACE = "FsxDr"  # what the documents call the metrics' namespace
_EVERYTHING = ["*"]  # also all that an action without resource types can be allowed for
# Owner id, request token and generation: as much of the form of our tag as IAM's wildcards can express.
_OWNED = [f"{'?' * 32}/{'?' * 40}-*/*"]
_DNS_SUFFIX = {"aws-cn": "amazonaws.com.cn"}
_THROUGH_FSX = {"ForAnyValue:StringEquals": {"aws:CalledVia": ["fsx.amazonaws.com"]}}
_PIPELINE = re.compile(r"arn:(?P<partition>[\w-]+):iam::\d{12}:(role|user)/[\w+=,.@/-]+")


class Purpose(StrEnum):
    """What an identity is for."""

    PREVIEW = "preview"
    """`pulumi preview`: it only reads."""
    UP = "up"
    """Every command of a stack of copies."""
    REPORT = "report"
    """`fsx-dr report --cloudwatch`: it publishes metrics, and nothing else of it asks AWS."""
    DRILL = "drill"
    """`examples/failover-drill`: it restores copies, and deletes the file systems it restored."""


def policy(  # noqa: PLR0913  # each narrows the policy down
    account: str,
    purpose: Purpose = Purpose.UP,
    *,
    source_regions: Collection[str] = (),
    dr_regions: Collection[str],
    key_arns: Mapping[str, Collection[str]] | None = None,
    namespace: str = NAMESPACE,
) -> Document:
    """Return the least policy document for an identity that copies backups between Regions of one account, or drills.

    `UP` changes and deletes only backups with the ownership tag, but may write that tag on every backup in the DR
    Regions. `DRILL` deletes only file systems with `DRILL_TAG`. `DrKey` needs more: what pulumi-aws needs for keys.

    Args:
        account: twelve digits.
        purpose: what the identity is for.
        source_regions: where the backups are; a drill needs none.
        dr_regions: where their copies are; the same Region for copies within it.
        key_arns: per Region the ARNs of the keys of backups and copies. Backups and copies under the key that AWS
            manages, `aws/fsx`, need none.
        namespace: of the metrics that a report publishes.

    Raises:
        InvalidSettingsError: a Region is unknown or of another partition, or a key's ARN is not one of its Region.
    """
    keys = key_arns or {}
    _check_partition({*source_regions, *dr_regions, *keys})
    _check_keys(keys)
    return _document(_STATEMENTS[purpose](_Where(account, set(source_regions), set(dr_regions), keys, namespace)))


def protection(account: str, pipelines: Collection[str], *, dr_regions: Collection[str]) -> Document:
    """Return the service control policy that lets nobody else delete the copies or change their ownership tag.

    Args:
        account: the copies' account, twelve digits.
        pipelines: ARNs of the roles (or users) that run `pulumi up` there.
        dr_regions: where the copies are.

    Raises:
        InvalidSettingsError: a Region is unknown or of another partition, or an ARN is not one of a role or user.
    """
    _check_partition(dr_regions)
    _check_pipelines(pipelines, {partition_of(region) for region in dr_regions})
    copies = _Where(account, set(), set(dr_regions), {}).arns("backup/*", dr_regions)
    others = {"ArnNotEquals": {"aws:PrincipalArn": sorted(set(pipelines))}}
    # IAM user guide, Controlling access to AWS resources using tags: conditions on a tag match its key in any case, and
    # one of two keys that differ by case alone. FSx keeps both, so that nobody else may write either.
    owned = {"StringLike": {f"aws:ResourceTag/{OWNERSHIP_TAG}": ["*"]}}
    change_tag = {"ForAnyValue:StringEqualsIgnoreCase": {"aws:TagKeys": [OWNERSHIP_TAG]}}
    return _document(
        [
            _deny("OnlyThePipelineDeletesCopies", ["fsx:DeleteBackup"], copies, others | owned),
            _deny(
                "OnlyThePipelineWritesOwnership", ["fsx:TagResource", "fsx:UntagResource"], copies, others | change_tag
            ),
        ]
    )


def through_fsx(regions: Iterable[str]) -> list[str]:
    """Return the values of `kms:ViaService` that mean Amazon FSx in these Regions."""
    return [f"fsx.{region}.{_DNS_SUFFIX.get(partition_of(region), 'amazonaws.com')}" for region in sorted(regions)]


@dataclass(frozen=True, slots=True)
class _Where:
    """The account, Regions and keys that a policy is about."""

    account: str
    source_regions: set[str]
    dr_regions: set[str]
    key_arns: Mapping[str, Collection[str]]
    namespace: str = NAMESPACE

    def arns(self, resource: str, regions: Iterable[str], service: str = "fsx") -> list[str]:
        """Return the ARN of a resource, such as `backup/*`, in each of some Regions."""
        return [
            f"arn:{partition_of(region)}:{service}:{region}:{self.account}:{resource}"
            for region in sorted(set(regions))
        ]


def _preview(where: _Where) -> list[Statement]:
    look = ["fsx:DescribeBackups", "fsx:DescribeFileSystems"]
    return [_find(where.source_regions | where.dr_regions, look), *_look_up_keys(where.key_arns)]


def _up(where: _Where) -> list[Statement]:
    sources, copies = (where.arns("backup/*", regions) for regions in (where.source_regions, where.dr_regions))
    here = _in(where.dr_regions)
    tagged = {"StringLike": {f"aws:RequestTag/{OWNERSHIP_TAG}": _OWNED}}
    change = ["fsx:TagResource", "fsx:UntagResource", "fsx:DeleteBackup"]
    return [
        *_preview(where),
        # FSx asks for the source and for the copy, each in its Region.
        _allow("CopyFromTheSourceRegions", ["fsx:CopyBackup"], sources, _in(where.source_regions | where.dr_regions)),
        _allow("CopyIntoTheDrRegions", ["fsx:CopyBackup"], copies, here),
        # For the tags of CopyBackup (FSx user guides, Grant permission to tag resources during creation), for adoption,
        # and for the repair of a missing tag. No answer of AWS shows on which ARN IAM decides while CopyBackup tags the
        # new copy, so nothing here tells that call from one for a backup that exists.
        _allow("WriteOwnershipTag", ["fsx:TagResource"], copies, here | tagged),
        _allow("ChangeAndDeleteOwnCopiesOnly", change, copies, here | _own_copies()),
        *_use_keys(where.key_arns),
    ]


def _report(where: _Where) -> list[Statement]:
    here = {"StringEquals": _in(where.dr_regions)["StringEquals"] | {"cloudwatch:namespace": [where.namespace]}}
    return [_allow("PublishReadiness", ["cloudwatch:PutMetricData"], _EVERYTHING, here)]


def _drill(where: _Where) -> list[Statement]:
    backups, restored = (where.arns(kind, where.dr_regions) for kind in ("backup/*", "file-system/*"))
    here, (key, value) = _in(where.dr_regions), DRILL_TAG
    keys = {region: arns for region, arns in where.key_arns.items() if region in where.dr_regions}
    look = ["fsx:DescribeBackups", "fsx:DescribeFileSystems", "fsx:DescribeVolumes"]
    restore = ["fsx:CreateFileSystemFromBackup"]
    tagged = {"StringEquals": here["StringEquals"] | {f"aws:RequestTag/{key}": [value]}}
    drilled = {"StringEquals": here["StringEquals"] | {f"aws:ResourceTag/{key}": [value]}}
    return [
        _find(where.dr_regions, look),
        _allow("ReadTags", ["fsx:ListTagsForResource"], restored, here),
        _allow("RestoreCopies", restore, backups, here),
        _allow("RestoreThemIntoTaggedFileSystems", [*restore, "fsx:TagResource"], restored, tagged),
        # Windows and OpenZFS take a final backup unless they are told not to.
        _allow("DeleteRestoredOnly", ["fsx:DeleteFileSystem", "fsx:CreateBackup"], restored, drilled),
        _allow("TakeFinalBackups", ["fsx:CreateBackup"], backups, here),
        *_network(where, here),
        *_look_up_keys(keys),
        *_use_keys(keys),
    ]


_STATEMENTS: dict[Purpose, Callable[[_Where], list[Statement]]] = {
    Purpose.PREVIEW: _preview,
    Purpose.UP: _up,
    Purpose.REPORT: _report,
    Purpose.DRILL: _drill,
}


def _network(where: _Where, here: dict[str, dict[str, list[str]]]) -> list[Statement]:
    """Return what FSx asks of EC2 and Directory Service on behalf of whoever restores a file system."""
    look = ["DescribeRouteTables", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"]
    ec2 = [f"ec2:{action}" for action in [*look, "GetSecurityGroupsForVpc"]]
    tables = where.arns("route-table/*", where.dr_regions, "ec2")
    by_fsx = {"StringEquals": here["StringEquals"] | {"aws:RequestTag/AmazonFSx": ["ManagedByAmazonFSx"]}}
    return [
        _allow("LetFsxLookAtTheNetwork", ec2, _EVERYTHING, here | _THROUGH_FSX),
        _allow("LetFsxMarkRouteTables", ["ec2:CreateTags"], tables, by_fsx | _THROUGH_FSX),  # Multi-AZ OpenZFS
        _allow("LookAtDirectories", ["ds:DescribeDirectories"], _EVERYTHING, here),  # Windows
    ]


def _find(regions: Iterable[str], look: list[str]) -> Statement:
    return _allow("FindBackupsAndFileSystems", look, _EVERYTHING, _in(regions))


def _look_up_keys(keys: Mapping[str, Collection[str]]) -> list[Statement]:
    return [_allow("LookUpKeys", ["kms:DescribeKey"], arns, _in(keys))] if (arns := _all(keys)) else []


def _use_keys(keys: Mapping[str, Collection[str]]) -> list[Statement]:
    if not (arns := _all(keys)):
        return []
    via_fsx = {"StringEquals": {"kms:ViaService": through_fsx(keys)}}
    used = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"]
    for_fsx = via_fsx | {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        _allow("UseKeysThroughFsx", used, arns, via_fsx),
        _allow("LetFsxGrantItselfTheKeys", ["kms:CreateGrant"], arns, for_fsx),
    ]


def _all(keys: Mapping[str, Collection[str]]) -> list[str]:
    return sorted({arn for arns in keys.values() for arn in arns})


def _document(statements: list[Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(sid: str, actions: list[str], resources: list[str], condition: Mapping[str, Any]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources, "Condition": dict(condition)}


def _deny(sid: str, actions: list[str], resources: list[str], condition: Mapping[str, Any]) -> Statement:
    return _allow(sid, actions, resources, condition) | {"Effect": "Deny"}


def _in(regions: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    return {"StringEquals": {"aws:RequestedRegion": sorted(regions)}}


def _own_copies() -> dict[str, Any]:
    return {"StringLike": {f"aws:ResourceTag/{OWNERSHIP_TAG}": _OWNED}}


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


def _check_pipelines(arns: Collection[str], partitions: set[str]) -> None:
    for arn in arns:
        found = _PIPELINE.fullmatch(arn)
        if found is None or {found["partition"]} != partitions:
            raise InvalidSettingsError(
                f"{arn!r} is not the ARN of an IAM role or user of the copies' partition: give that of the pipeline."
            )

"""IAM policies of a stack: the minimal policies of its identities, and the protection of its copies.

Sources: the service authorization reference, the permissions in the FSx user guides (*Managing access to Amazon FSx
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

DRILL_TAG = ("purpose", "failover-drill")  # of the file systems that examples/failover-drill restores

NAMESPACE = "FsxDr"  # of the metrics
_EVERYTHING = ["*"]
# Owner id, request token and generation. IAM's wildcards cannot describe the form of our tag more exactly.
_OWNED = [f"{'?' * 32}/{'?' * 40}-*/*"]
_DNS_SUFFIX = {"aws-cn": "amazonaws.com.cn"}
_THROUGH_FSX = {"ForAnyValue:StringEquals": {"aws:CalledVia": ["fsx.amazonaws.com"]}}
_PIPELINE = re.compile(r"arn:(?P<partition>[\w-]+):iam::\d{12}:(role|user)/[\w+=,.@/-]+")


class Purpose(StrEnum):
    """The purpose of an identity."""

    PREVIEW = "preview"
    """`pulumi preview`, which only reads."""
    UP = "up"
    """All commands of a stack of copies."""
    REPORT = "report"
    """`fsx-dr report --cloudwatch`, which publishes metrics."""
    COVERAGE = "coverage"
    """`fsx-dr coverage`, which lists file systems and volumes in all Regions."""
    DRILL = "drill"
    """`examples/failover-drill`, which restores copies and deletes the restored file systems."""


def policy(  # noqa: PLR0913  # each narrows the policy
    account: str,
    purpose: Purpose = Purpose.UP,
    *,
    source_regions: Collection[str] = (),
    dr_regions: Collection[str],
    key_arns: Mapping[str, Collection[str]] | None = None,
    namespace: str = NAMESPACE,
) -> Document:
    """Return the minimal policy for an identity in one account.

    `UP` can change and delete only backups with the ownership tag, but it can write that tag on every backup in the DR
    Regions. `DRILL` can delete only file systems with `DRILL_TAG`. `DrKey` also needs the permissions of pulumi-aws for
    keys.

    Args:
        source_regions: of the source backups; not needed for `DRILL` and `REPORT`.
        key_arns: keys of source backups and copies, by Region; `aws/fsx` is not needed.
    """
    keys = key_arns or {}
    _check_partition({*source_regions, *dr_regions, *keys})
    _check_keys(keys)
    return _document(_STATEMENTS[purpose](_Scope(account, set(source_regions), set(dr_regions), keys, namespace)))


def protection(account: str, pipelines: Collection[str], *, dr_regions: Collection[str]) -> Document:
    """Return the service control policy that lets only the pipelines delete copies or change their ownership tag."""
    _check_partition(dr_regions)
    _check_pipelines(pipelines, {partition_of(region) for region in dr_regions})
    copies = _Scope(account, set(), set(dr_regions), {}).arns("backup/*", dr_regions)
    others = {"ArnNotEquals": {"aws:PrincipalArn": sorted(set(pipelines))}}
    # IAM user guide, Controlling access to AWS resources using tags: conditions ignore the case of a tag key. If two
    # keys differ only by case, a condition reads only one of them. FSx allows such keys, so the policy denies both.
    owned = {"StringLike": {f"aws:ResourceTag/{OWNERSHIP_TAG}": ["*"]}}
    write_tags, deny = ["fsx:TagResource", "fsx:UntagResource"], {"Effect": "Deny"}
    change_tag = {"ForAnyValue:StringEqualsIgnoreCase": {"aws:TagKeys": [OWNERSHIP_TAG]}}
    return _document(
        [
            _allow("OnlyThePipelineDeletesCopies", ["fsx:DeleteBackup"], copies, others | owned) | deny,
            _allow("OnlyThePipelineWritesOwnership", write_tags, copies, others | change_tag) | deny,
        ]
    )


def through_fsx(regions: Iterable[str]) -> list[str]:
    """Return the values of `kms:ViaService` that mean Amazon FSx in these Regions."""
    return [f"fsx.{region}.{_DNS_SUFFIX.get(partition_of(region), 'amazonaws.com')}" for region in sorted(regions)]


@dataclass(frozen=True, slots=True)
class _Scope:
    """The scope of a policy."""

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


def _preview(scope: _Scope) -> list[Statement]:
    look = ["fsx:DescribeBackups", "fsx:DescribeFileSystems"]
    return [_find(scope.source_regions | scope.dr_regions, look), *_look_up_keys(scope.key_arns)]


def _up(scope: _Scope) -> list[Statement]:
    sources, copies = (scope.arns("backup/*", regions) for regions in (scope.source_regions, scope.dr_regions))
    here = _in(scope.dr_regions)
    tagged = {"StringLike": {f"aws:RequestTag/{OWNERSHIP_TAG}": _OWNED}}
    own = {"StringLike": {f"aws:ResourceTag/{OWNERSHIP_TAG}": _OWNED}}
    change = ["fsx:TagResource", "fsx:UntagResource", "fsx:DeleteBackup"]
    return [
        *_preview(scope),
        # FSx requires the action on the source and on the copy, each in its Region.
        _allow("CopyFromTheSourceRegions", ["fsx:CopyBackup"], sources, _in(scope.source_regions | scope.dr_regions)),
        _allow("CopyIntoTheDrRegions", ["fsx:CopyBackup"], copies, here),
        # For the tags of CopyBackup (FSx user guides, Grant permission to tag resources during creation), for adoption,
        # and for the repair of a missing tag. AWS does not document which ARN IAM checks while CopyBackup tags the new
        # copy. So the statement also allows the tag on backups that exist.
        _allow("WriteOwnershipTag", ["fsx:TagResource"], copies, here | tagged),
        _allow("ChangeAndDeleteOwnCopiesOnly", change, copies, here | own),
        *_use_keys(scope.key_arns),
    ]


def _report(scope: _Scope) -> list[Statement]:
    here = {"StringEquals": _in(scope.dr_regions)["StringEquals"] | {"cloudwatch:namespace": [scope.namespace]}}
    return [_allow("PublishReadiness", ["cloudwatch:PutMetricData"], _EVERYTHING, here)]


def _coverage(_scope: _Scope) -> list[Statement]:
    return [_allow("ListFileSystems", ["fsx:DescribeFileSystems", "fsx:DescribeVolumes"], _EVERYTHING, {})]


def _drill(scope: _Scope) -> list[Statement]:
    backups, restored = (scope.arns(kind, scope.dr_regions) for kind in ("backup/*", "file-system/*"))
    here, (key, value) = _in(scope.dr_regions), DRILL_TAG
    keys = {region: arns for region, arns in scope.key_arns.items() if region in scope.dr_regions}
    look = ["fsx:DescribeBackups", "fsx:DescribeFileSystems", "fsx:DescribeVolumes"]
    restore = ["fsx:CreateFileSystemFromBackup"]
    tagged = {"StringEquals": here["StringEquals"] | {f"aws:RequestTag/{key}": [value]}}
    drilled = {"StringEquals": here["StringEquals"] | {f"aws:ResourceTag/{key}": [value]}}
    return [
        _find(scope.dr_regions, look),
        _allow("ReadTags", ["fsx:ListTagsForResource"], restored, here),
        _allow("RestoreCopies", restore, backups, here),
        _allow("RestoreThemIntoTaggedFileSystems", [*restore, "fsx:TagResource"], restored, tagged),
        # FSx takes a final backup of Windows and OpenZFS file systems unless the request says otherwise.
        _allow("DeleteRestoredOnly", ["fsx:DeleteFileSystem", "fsx:CreateBackup"], restored, drilled),
        _allow("TakeFinalBackups", ["fsx:CreateBackup"], backups, here),
        *_network(scope, here),
        *_look_up_keys(keys),
        *_use_keys(keys),
    ]


_STATEMENTS: dict[Purpose, Callable[[_Scope], list[Statement]]] = {
    Purpose.PREVIEW: _preview,
    Purpose.UP: _up,
    Purpose.REPORT: _report,
    Purpose.COVERAGE: _coverage,
    Purpose.DRILL: _drill,
}


def _network(scope: _Scope, here: dict[str, dict[str, list[str]]]) -> list[Statement]:
    """Return the permissions for EC2 and Directory Service that a restore needs."""
    look = ["DescribeRouteTables", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"]
    ec2 = [f"ec2:{action}" for action in [*look, "GetSecurityGroupsForVpc"]]
    tables = scope.arns("route-table/*", scope.dr_regions, "ec2")
    by_fsx = {"StringEquals": here["StringEquals"] | {"aws:RequestTag/AmazonFSx": ["ManagedByAmazonFSx"]}}
    return [
        _allow("LetFsxLookAtTheNetwork", ec2, _EVERYTHING, here | _THROUGH_FSX),
        _allow("LetFsxMarkRouteTables", ["ec2:CreateTags"], tables, by_fsx | _THROUGH_FSX),  # Multi-AZ OpenZFS
        _allow("LookAtDirectories", ["ds:DescribeDirectories"], _EVERYTHING, here),  # Windows
    ]


def _find(regions: Iterable[str], look: list[str]) -> Statement:
    return _allow("FindBackupsAndFileSystems", look, _EVERYTHING, _in(regions))


def _look_up_keys(keys: Mapping[str, Collection[str]]) -> list[Statement]:
    arns = sorted({arn for arns in keys.values() for arn in arns})
    return [_allow("LookUpKeys", ["kms:DescribeKey"], arns, _in(keys))] if arns else []


def _use_keys(keys: Mapping[str, Collection[str]]) -> list[Statement]:
    arns = sorted({arn for arns in keys.values() for arn in arns})
    if not arns:
        return []
    via_fsx = {"StringEquals": {"kms:ViaService": through_fsx(keys)}}
    used = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"]
    for_fsx = via_fsx | {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        _allow("UseKeysThroughFsx", used, arns, via_fsx),
        _allow("LetFsxGrantItselfTheKeys", ["kms:CreateGrant"], arns, for_fsx),
    ]


def _document(statements: list[Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(sid: str, actions: list[str], resources: list[str], condition: Mapping[str, Any]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources, "Condition": dict(condition)}


def _in(regions: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    return {"StringEquals": {"aws:RequestedRegion": sorted(regions)}}


def _check_partition(regions: Collection[str]) -> None:
    partitions = {region: partition_of(region) for region in regions}
    if len(set(partitions.values())) > 1:
        listed = ", ".join(f"{region} ({partition})" for region, partition in sorted(partitions.items()))
        raise InvalidSettingsError(
            f"The Regions are in several partitions ({listed}). FSx cannot copy between them. Run the command for each "
            "partition."
        )


def _check_keys(keys: Mapping[str, Collection[str]]) -> None:
    for region, arn in ((region, arn) for region, arns in keys.items() for arn in arns):
        name = KeyName.parse(arn)
        if name is None or name.is_alias or name.region != region:
            raise InvalidSettingsError(f"{arn!r} is not the ARN of a KMS key in {region}.")


def _check_pipelines(arns: Collection[str], partitions: set[str]) -> None:
    for arn in arns:
        found = _PIPELINE.fullmatch(arn)
        if found is None or {found["partition"]} != partitions:
            raise InvalidSettingsError(
                f"{arn!r} is not the ARN of an IAM role or user in the partition of the copies. Give the ARN of the "
                "pipeline's role."
            )

"""IAM before the service: what a call needs to be allowed, and the refusal of what is not.

From the service authorization reference and the FSx user guides. Two things are assumed: what does not exist carries
no tags, so that IAM refuses it before FSx can say that it is missing; and FSx uses the key of a copy's source by the
grants that it has, and asks nobody.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from simulator.fsx import keys
from simulator.fsx.calls import Call
from simulator.fsx.errors import FsxError, access_denied
from simulator.fsx.permissions import Access, Values, refuse_unknown, verdict
from simulator.fsx.regions import arn, partition_of
from simulator.fsx.service_state import ServiceState

# What a call names, and what it makes.
_NAMED = {"SourceBackupId": "backup", "BackupId": "backup", "FileSystemId": "file-system"}
_MADE = {"CopyBackup": "backup", "CreateBackup": "backup", "CreateFileSystemFromBackup": "file-system"}
# FSx user guides, Encryption at rest: what FSx does with a key on behalf of whoever names it, the optional left out.
_USES_OF_KEYS = ("DescribeKey", "Decrypt", "GenerateDataKeyWithoutPlaintext", "CreateGrant")
# AmazonFSxFullAccess: what FSx looks at on behalf of whoever has a file system made.
_LOOKS_AT_NETWORK = (
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:GetSecurityGroupsForVpc",
)
_FREE = {"sts:GetCallerIdentity"}  # API reference: no permissions are required


def attach_policies(world: ServiceState, access_key: str, documents: list[dict[str, Any]]) -> None:
    """Let the identity with an access key do what these policies together allow, and nothing else.

    Raises:
        ValueError: a document holds what the simulator cannot judge.
    """
    for document in documents:
        refuse_unknown(document)
    world.policies[access_key] = documents


def authorize(world: ServiceState, call: Call) -> None:
    """Refuse a call of an identity whose policies do not allow it; one without policies may do everything.

    Raises:
        FsxError: `AccessDeniedException`.
    """
    documents = world.policies.get(call.access_key)
    if documents is None:
        return
    for access in needed(world, call):
        found = verdict(documents, access)
        if found != "allowed":
            raise _refusal(call, access, found)


def needed(world: ServiceState, call: Call) -> Iterator[Access]:
    """Yield everything that the caller must be allowed for a call to be done."""
    by_service = {"fsx": _needed_by_fsx, "kms": _needed_by_kms, "monitoring": _needed_by_cloudwatch}
    of_service = by_service.get(call.service, _needed_by_others)
    everywhere = {"aws:RequestedRegion": [call.region], "aws:PrincipalArn": [_caller(call)]}
    for action, resource, context in of_service(world, call):
        yield Access(action, resource, everywhere | context)


_Needed = Iterator[tuple[str, str, dict[str, Values]]]


def _needed_by_others(_world: ServiceState, call: Call) -> _Needed:
    action = f"{call.service}:{call.action}"
    if action not in _FREE:
        yield action, "*", {}


def _needed_by_cloudwatch(_world: ServiceState, call: Call) -> _Needed:
    """Yield the permission, which IAM calls otherwise than signatures call the service."""
    namespace = call.parameters.get("Namespace")
    yield f"cloudwatch:{call.action}", "*", {"cloudwatch:namespace": [str(namespace)]} if namespace else {}


def _needed_by_kms(_world: ServiceState, call: Call) -> _Needed:
    named = call.parameters.get("KeyId")
    key = keys.arn_of(call.account, call.region, str(named)) if named else "*"
    if key:  # KMS itself says what it does not know
        yield f"kms:{call.action}", key, {}


def _needed_by_fsx(world: ServiceState, call: Call) -> _Needed:
    tags = _requested_tags(call)
    made = _MADE.get(call.action)
    resources = [*_named(world, call), *([(_arn(call, f"{made}/*"), {})] if made else [])]
    for resource, own_tags in resources or [("*", {})]:
        yield f"fsx:{call.action}", resource, tags | own_tags
    if made and tags:
        yield "fsx:TagResource", _arn(call, f"{made}/*"), tags
    if made and "KmsKeyId" in call.parameters:
        yield from _uses_of_key(call)
    if follow_up := _FOLLOW_UPS.get(call.action):
        yield from follow_up(world, call)


def _uses_of_key(call: Call) -> _Needed:
    key = keys.arn_of(call.account, call.region, call.parameters["KmsKeyId"])
    suffix = "amazonaws.com.cn" if partition_of(call.region) == "aws-cn" else "amazonaws.com"
    context: dict[str, Values] = {
        "kms:ViaService": [f"fsx.{call.region}.{suffix}"],
        "kms:GrantIsForAWSResource": ["true"],
    }
    for use in _USES_OF_KEYS if key else ():  # FSx itself refuses a key that is not there
        yield f"kms:{use}", str(key), context


def _network(_world: ServiceState, _call: Call) -> _Needed:
    for look in _LOOKS_AT_NETWORK:
        yield look, "*", {"aws:CalledVia": ["fsx.amazonaws.com"]}


def _final_backup(world: ServiceState, call: Call) -> _Needed:
    configurations = [value for name, value in call.parameters.items() if name.endswith("Configuration")]
    if not any(configuration.get("SkipFinalBackup") for configuration in configurations):
        yield "fsx:CreateBackup", _arn(call, "backup/*"), {}
        for resource, own_tags in _named(world, call):
            yield "fsx:CreateBackup", resource, own_tags


_FOLLOW_UPS: dict[str, Callable[[ServiceState, Call], _Needed]] = {
    "CreateFileSystemFromBackup": _network,
    "DeleteFileSystem": _final_backup,
}


def _named(world: ServiceState, call: Call) -> Iterator[tuple[str, dict[str, Values]]]:
    """Yield the ARN and the tags of each resource that a call names."""
    parameters = call.parameters
    for name, kind in _NAMED.items():
        if name in parameters:
            region = parameters.get("SourceRegion", call.region) if name == "SourceBackupId" else call.region
            resource = f"{kind}/{parameters[name]}"
            yield arn("fsx", region, call.account, resource), _resource_tags(world, call, region, resource)
    if "ResourceARN" in parameters:
        *_, region, _account, resource = parameters["ResourceARN"].split(":", 5)
        yield parameters["ResourceARN"], _resource_tags(world, call, region, resource)


def _resource_tags(world: ServiceState, call: Call, region: str, resource: str) -> dict[str, Values]:
    _, _, resource_id = resource.partition("/")
    there = world.region(region, call.account)
    found = world.backup(region, resource_id, call.account) or there.file_systems.get(resource_id)
    return {f"aws:ResourceTag/{key}": [value] for key, value in found.tags.items()} if found else {}


def _requested_tags(call: Call) -> dict[str, Values]:
    tags: Iterable[dict[str, str]] = call.parameters.get("Tags") or []
    values: dict[str, Values] = {f"aws:RequestTag/{tag['Key']}": [tag["Value"]] for tag in tags}
    tag_keys: Any = call.parameters.get("TagKeys") or [tag["Key"] for tag in tags]
    return values | ({"aws:TagKeys": tag_keys} if tag_keys else {})


def _arn(call: Call, resource: str) -> str:
    return arn("fsx", call.region, call.account, resource)


def _caller(call: Call) -> str:
    return f"arn:{partition_of(call.region)}:iam::{call.account}:user/{call.access_key}"


def _refusal(call: Call, access: Access, found: str) -> FsxError:
    explicit = ("with an explicit deny in a service control policy",) if found == "denied" else ()
    return access_denied(_caller(call), access.action, access.resource, *explicit)

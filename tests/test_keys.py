"""DrKey: one multi-Region key, who may use it, and what keeps it from being lost."""

import json
from typing import Any

import pulumi
import pytest
from pulumi_fsx_dr.dr_key import DrKey, DrKeyArgs, key_policy
from pulumi_fsx_dr.errors import InvalidSettingsError

from tests.recording import ACCOUNT, RecordingEngine

KEY, REPLICA, ALIAS = "aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:kms/alias:Alias"
ARGS: DrKeyArgs = {"region": "eu-central-1", "replica_regions": ["eu-west-1", "eu-north-1"]}


def made(args: DrKeyArgs, seen: list[Any] | None = None) -> RecordingEngine:
    """Register a key; the ARNs it resolves to are added to `seen`."""
    engine = RecordingEngine()
    engine.run(lambda: DrKey("copies", args).arns.apply((seen if seen is not None else []).append))
    return engine


def test_the_primary_key_and_its_replicas_stand_each_in_its_own_region() -> None:
    engine = made(ARGS)

    primary = engine.only(KEY).inputs
    assert (primary["region"], primary["multiRegion"], primary["enableKeyRotation"]) == ("eu-central-1", True, True)
    replicas = [(replica.name, replica.inputs["region"]) for replica in engine.of_type(REPLICA)]
    assert sorted(replicas) == [("copies-eu-north-1", "eu-north-1"), ("copies-eu-west-1", "eu-west-1")]
    primary_arn = f"arn:aws:made:eu-central-1:{ACCOUNT}:copies-eu-central-1"
    assert {replica.inputs["primaryKeyArn"] for replica in engine.of_type(REPLICA)} == {primary_arn}


def test_the_arns_are_given_per_region_for_kms_key_id() -> None:
    seen: list[Any] = []

    made(ARGS, seen)

    regions = ("eu-central-1", "eu-west-1", "eu-north-1")
    assert seen == [{region: f"arn:aws:made:{region}:{ACCOUNT}:copies-{region}" for region in regions}]


def test_keys_are_protected_and_can_be_called_back_for_thirty_days() -> None:
    keys = [key for key in made(ARGS).registered if key.type in (KEY, REPLICA)]

    assert [(key.protected, key.inputs["deletionWindowInDays"]) for key in keys] == [(True, 30)] * 3


def test_protection_can_be_lifted() -> None:
    keys = [key for key in made({**ARGS, "protect": False}).registered if key.type in (KEY, REPLICA)]

    assert [key.protected for key in keys] == [False] * 3


def test_an_alias_stands_for_the_key_of_each_region() -> None:
    aliases = made({**ARGS, "alias": "alias/fsx-dr"}).of_type(ALIAS)

    assert {alias.inputs["name"] for alias in aliases} == {"alias/fsx-dr"}
    assert {alias.inputs["region"]: alias.inputs["targetKeyId"] for alias in aliases} == {
        "eu-central-1": "copies-eu-central-1-key",
        "eu-west-1": "copies-eu-west-1-key",
        "eu-north-1": "copies-eu-north-1-key",
    }


def test_without_an_alias_none_is_made() -> None:
    assert made(ARGS).of_type(ALIAS) == []


def test_every_key_has_the_tags() -> None:
    engine = made({**ARGS, "tags": {"team": "storage"}})

    assert [key.inputs.get("tags") for key in engine.registered[1:]] == [{"team": "storage"}] * 3


@pytest.mark.parametrize(
    ("args", "account"), [(ARGS, ACCOUNT), ({**ARGS, "account_id": "444455556666"}, "444455556666")]
)
def test_each_key_has_the_policy_of_its_region_and_account(args: DrKeyArgs, account: str) -> None:
    keys = [key.inputs for key in made(args).registered if key.type in (KEY, REPLICA)]

    assert [json.loads(key["policy"]) for key in keys] == [key_policy(account, key["region"]) for key in keys]


def test_only_the_account_itself_administers_the_key() -> None:
    administers, *_ = key_policy(ACCOUNT, "eu-west-1")["Statement"]

    assert administers["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert administers["Action"] == ["kms:*"]


@pytest.mark.parametrize(
    ("region", "service"),
    [
        ("eu-west-1", "fsx.eu-west-1.amazonaws.com"),
        ("us-gov-west-1", "fsx.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "fsx.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_everybody_else_uses_it_only_through_fsx_and_for_the_account(region: str, service: str) -> None:
    _, *others = key_policy(ACCOUNT, region)["Statement"]

    through_fsx = {"kms:CallerAccount": ACCOUNT, "kms:ViaService": service}
    assert [statement["Condition"]["StringEquals"] for statement in others] == [through_fsx, through_fsx]


def test_grants_are_made_for_aws_resources_only() -> None:
    (grants,) = [each for each in key_policy(ACCOUNT, "eu-west-1")["Statement"] if "kms:CreateGrant" in each["Action"]]

    assert grants["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({**ARGS, "replica_regions": ["eu-central-1"]}, "eu-central-1 would get two keys"),
        ({**ARGS, "replica_regions": ["cn-north-1"]}, "No key spans partitions"),
        ({**ARGS, "replica_regions": ["nowhere"]}, "is not the name of an AWS Region"),
        ({**ARGS, "alias": "fsx-dr"}, "alias of DrKey copies is not a name"),
        ({**ARGS, "alias": "alias/aws/fsx"}, "alias of DrKey copies is not a name"),
        ({**ARGS, "alias": pulumi.Output.from_input("alias/dr")}, "alias of DrKey copies is not a name"),
        ({**ARGS, "region": pulumi.Output.from_input("eu-west-1")}, "strings that are known"),
        ({**ARGS, "replica_regions": 3}, "as a list"),
    ],
)
def test_what_kms_would_refuse_is_refused_before_anything_is_registered(args: Any, sentence: str) -> None:
    engine = RecordingEngine()

    with pytest.raises(InvalidSettingsError, match=sentence):
        engine.run(lambda: DrKey("copies", args))

    assert engine.registered == []


@pytest.mark.parametrize(
    "wrong", [{"alias": "hunter22"}, {"region": "hunter22"}, {"replica_regions": ["hunter22", "hunter22"]}]
)
def test_refusal_of_a_key_shows_no_value(wrong: dict[str, Any]) -> None:
    args: Any = {**ARGS, **wrong}

    with pytest.raises(InvalidSettingsError) as refusal:
        RecordingEngine().run(lambda: DrKey("copies", args))

    assert "DrKey copies" in str(refusal.value)
    assert "hunter22" not in str(refusal.value)


def test_the_keys_are_part_of_the_component() -> None:
    engine = RecordingEngine()

    engine.run(lambda: DrKey("copies", ARGS, pulumi.ResourceOptions()))

    assert engine.registered[0].type == "pulumi-fsx-dr:index:DrKey"
    assert len(engine.registered) == 4

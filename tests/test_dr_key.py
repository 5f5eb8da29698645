"""DrKey: a multi-Region key, its policy, and its protection."""

import json
from typing import Any

import pulumi
import pytest
from pulumi_fsx_dr.dr_key import DrKey, DrKeyArgs
from pulumi_fsx_dr.errors import InvalidSettingsError

from tests.recording import ACCOUNT, RecordingEngine, Registration

KEY, REPLICA, ALIAS = "aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:kms/alias:Alias"
REGIONS = ("eu-central-1", "eu-west-1", "eu-north-1")
ARGS: DrKeyArgs = {"region": REGIONS[0], "replica_regions": REGIONS[1:]}


def registered(args: Any, seen: list[Any] | None = None) -> RecordingEngine:
    """Register a DrKey, and add its ARNs to `seen`."""
    engine = RecordingEngine()
    engine.run(lambda: DrKey("copies", args).arns.apply((seen if seen is not None else []).append))
    return engine


def keys_of(args: Any) -> list[Registration]:
    return [key for key in registered(args).registered if key.type in (KEY, REPLICA)]


def policy(region: str, **args: Any) -> list[dict[str, Any]]:
    [key] = keys_of({"region": region, "replica_regions": [], **args})
    statements: list[dict[str, Any]] = json.loads(key.inputs["policy"])["Statement"]
    return statements


def test_dr_key_has_replica_in_each_region() -> None:
    arns: list[Any] = []
    engine = registered(ARGS, arns)

    primary = engine.only(KEY).inputs
    assert (primary["region"], primary["multiRegion"], primary["enableKeyRotation"]) == (REGIONS[0], True, True)
    replicas = [(replica.name, replica.inputs["region"]) for replica in engine.of_type(REPLICA)]
    assert sorted(replicas) == [("copies-eu-north-1", "eu-north-1"), ("copies-eu-west-1", "eu-west-1")]
    assert arns == [{region: f"arn:aws:kms:{region}:{ACCOUNT}:alias/copies-{region}" for region in REGIONS}]
    assert {replica.inputs["primaryKeyArn"] for replica in engine.of_type(REPLICA)} == {arns[0][REGIONS[0]]}
    assert engine.registered[0].type == "pulumi-fsx-dr:index:DrKey"
    assert engine.of_type(ALIAS) == []


@pytest.mark.parametrize("protect", [None, True, False])
def test_dr_key_protects_keys_by_default(protect: bool | None) -> None:  # noqa: FBT001  # a parameter of the test
    keys = keys_of({**ARGS, "tags": {"team": "storage"}} | ({} if protect is None else {"protect": protect}))

    expected = (protect is not False, 30, {"team": "storage"})
    assert [(key.protected, key.inputs["deletionWindowInDays"], key.inputs["tags"]) for key in keys] == [expected] * 3


def test_dr_key_makes_alias_in_each_region() -> None:
    aliases = registered({**ARGS, "alias": "alias/fsx-dr"}).of_type(ALIAS)

    assert {alias.inputs["name"] for alias in aliases} == {"alias/fsx-dr"}
    targets = {alias.inputs["region"]: alias.inputs["targetKeyId"] for alias in aliases}
    assert targets == {region: f"copies-{region}-key" for region in REGIONS}


def test_key_policy_matches_region() -> None:
    for key in keys_of(ARGS):
        assert json.loads(key.inputs["policy"])["Statement"] == policy(key.inputs["region"])


@pytest.mark.parametrize("account", [ACCOUNT, "444455556666"])
def test_key_policy_lets_only_account_administer(account: str) -> None:
    administers, *_ = policy("eu-west-1", **({} if account == ACCOUNT else {"account_id": account}))

    assert administers["Principal"] == {"AWS": f"arn:aws:iam::{account}:root"}
    assert administers["Action"] == "kms:*"


@pytest.mark.parametrize(
    ("region", "service"),
    [
        ("eu-west-1", "fsx.eu-west-1.amazonaws.com"),
        ("us-gov-west-1", "fsx.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "fsx.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_key_policy_limits_use_to_fsx_of_account(region: str, service: str) -> None:
    _, use, grant = policy(region)

    through_fsx = {"kms:CallerAccount": ACCOUNT, "kms:ViaService": service}
    assert use["Condition"] == {"StringEquals": through_fsx}
    assert "kms:CreateGrant" not in use["Action"]
    assert grant["Action"] == "kms:CreateGrant"
    assert grant["Condition"] == {"StringEquals": through_fsx, "Bool": {"kms:GrantIsForAWSResource": "true"}}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"replica_regions": ["eu-central-1"]}, "eu-central-1"),
        ({"replica_regions": ["cn-north-1"]}, "cn-north-1"),
        ({"replica_regions": ["hunter22"]}, "Region"),
        ({"replica_regions": ["hunter22", "hunter22"]}, "Region"),
        ({"replica_regions": 3}, "replica_regions"),
        ({"region": "hunter22"}, "Region"),
        ({"region": pulumi.Output.from_input("eu-west-1")}, "replica_regions"),
        ({"alias": "hunter22"}, "alias"),
        ({"alias": "alias/aws/fsx"}, "alias"),
        ({"alias": pulumi.Output.from_input("alias/dr")}, "alias"),
    ],
)
def test_dr_key_refuses_wrong_arguments_and_hides_values(wrong: dict[str, Any], named: str) -> None:
    engine = RecordingEngine()
    args: Any = {**ARGS, **wrong}

    with pytest.raises(InvalidSettingsError) as refusal:
        engine.run(lambda: DrKey("copies", args))

    assert named in str(refusal.value)
    assert "hunter22" not in str(refusal.value)
    assert engine.registered == []

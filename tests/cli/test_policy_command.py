from typing import Any

import pytest
from pulumi_fsx_dr.rules.iam_policy import Purpose, policy, protection

from tests.cli.world import World

ACCOUNT, SOURCE, DR = ("--account", "111122223333"), ("--source-region", "eu-central-1"), ("--dr-region", "eu-west-1")
WHERE = (*ACCOUNT, *SOURCE, *DR)
REGIONS: dict[str, Any] = {"source_regions": ["eu-central-1"], "dr_regions": ["eu-west-1"]}
KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f"


@pytest.mark.parametrize("purpose", Purpose)
def test_policy_is_printed_for_each_purpose(world: World, purpose: Purpose) -> None:
    assert world.json("policy", *WHERE, "--for", purpose) == policy("111122223333", purpose, **REGIONS)


def test_policy_is_for_up_by_default_with_keys(world: World) -> None:
    expected = policy("111122223333", Purpose.UP, **REGIONS, key_arns={"eu-west-1": [KEY_ARN]})

    assert world.json("policy", *WHERE, "--key", KEY_ARN) == expected


def test_policy_of_coverage_needs_no_region(world: World) -> None:
    assert world.json("policy", "--for", "coverage", *ACCOUNT)["Statement"]
    assert world.run("policy", *ACCOUNT, *SOURCE).exit_code == 2


def test_policy_of_drill_and_protection_needs_no_source_region(world: World) -> None:
    role = "arn:aws:iam::111122223333:role/fsx-dr"

    assert world.run("policy", "--for", "drill", *ACCOUNT, *DR).exit_code == 0
    protected = world.json("policy", "--protect", role, *ACCOUNT, *DR)
    assert protected == protection("111122223333", [role], dr_regions=["eu-west-1"])

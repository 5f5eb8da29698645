import json

import pytest

from tests.cli.world import RECORDED, World


def preview(name: str) -> str:
    return str(RECORDED / f"preview_{name}.json")


def test_check_exits_0_if_every_region_keeps_a_copy(world: World) -> None:
    assert world.run("check", preview("delete_one"), "--require-region", "eu-north-1").exit_code == 0


def test_check_exits_1_if_last_copy_is_deleted(world: World) -> None:
    result = world.run("check", "-", stdin=(RECORDED / "preview_delete_last.json").read_text())

    assert (result.exit_code, result.stdout.count("✗")) == (1, 1)


def test_check_exits_1_for_too_many_full_copies(world: World) -> None:
    """The recorded change gives a DrRegion another key."""
    refused = world.run("check", preview("dr_region_key"), "--max-full-copies", "0")
    allowed = world.run("check", preview("dr_region_key"), "--max-full-copies", "1")

    assert (refused.exit_code, allowed.exit_code) == (1, 0)
    assert "1 of dr in eu-west-1" in refused.stdout


def test_check_counts_copies_to_make(world: World) -> None:
    name = preview("dr_region_create")

    assert "eu-west-1: 2 copies to make" in world.run("check", name).stdout
    (total,) = json.loads(world.run("check", name, "--json").stdout)["copies"]
    assert total.startswith("eu-west-1: 2 copies to make")


def test_check_reports_violations_as_json(world: World) -> None:
    key = "eu-west-1=11111111-1111-4111-8111-111111111111"

    result = world.run("check", preview("no_change"), "--require-key", key, "--require-region", "us-east-1", "--json")

    west, east = json.loads(result.stdout)["violations"]
    assert ("11111111" in west, "us-east-1" in east, result.exit_code) == (True, True, 1)


@pytest.mark.parametrize(
    ("required", "named"),
    [
        ("eu-west-1=alias/x", "'alias/x' is not"),
        ("eu-west-1=bananas", "'bananas' is not"),
        ("eu-west-1=arn:aws:kms:eu-north-1:111122223333:key/11111111-1111-4111-8111-111111111111", "in eu-west-1"),
        ("eu-west-12=11111111-1111-4111-8111-111111111111", "Did you mean eu-west-1?"),
    ],
)
def test_check_refuses_key_that_no_copy_can_have(world: World, required: str, named: str) -> None:
    result = world.run("check", preview("no_change"), "--require-key", required)

    assert (result.exit_code, result.stdout) == (2, "")
    assert named in result.stderr

import json
from pathlib import Path
from typing import Any

import pytest
from pulumi_fsx_dr.fsx.partitions import regions_with_fsx

from tests.cli.world import STATE, World

HOME = "eu-central-1"
SEARCH = ("coverage", "--state", STATE)


@pytest.fixture
def covered(world: World) -> str:
    """Return a file system with a copy in the recorded state."""
    resources = json.loads(Path(STATE).read_text())["deployment"]["resources"]
    file_system = next(r["outputs"]["file_system_id"] for r in resources if r["type"].endswith(":BackupCopy"))
    return world.service.seed_file_system(HOME, file_system_id=file_system)


def by_id(document: Any) -> dict[str, str]:
    return {row["id"]: row["status"] for row in document["coverage"]}


def test_coverage_exits_0_if_all_have_copies(world: World, covered: str) -> None:
    assert by_id(world.json(*SEARCH, "--json")) == {covered: "covered"}
    assert world.run(*SEARCH).exit_code == 0


def test_coverage_lists_file_systems_without_copy(world: World, covered: str) -> None:
    forgotten = world.service.seed_file_system("us-west-2", tags={"Name": "[red]payroll"})

    result = world.run(*SEARCH)

    assert result.exit_code == 1
    assert [text in result.stdout for text in (forgotten, "[red]payroll", "us-west-2")] == [True] * 3
    assert covered not in result.stdout
    assert covered in world.run(*SEARCH, "--all").stdout


def test_coverage_lists_ontap_volumes(world: World) -> None:
    ontap = world.service.seed_file_system(HOME, "ONTAP")

    [row] = world.json(*SEARCH, "--json")["coverage"]

    assert (row["file_system_id"], row["name"], row["status"]) == (ontap, "vol1", "missing")
    assert row["id"].startswith("fsvol-")


@pytest.mark.usefixtures("covered")
def test_coverage_excludes_file_systems(world: World) -> None:
    dev, ontap = world.service.seed_file_system(HOME), world.service.seed_file_system(HOME, "ONTAP")

    assert world.run(*SEARCH).exit_code == 1
    assert world.run(*SEARCH, "--exclude", dev, "--exclude", ontap).exit_code == 0


def test_coverage_refuses_exclusion_that_is_not_an_id(world: World) -> None:
    result = world.run(*SEARCH, "--exclude", "bla")

    assert (result.exit_code, "'bla' is not the id of a file system" in result.stderr) == (2, True)


def test_coverage_searches_all_regions_by_default(world: World) -> None:
    world.service.seed_file_system("us-west-2")

    assert world.json(*SEARCH, "--json")["regions"] == regions_with_fsx("eu-west-1")
    assert world.json(*SEARCH, "--region", HOME, "--json")["regions"] == [HOME]
    assert world.run(*SEARCH, "--region", HOME).exit_code == 0


def test_coverage_fails_if_region_is_unreadable(world: World, covered: str) -> None:
    world.service.add_fault("access_denied", region="us-west-2")

    result = world.run(*SEARCH)
    document = world.json(*SEARCH, "--json")

    assert result.exit_code == 2
    assert "us-west-2" in result.stderr
    assert by_id(document) == {covered: "covered"}
    assert list(document["errors"]) == ["us-west-2"]


def test_coverage_skips_regions_that_are_not_enabled(world: World, covered: str) -> None:
    world.service.add_fault("not_enabled", region="af-south-1")

    document = world.json(*SEARCH, "--json")

    assert (by_id(document), document["errors"]) == ({covered: "covered"}, {})
    assert "af-south-1" not in document["regions"]
    assert world.run(*SEARCH).exit_code == 0


def test_coverage_fails_if_all_regions_refuse_credentials(world: World) -> None:
    world.service.add_fault("not_enabled")

    result = world.run(*SEARCH)

    assert (result.exit_code, result.stdout) == (2, "")

"""A whole DR Region: retention, an unreachable source Region, and mistyped file systems."""

from typing import Literal

import pytest

from simulator.fsx import Control
from simulator.project import Project

from .engines import CLI
from .project import DR, SOURCE_REGION, copies, expire

PROGRAM = """
import json
import pulumi
from pulumi_fsx_dr import DrRegion

declared = json.load(open("declared.json"))
region = DrRegion("dr", declared)
pulumi.export("copies", region.copies)
pulumi.export("latest", region.latest)
pulumi.export("readiness", region.readiness(24))
"""
HOUR = 3600


@pytest.fixture
def backups(aws: Control, file_system: str) -> list[str]:
    """Return three backups of one file system, oldest first."""
    return [
        aws.seed_backup(SOURCE_REGION, file_system, created=aws.now() - age * HOUR, tags={"origin": "nightly"})
        for age in (3, 2, 1)
    ]


@pytest.fixture
def dr(project: Project) -> Project:
    (project.folder / "__main__.py").write_text(PROGRAM)
    return project


def declare(project: Project, file_system: str, **args: object) -> None:
    sources = [{"file_system_id": file_system, "region": SOURCE_REGION}]
    project.declare(**{"region": DR, "sources": sources, "keep": 2, **args})


def copied(aws: Control) -> set[str]:
    return {copy["source_backup_id"] for copy in copies(aws)}


@pytest.mark.smoke
def test_up_copies_newest_backups_and_deletes_oldest_copy(
    dr: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    declare(dr, file_system)
    dr.up()
    assert copied(aws) == set(backups[1:])
    assert {copy["tags"].get("origin") for copy in copies(aws)} == {"nightly"}
    assert set(dr.ids()) == {f"dr-{backup}" for backup in backups[1:]}
    dr.run("preview", "--expect-no-changes")

    newest = aws.seed_backup(SOURCE_REGION, file_system)
    assert f"dr-{backups[1]}" in dr.up()

    assert copied(aws) == {backups[2], newest}
    known = dr.outputs()
    assert known["latest"] == {file_system: dr.ids()[f"dr-{newest}"]}
    assert [row["newest_copy"] for row in known["readiness"]] == list(known["latest"].values())


def test_retention_policy_keeps_newest_copy_of_day(dr: Project, aws: Control, file_system: str) -> None:
    noon = aws.now() // (24 * HOUR) * 24 * HOUR - 12 * HOUR  # yesterday
    before, morning = (aws.seed_backup(SOURCE_REGION, file_system, created=noon - age * HOUR) for age in (24, 3))
    declare(dr, file_system, keep={"daily": 2, "within": "1h"})
    dr.up()
    assert copied(aws) == {before, morning}

    evening = aws.seed_backup(SOURCE_REGION, file_system, created=noon + 6 * HOUR)
    shown = dr.run("preview")
    dr.up()

    assert all(backup in shown for backup in (before, morning, evening))
    assert copied(aws) == {before, evening}
    dr.run("preview", "--expect-no-changes")


@pytest.mark.parametrize("fault", ["refuse", pytest.param("unavailable", marks=pytest.mark.slow)])
def test_copies_outlive_source_backups_and_region(
    dr: Project, aws: Control, file_system: str, backups: list[str], fault: Literal["refuse", "unavailable"]
) -> None:
    declare(dr, file_system)
    dr.up()
    before = dr.ids()

    aws.make_unreachable(SOURCE_REGION, fault)
    assert SOURCE_REGION in dr.run("preview", "--expect-no-changes")
    dr.run("refresh", "--yes")
    aws.lift_fault()
    expire(aws, *backups)
    aws.remove_file_system(SOURCE_REGION, file_system)
    dr.up()

    assert dr.ids() == before
    assert copied(aws) == set(backups[1:])
    aws.make_unreachable(SOURCE_REGION, fault)
    dr.run("destroy", "--yes")
    assert copied(aws) == set()


losing_sources = pytest.mark.parametrize("happens", ["unreachable", pytest.param("expired", marks=pytest.mark.slow)])


def lose_sources(aws: Control, backups: list[str], happens: str) -> None:
    if happens == "unreachable":
        aws.make_unreachable(SOURCE_REGION)
    else:
        expire(aws, *backups)


def rename(project: Project) -> None:
    renamed = 'DrRegion("renamed", declared, pulumi.ResourceOptions(aliases=[pulumi.Alias(name="dr")]))'
    (project.folder / "__main__.py").write_text(PROGRAM.replace('DrRegion("dr", declared)', renamed))


@pytest.mark.parametrize("project", [CLI], indirect=True)
@losing_sources
def test_renamed_region_with_alias_keeps_copies_without_sources(
    dr: Project, aws: Control, file_system: str, backups: list[str], happens: str
) -> None:
    declare(dr, file_system)
    dr.up()
    before = set(dr.ids().values())

    rename(dr)
    lose_sources(aws, backups, happens)
    dr.up()
    dr.up()

    assert set(dr.ids().values()) == before == {copy["id"] for copy in copies(aws)}


@pytest.mark.parametrize("project", [CLI], indirect=True)
@losing_sources
def test_renamed_stack_keeps_copies_without_sources(
    dr: Project, aws: Control, file_system: str, backups: list[str], happens: str
) -> None:
    declare(dr, file_system)
    dr.up()
    before = dr.ids()

    dr.run("stack", "rename", "prod")
    lose_sources(aws, backups, happens)
    dr.up()

    assert dr.ids() == before
    assert {copy["id"] for copy in copies(aws)} == set(before.values())
    dr.run("preview", "--expect-no-changes")


def test_second_stack_keeps_copies_of_first(dr: Project, aws: Control, file_system: str, backups: list[str]) -> None:
    declare(dr, file_system)
    dr.up()
    first = dr.ids()
    expire(aws, *backups[:2])

    dr.run("stack", "init", "second")
    dr.up()
    assert set(dr.ids()) == {f"dr-{backups[2]}"}
    dr.run("destroy", "--yes")

    assert {copy["id"] for copy in copies(aws)} == set(first.values())


def test_up_and_destroy_keep_copies_of_others(dr: Project, aws: Control, file_system: str, backups: list[str]) -> None:
    client = aws.client("fsx", DR)
    foreign = client.copy_backup(SourceBackupId=backups[0], SourceRegion=SOURCE_REGION)["Backup"]["BackupId"]
    client.close()
    declare(dr, file_system, keep=1)

    dr.up()
    dr.run("destroy", "--yes")

    assert [copy["id"] for copy in copies(aws)] == [foreign]


def declare_with_bad_source(project: Project, aws: Control, file_system: str) -> tuple[str, str]:
    """Declare a second file system, and return it and its only backup, which has too many tags for a copy."""
    bad = aws.seed_file_system(SOURCE_REGION)
    crowded = aws.seed_backup(SOURCE_REGION, bad, tags={f"tag-{n}": "x" for n in range(50)})
    sources = [{"file_system_id": name, "region": SOURCE_REGION} for name in (bad, file_system)]
    project.declare(region=DR, sources=sources, keep=1)
    return bad, crowded


def test_up_copies_other_sources_before_bad_source_fails(
    dr: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    bad, crowded = declare_with_bad_source(dr, aws, file_system)

    shown = dr.run("preview")
    assert (bad in shown, f"dr-{crowded}" in shown) == (True, False)
    shown = dr.up("--parallel", "2", succeeds=False)

    assert copied(aws) == {backups[2]}
    assert crowded in shown


@pytest.mark.parametrize("project", [CLI], indirect=True)
def test_continue_on_error_expires_copies_despite_bad_source(
    dr: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    declare(dr, file_system, keep=1)
    dr.up()
    _, crowded = declare_with_bad_source(dr, aws, file_system)
    newest = aws.seed_backup(SOURCE_REGION, file_system)

    shown = dr.up("--continue-on-error", succeeds=False)

    assert copied(aws) == {newest}
    assert crowded in shown
    assert backups[2] in shown

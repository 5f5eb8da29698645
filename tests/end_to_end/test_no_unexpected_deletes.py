"""No copy is deleted unexpectedly: with unreachable Regions, after renames and moves, and with other stacks.

tests/stacks and tests/test_plan.py test the decisions in process.
"""

import signal
from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG

from simulator.fsx import Control
from simulator.project import Project, eventually, interrupt

from .engines import CLI
from .project import DR, SOURCE_REGION, copies, expire, new_key, urn

OTHER_DR = "eu-central-1"
HOUR = 3600
PROGRAM = """
import json
import pulumi
from pulumi_fsx_dr import BackupCopy, DrRegion

declared = json.load(open("declared.json"))
for name, args in declared["regions"].items():
    parent = args.pop("parent", None)
    parent = pulumi.ComponentResource(f"my:index:{parent}", parent) if parent else None
    region = DrRegion(name, args, pulumi.ResourceOptions(parent=parent))
    pulumi.export(f"{name} latest", region.latest)
    pulumi.export(f"{name} readiness", region.readiness(24))
for name, args in declared["copies"].items():
    pulumi.export(name, BackupCopy(name, args).id)
"""
only_cli = pytest.mark.parametrize("project", [CLI], indirect=True)


@pytest.fixture
def backups(aws: Control, file_system: str) -> list[str]:
    """Return two backups of one file system, oldest first."""
    return [backup(aws, file_system, age) for age in (2, 1)]


@pytest.fixture
def stack(project: Project) -> Project:
    (project.folder / "__main__.py").write_text(PROGRAM)
    return project


def backup(aws: Control, file_system: str, age: float = 0, region: str = SOURCE_REGION) -> str:
    """Return a backup of this age in hours."""
    return aws.seed_backup(region, file_system, created=aws.now() - age * HOUR)


def region_of(file_system: str, **args: Any) -> dict[str, Any]:
    return {"region": DR, "keep": 2, "sources": [{"file_system_id": file_system, "region": SOURCE_REGION}], **args}


def declare(stack: Project, regions: dict[str, Any] | None = None, copies: dict[str, Any] | None = None) -> None:
    stack.declare(regions=regions or {}, copies=copies or {})


def ids(aws: Control, region: str = DR) -> set[str]:
    return {copy["id"] for copy in copies(aws, region)}


def brought_up(stack: Project, aws: Control, **regions: Any) -> set[str]:
    """Deploy DrRegions, and return the ids of their copies."""
    declare(stack, regions)
    stack.up()
    return ids(aws)


def test_moved_dr_region_keeps_copies_until_new_ones_exist(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system))
    assert len(before) == len(backups)

    declare(stack, {"dr": region_of(file_system, region=OTHER_DR)})
    aws.make_unreachable(SOURCE_REGION, "unavailable")
    shown = stack.up()
    assert ids(aws) == before
    assert all(copy in shown for copy in before)

    aws.lift_fault()
    shown = stack.up()
    assert (ids(aws), len(ids(aws, OTHER_DR))) == (set(), 2)
    assert all(deleted in shown for deleted in before)


def test_killed_copy_is_resumed_after_unreachable_source(stack: Project, aws: Control) -> None:
    """The `up` in between declares no copies; the owner id must stay the same."""
    backup(aws, aws.seed_file_system(SOURCE_REGION, tags={"backup": "yes"}))
    declare(stack, {"dr": {"region": DR, "sources": [{"tags": {"backup": "yes"}, "region": SOURCE_REGION}]}})
    aws.set_copy_seconds(3600)
    interrupt(stack.start_up(), lambda: len(copies(aws)) == 1, [signal.SIGKILL])
    eventually(lambda: not stack.plugins())
    stack.run("cancel", "--yes")
    aws.finish_copies()
    aws.set_copy_seconds(1)

    aws.make_unreachable(SOURCE_REGION)
    stack.up()
    aws.lift_fault()
    stack.up()

    assert ids(aws) == set(stack.ids().values())
    assert len(aws.journal(DR, "CopyBackup")) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({"name": "dr"}, {"name": "west"}, id="name"),
        pytest.param({"name": "dr", "parent": "App"}, {"name": "dr", "parent": "Platform"}, id="parent"),
    ],
)
def test_renamed_dr_region_keeps_copies_without_alias(  # noqa: PLR0913, PLR0917  # fixtures, and a case
    stack: Project, aws: Control, file_system: str, backups: list[str], before: dict[str, str], after: dict[str, str]
) -> None:
    def declared(name: str, **options: str) -> dict[str, Any]:
        return {name: region_of(file_system, **options)}

    made = brought_up(stack, aws, **declared(**before))
    expire(aws, backups[0])

    brought_up(stack, aws, **declared(**after))

    assert ids(aws) == made == set(stack.ids().values())
    assert aws.counts(DR)["CopyBackup"] == len(backups)


@only_cli
def test_renamed_state_entries_keep_copies(stack: Project, aws: Control, file_system: str, backups: list[str]) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system))
    for resource in stack.resources():
        name = resource["urn"].rpartition("::")[2]
        if name.startswith("dr"):
            stack.run("state", "rename", resource["urn"], name.replace("dr", "west", 1), "--yes")
    expire(aws, backups[0])

    stack.up()

    assert ids(aws) == before == set(stack.ids().values())


@only_cli
def test_renamed_stack_with_colons_in_a_name_keeps_copies(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    before = brought_up(stack, aws, **{"dr::files": region_of(file_system)})

    stack.run("stack", "rename", "prod")
    expire(aws, *backups)
    stack.up()

    assert ids(aws) == before


@pytest.mark.slow
def test_ontap_copies_are_kept_per_volume_and_while_unreachable(stack: Project, aws: Control) -> None:
    file_system = aws.seed_file_system(SOURCE_REGION, "ONTAP")
    volumes = [aws.seed_volume(SOURCE_REGION, file_system, name) for name in ("home", "projects")]
    for volume in volumes:
        for age in (3, 2, 1):
            aws.seed_backup(SOURCE_REGION, file_system, volume_id=volume, created=aws.now() - age * HOUR)
    before = brought_up(stack, aws, dr=region_of(file_system))
    assert len(before) == 2 * len(volumes)
    assert stack.outputs()["dr latest"].keys() == {file_system}

    aws.make_unreachable(SOURCE_REGION)
    stack.up()

    assert ids(aws) == before


@only_cli
def test_copy_removed_from_state_is_resumed(stack: Project, aws: Control, file_system: str, backups: list[str]) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system))
    forgotten = stack.ids()[f"dr-{backups[0]}"]
    gone = next(r["urn"] for r in stack.resources() if r.get("id") == forgotten)
    stack.run("state", "delete", gone, "--yes")
    expire(aws, backups[0])

    stack.up()

    assert ids(aws) == before == set(stack.ids().values())
    stack.run("preview", "--expect-no-changes")


@only_cli
@pytest.mark.parametrize("again", ["same key", "another key"])
def test_copy_moved_to_another_stack_stays_there(stack: Project, aws: Control, backups: list[str], again: str) -> None:
    args = {"source_backup_id": backups[0], "source_region": SOURCE_REGION, "region": DR}
    declare(stack, copies={"nightly": args})
    stack.up()
    made = stack.ids()["nightly"]
    stack.run("stack", "init", "other")
    stack.run("state", "move", "--source", "dev", "--dest", "other", "--yes", urn("nightly"))
    stack.up()

    stack.run("stack", "select", "dev")
    key = {"kms_key_id": new_key(aws)} if again == "another key" else {}
    declare(stack, copies={"nightly": {**args, **key}})
    stack.up()

    assert made in ids(aws)
    assert stack.ids()["nightly"] != made
    stack.run("destroy", "--yes")
    assert ids(aws) == {made}


def test_copy_keeps_its_default_region(stack: Project, aws: Control, backups: list[str]) -> None:
    stack.environment["AWS_REGION"] = DR
    args = {"source_backup_id": backups[0], "source_region": SOURCE_REGION}
    declare(stack, copies={"nightly": args})
    stack.up()
    assert len(ids(aws)) == 1

    stack.environment["AWS_REGION"] = SOURCE_REGION
    stack.up("--replace", urn("nightly"))

    assert ids(aws, SOURCE_REGION) == set()
    assert ids(aws) == {stack.ids()["nightly"]}


@only_cli
@pytest.mark.usefixtures("backups")
def test_failed_copy_prevents_deletes_of_its_file_system(stack: Project, aws: Control, file_system: str) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system, keep=1))
    newest = backup(aws, file_system)

    aws.fail_copies("no luck")
    shown = stack.up("--continue-on-error", succeeds=False)
    assert ids(aws) == before
    assert newest in shown

    stack.up()
    assert ids(aws) == {stack.ids()[f"dr-{newest}"]}


@only_cli
@pytest.mark.usefixtures("backups")
def test_moved_dr_region_without_permission_keeps_copies(stack: Project, aws: Control, file_system: str) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system))

    declare(stack, {"dr": region_of(file_system, region=OTHER_DR)})
    aws.add_fault("access_denied", "CopyBackup", region=OTHER_DR)
    stack.up("--continue-on-error", succeeds=False)

    assert ids(aws) == before


def test_refresh_writes_missing_tag_before_destroy(stack: Project, aws: Control, backups: list[str]) -> None:
    declare(stack, copies={"nightly": {"source_backup_id": backups[0], "source_region": SOURCE_REGION, "region": DR}})
    stack.up()
    (made,) = copies(aws)
    aws.set_tags(DR, made["id"], {})

    stack.run("refresh", "--yes")

    assert copies(aws)[0]["tags"] == {OWNERSHIP_TAG: made["tags"][OWNERSHIP_TAG]}
    stack.run("destroy", "--yes")
    assert ids(aws) == set()


@only_cli
def test_kill_without_checkpoints_makes_no_second_copy(stack: Project, aws: Control, backups: list[str]) -> None:
    """The owner id is saved by the first run, which has checkpoints."""
    args = {"source_region": SOURCE_REGION, "region": DR}
    declared = {f"copy-{n}": {"source_backup_id": source, **args} for n, source in enumerate(backups)}
    declare(stack, copies={"copy-0": declared["copy-0"]})
    stack.up()
    stack.environment["PULUMI_SKIP_CHECKPOINTS"] = "true"
    declare(stack, copies=declared)
    interrupt(
        stack.start_up(),
        lambda: len(ids(aws)) == 2 and all(copy["lifecycle"] == "AVAILABLE" for copy in copies(aws)),
        [signal.SIGKILL],
    )
    stack.end_processes()
    stack.run("cancel", "--yes")

    stack.up()

    assert ids(aws) == set(stack.ids().values())
    assert len(ids(aws)) == 2


@only_cli
def test_failed_copy_keeps_outputs_of_other_copies(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    other = aws.seed_file_system(SOURCE_REGION)
    backup(aws, other)
    declare(stack, {"dr": region_of(file_system), "central": region_of(other, region=OTHER_DR)})
    aws.add_fault("access_denied", "CopyBackup", region=OTHER_DR)

    stack.up("--continue-on-error", succeeds=False)

    known = stack.outputs()
    assert known["dr latest"] == {file_system: stack.ids()[f"dr-{backups[1]}"]}
    assert [row["newest_copy"] for row in known["dr readiness"]] == list(known["dr latest"].values())
    assert [row["copies"] for row in known["central readiness"]] == [{}]

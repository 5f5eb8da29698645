"""No copy is deleted unexpectedly: with unreachable Regions, after renames and moves, and beside other stacks.

What tests/stacks and tests/test_declaration.py show in process is marked slow.
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
    """Return a backup that was made so many hours ago."""
    return aws.seed_backup(region, file_system, created=aws.now() - age * HOUR)


def region_of(file_system: str, **args: Any) -> dict[str, Any]:
    """Return the arguments of a DrRegion."""
    return {"region": DR, "keep": 2, "sources": [{"file_system_id": file_system, "region": SOURCE_REGION}], **args}


def declare(stack: Project, regions: dict[str, Any] | None = None, copies: dict[str, Any] | None = None) -> None:
    stack.declare(regions=regions or {}, copies=copies or {})


def ids(aws: Control, region: str = DR) -> set[str]:
    return {copy["id"] for copy in copies(aws, region)}


def brought_up(stack: Project, aws: Control, **regions: Any) -> set[str]:
    """Bring DrRegions up, and return the ids of their copies."""
    declare(stack, regions)
    stack.up()
    return ids(aws)


def test_moved_dr_region_keeps_copies_until_new_ones_exist(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system))
    assert len(before) == len(backups)

    declare(stack, {"dr": region_of(file_system, region=OTHER_DR)})
    aws.darken(SOURCE_REGION, "unavailable")
    shown = stack.up()
    assert ids(aws) == before
    assert all(copy in shown for copy in before)

    aws.lift_fault()
    shown = stack.up()
    assert (ids(aws), len(ids(aws, OTHER_DR))) == (set(), 2)
    assert all(deleted in shown for deleted in before)


@pytest.mark.slow
def test_moved_dr_region_without_sources_keeps_copies(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system))
    expire(aws, *backups)

    declare(stack, {"dr": region_of(file_system, region=OTHER_DR)})
    stack.up()
    stack.up()

    assert ids(aws) == before
    assert set(stack.ids().values()) == before


def test_copy_of_killed_up_is_resumed_after_unreachable_source(stack: Project, aws: Control) -> None:
    """The `up` in between declares no copy at all, and must not end the owner id."""
    backup(aws, aws.seed_file_system(SOURCE_REGION, tags={"backup": "yes"}))
    declare(stack, {"dr": {"region": DR, "sources": [{"tags": {"backup": "yes"}, "region": SOURCE_REGION}]}})
    aws.set_copy_seconds(3600)
    interrupt(stack.start_up(), lambda: len(copies(aws)) == 1, [signal.SIGKILL])
    eventually(lambda: not stack.plugins())
    stack.run("cancel", "--yes")
    aws.finish_copies()
    aws.set_copy_seconds(1)

    aws.darken(SOURCE_REGION)
    stack.up()
    aws.lift_fault()
    stack.up()

    assert ids(aws) == set(stack.ids().values())
    assert len(aws.journal(DR, "CopyBackup")) == 1


@pytest.mark.parametrize("happens", ["unreachable", pytest.param("expired", marks=pytest.mark.slow)])
def test_renamed_dr_region_keeps_copies_without_alias(
    stack: Project, aws: Control, file_system: str, backups: list[str], happens: str
) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system))

    declare(stack, {"west": region_of(file_system)})
    if happens == "unreachable":
        aws.darken(SOURCE_REGION)
    else:
        expire(aws, backups[0])
    stack.up()

    assert ids(aws) == before == set(stack.ids().values())
    assert set(stack.ids()) == {f"west-{source}" for source in backups}
    assert aws.counts(DR)["CopyBackup"] == len(backups)


@pytest.mark.slow
def test_dr_region_under_another_parent_keeps_copies(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system, parent="App"))
    expire(aws, backups[0])

    declare(stack, {"dr": region_of(file_system, parent="Platform")})
    stack.up()

    assert ids(aws) == before == set(stack.ids().values())


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

    aws.darken(SOURCE_REGION)
    stack.up()

    assert ids(aws) == before


@only_cli
def test_copy_deleted_from_the_state_is_resumed(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
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


@pytest.mark.parametrize("change", ["replace", pytest.param("source", marks=pytest.mark.slow)])
def test_copy_keeps_its_default_region(stack: Project, aws: Control, backups: list[str], change: str) -> None:
    stack.environment["AWS_REGION"] = DR
    args = {"source_backup_id": backups[0], "source_region": SOURCE_REGION}
    declare(stack, copies={"nightly": args})
    stack.up()
    assert len(ids(aws)) == 1

    stack.environment["AWS_REGION"] = SOURCE_REGION
    if change == "source":
        declare(stack, copies={"nightly": {**args, "source_backup_id": backups[1]}})
        stack.up()
    else:
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


@pytest.mark.slow
def test_leftovers_of_killed_up_are_reported_if_outdated(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    aws.configure(copy_seconds=1000)
    declare(stack, {"dr": region_of(file_system)})
    interrupt(stack.start_up(), lambda: len(ids(aws)) == 2, [signal.SIGKILL])
    stack.end_processes()
    begun = ids(aws)
    aws.configure(copy_seconds=1)
    aws.finish_copies()
    for _ in backups:
        backup(aws, file_system)
    stack.run("cancel", "--yes")

    shown = stack.up()

    assert begun <= ids(aws)
    assert all(copy in shown for copy in begun)


def test_destroy_deletes_copy_that_fsx_does_not_show_yet(stack: Project, aws: Control, backups: list[str]) -> None:
    aws.configure(copy_seconds=2, shown_after_seconds=8)
    (stack.folder / "__main__.py").write_text(
        PROGRAM.replace(
            "BackupCopy(name, args)",
            "BackupCopy(name, args, pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create='2s')))",
        )
    )
    declare(stack, copies={"nightly": {"source_backup_id": backups[0], "source_region": SOURCE_REGION, "region": DR}})
    stack.up(succeeds=False)
    assert stack.ids()

    stack.run("destroy", "--yes")

    aws.configure(shown_after_seconds=0)
    eventually(lambda: not ids(aws), "the deletion")


@pytest.mark.slow
def test_copy_of_expired_source_keeps_its_key(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    declare(stack, {"dr": region_of(file_system)})
    stack.up()
    expired = stack.ids()[f"dr-{backups[0]}"]
    expire(aws, backups[0])
    key = new_key(aws)

    declare(stack, {"dr": region_of(file_system, kms_key_id=key)})
    shown = stack.up()
    stack.run("preview", "--expect-no-changes")

    assert expired in shown
    assert {copy["id"] == expired: copy["kms_key_arn"] == key for copy in copies(aws)} == {True: False, False: True}


def test_refresh_writes_missing_tag_so_that_destroy_works(stack: Project, aws: Control, backups: list[str]) -> None:
    declare(stack, copies={"nightly": {"source_backup_id": backups[0], "source_region": SOURCE_REGION, "region": DR}})
    stack.up()
    (made,) = copies(aws)
    aws.set_tags(DR, made["id"], {})

    stack.run("refresh", "--yes")

    assert copies(aws)[0]["tags"] == {OWNERSHIP_TAG: made["tags"][OWNERSHIP_TAG]}
    stack.run("destroy", "--yes")
    assert ids(aws) == set()


@pytest.mark.slow
def test_source_with_fifty_tags_does_not_stop_others(stack: Project, aws: Control, file_system: str) -> None:
    aws.seed_backup(SOURCE_REGION, file_system, tags={f"tag-{n}": "x" for n in range(50)})
    other = aws.seed_file_system(SOURCE_REGION)
    copied = backup(aws, other)
    sources = [{"file_system_id": name, "region": SOURCE_REGION} for name in (file_system, other)]
    declare(stack, {"dr": region_of(file_system, sources=sources)})

    shown = stack.up()

    assert file_system in shown
    assert [copy["source_backup_id"] for copy in copies(aws)] == [copied]


@pytest.mark.slow
def test_removed_output_source_leaves_copy_of_the_other(stack: Project, aws: Control, backups: list[str]) -> None:
    program = PROGRAM.replace(
        "    region = DrRegion(",
        "    for source in args['sources']:\n"
        "        source['backup_id'] = pulumi.Output.from_input(source['backup_id'])\n"
        "    region = DrRegion(",
    )
    (stack.folder / "__main__.py").write_text(program)
    sources = [{"backup_id": source, "region": SOURCE_REGION} for source in backups]
    declare(stack, {"dr": {"region": DR, "sources": sources}})
    stack.up()
    first, second = (next(c["id"] for c in copies(aws) if c["source_backup_id"] == source) for source in backups)

    declare(stack, {"dr": {"region": DR, "sources": sources[1:]}})
    shown = stack.up()

    assert ids(aws) == {second}
    assert first in shown
    assert aws.counts(DR)["CopyBackup"] == 2


@only_cli
def test_kill_without_checkpoints_makes_no_second_copy(stack: Project, aws: Control, backups: list[str]) -> None:
    """The owner id is in the state since the first run, which must have checkpoints."""
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
def test_failed_copy_leaves_outputs_of_others_known(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    other = aws.seed_file_system(SOURCE_REGION)
    backup(aws, other)
    declare(stack, {"dr": region_of(file_system), "central": region_of(other, region=OTHER_DR)})
    aws.add_fault("access_denied", "CopyBackup", region=OTHER_DR)

    stack.up("--continue-on-error", succeeds=False)

    known = stack.outputs()
    assert known["dr latest"] == {file_system: stack.ids()[f"dr-{backups[1]}"]}
    assert [row["verdict"] for row in known["dr readiness"]] == ["ready"]
    assert [row["verdict"] for row in known["central readiness"]] == ["missing"]

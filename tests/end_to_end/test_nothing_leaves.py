"""No copy leaves without a reason: whatever is not known, whatever things are called, whoever else is at it."""

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


# What is not known is not empty.


def test_a_dr_region_that_moves_while_its_source_is_dark_keeps_its_copies_until_the_new_ones_are_there(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system))
    assert len(before) == len(backups)

    declare(stack, {"dr": region_of(file_system, region=OTHER_DR)})
    aws.make_unreachable(SOURCE_REGION, "unavailable")
    shown = stack.up()
    assert ids(aws) == before
    assert (
        f"stays, although the program declares nothing there any more: no other Region has a copy of {file_system}"
        in shown
    )
    stack.run("preview", "--expect-no-changes")

    aws.lift_fault()
    shown = stack.up()
    assert (ids(aws), len(ids(aws, OTHER_DR))) == (set(), 2)
    assert all(f"{deleted} in {DR}" in shown for deleted in before)


def test_a_dr_region_that_moves_while_nothing_can_be_copied_keeps_its_copies(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system))
    expire(aws, *backups)

    declare(stack, {"dr": region_of(file_system, region=OTHER_DR)})
    stack.up()
    stack.up()

    assert ids(aws) == before
    assert set(stack.ids().values()) == before


def test_copy_of_a_killed_up_is_resumed_after_an_up_while_its_source_is_unreachable(
    stack: Project, aws: Control
) -> None:
    """The `up` in between declares no copy at all, and must not end the owner id."""
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


@pytest.mark.parametrize("happens", ["dark", "expired"])
def test_a_renamed_dr_region_keeps_its_copies_without_an_alias(
    stack: Project, aws: Control, file_system: str, backups: list[str], happens: str
) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system))

    declare(stack, {"west": region_of(file_system)})
    if happens == "dark":
        aws.make_unreachable(SOURCE_REGION)
    else:
        expire(aws, backups[0])
    stack.up()

    assert ids(aws) == before == set(stack.ids().values())
    assert set(stack.ids()) == {f"west-{source}" for source in backups}
    assert aws.counts(DR)["CopyBackup"] == len(backups)


def test_a_dr_region_that_moves_under_another_parent_keeps_its_copies(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system, parent="App"))
    expire(aws, backups[0])

    declare(stack, {"dr": region_of(file_system, parent="Platform")})
    stack.up()

    assert ids(aws) == before == set(stack.ids().values())


@only_cli
def test_entries_that_are_renamed_in_the_state_keep_their_copies(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system))
    for resource in stack.resources():
        name = resource["urn"].rpartition("::")[2]
        if name.startswith("dr"):
            stack.run("state", "rename", resource["urn"], name.replace("dr", "west", 1), "--yes")
    expire(aws, backups[0])

    stack.up()

    assert ids(aws) == before == set(stack.ids().values())


@only_cli
def test_a_name_that_holds_colons_and_a_renamed_stack_keep_their_copies(
    stack: Project, aws: Control, file_system: str, backups: list[str]
) -> None:
    before = brought_up(stack, aws, **{"dr::files": region_of(file_system)})

    stack.run("stack", "rename", "prod")
    expire(aws, *backups)
    stack.up()

    assert ids(aws) == before


def test_copies_of_ontap_volumes_are_kept_per_volume_and_through_a_dark_source_region(
    stack: Project, aws: Control
) -> None:
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
    stack.run("preview", "--expect-no-changes")

    assert ids(aws) == before


# Names prove nothing.


@only_cli
def test_a_copy_that_the_state_has_forgotten_is_resumed(
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


# The entry decides whose a copy is.


@only_cli
@pytest.mark.parametrize("again", ["same key", "another key"])
def test_a_copy_that_was_moved_to_another_stack_stays_that_one_s(
    stack: Project, aws: Control, backups: list[str], again: str
) -> None:
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


# A default is chosen once.


@pytest.mark.parametrize("change", ["replace", "source"])
def test_a_copy_without_a_region_of_its_own_stays_where_it_is(
    stack: Project, aws: Control, backups: list[str], change: str
) -> None:
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


# Deletes wait for success.


@only_cli
@pytest.mark.usefixtures("backups")
def test_a_run_in_which_a_copy_fails_deletes_no_copy_of_that_file_system(
    stack: Project, aws: Control, file_system: str
) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system, keep=1))
    newest = backup(aws, file_system)

    aws.fail_copies("no luck")
    shown = stack.up("--continue-on-error", succeeds=False)
    assert ids(aws) == before
    assert f"was not deleted, because dr-{newest}" in shown

    stack.up()
    assert ids(aws) == {stack.ids()[f"dr-{newest}"]}


@only_cli
@pytest.mark.usefixtures("backups")
def test_a_dr_region_that_moves_where_nothing_may_be_made_keeps_its_copies(
    stack: Project, aws: Control, file_system: str
) -> None:
    before = brought_up(stack, aws, dr=region_of(file_system))

    declare(stack, {"dr": region_of(file_system, region=OTHER_DR)})
    aws.add_fault("access_denied", "CopyBackup", region=OTHER_DR)
    stack.up("--continue-on-error", succeeds=False)

    assert ids(aws) == before


# What a killed run started is finished or named.


def test_copies_of_a_killed_run_that_newer_backups_have_overtaken_are_named(
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
    assert all(f"{copy} in {DR}" in shown for copy in begun)


def test_a_copy_that_fsx_does_not_show_yet_is_deleted_by_destroy(
    stack: Project, aws: Control, backups: list[str]
) -> None:
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


# No dead ends.


def test_a_key_that_changes_after_a_source_has_expired_leaves_that_copy_its_key(
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

    assert f"{expired} in {DR} keeps its KMS key" in shown
    assert {copy["id"] == expired: copy["kms_key_arn"] == key for copy in copies(aws)} == {True: False, False: True}


def test_refresh_writes_a_missing_tag_again_so_that_destroy_works(
    stack: Project, aws: Control, backups: list[str]
) -> None:
    declare(stack, copies={"nightly": {"source_backup_id": backups[0], "source_region": SOURCE_REGION, "region": DR}})
    stack.up()
    (made,) = copies(aws)
    aws.set_tags(DR, made["id"], {})

    stack.run("refresh", "--yes")

    assert copies(aws)[0]["tags"] == {OWNERSHIP_TAG: made["tags"][OWNERSHIP_TAG]}
    stack.run("destroy", "--yes")
    assert ids(aws) == set()


def test_a_source_with_fifty_tags_keeps_no_other_from_being_copied(
    stack: Project, aws: Control, file_system: str
) -> None:
    aws.seed_backup(SOURCE_REGION, file_system, tags={f"tag-{n}": "x" for n in range(50)})
    other = aws.seed_file_system(SOURCE_REGION)
    copied = backup(aws, other)
    sources = [{"file_system_id": name, "region": SOURCE_REGION} for name in (file_system, other)]
    declare(stack, {"dr": region_of(file_system, sources=sources)})

    shown = stack.up()

    assert f"{file_system} in {SOURCE_REGION}" in shown
    assert "set copy_tags to False" in shown
    assert [copy["source_backup_id"] for copy in copies(aws)] == [copied]


def test_taking_out_the_first_of_two_sources_given_as_outputs_leaves_the_copy_of_the_second(
    stack: Project, aws: Control, backups: list[str]
) -> None:
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
    assert f"{first} in {DR}" in shown
    assert aws.counts(DR)["CopyBackup"] == 2


# Who answers before it writes.


@only_cli
def test_without_checkpoints_a_kill_makes_no_second_copy(stack: Project, aws: Control, backups: list[str]) -> None:
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


# One failed copy makes one row unknown.


@only_cli
def test_one_failed_copy_leaves_the_outputs_of_all_others_known(
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

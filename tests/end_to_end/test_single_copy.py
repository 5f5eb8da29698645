"""One copy with all of Pulumi's commands, from `up` to `destroy`."""

import pytest

from simulator.fsx import Control
from simulator.project import Project
from tests.engine.stack import FOREVER, finish_when_running

from .engines import CLI, ON_BOTH_HOSTS
from .project import DR, SOURCE_REGION, copies, new_key, urn_of


@pytest.fixture
def source(aws: Control, file_system: str) -> str:
    return aws.seed_backup(SOURCE_REGION, file_system)


@ON_BOTH_HOSTS
def test_up_makes_copy_and_second_up_changes_nothing(project: Project, aws: Control, source: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"team": "storage"}})

    project.up()

    (copy,) = copies(aws)
    assert (copy["lifecycle"], copy["source_backup_id"], copy["source_region"]) == ("AVAILABLE", source, SOURCE_REGION)
    assert copy["tags"]["team"] == "storage"
    assert project.ids() == {"nightly": copy["id"]}
    aws.clear_journal()
    project.run("preview", "--expect-no-changes")
    project.up()
    assert aws.counts(DR) == {"DescribeBackups": 2}  # preview and up each read tags and leftovers


@ON_BOTH_HOSTS
@pytest.mark.slow
def test_changed_tag_updates_copy(project: Project, aws: Control, source: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"team": "storage", "old": "x"}})
    project.up()
    before = project.ids()

    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"team": "platform", "new": "y"}})
    shown = project.up("--diff")

    assert "platform" in shown
    assert project.ids() == before
    (copy,) = copies(aws)
    assert (copy["tags"]["team"], copy["tags"]["new"], "old" in copy["tags"]) == ("platform", "y", False)


@ON_BOTH_HOSTS
def test_new_key_copies_before_it_deletes(project: Project, aws: Control, source: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR})
    project.up()
    (old,) = copies(aws)
    key = new_key(aws)
    aws.clear_journal()

    project.declare(nightly={"source_backup_id": source, "region": DR, "kms_key_id": key})
    project.up()

    (new,) = copies(aws)
    assert new["id"] != old["id"]
    assert new["kms_key_arn"] == key
    assert project.ids() == {"nightly": new["id"]}
    changes = [e["action"] for e in aws.journal(DR) if e["action"] in ("CopyBackup", "TagResource", "DeleteBackup")]
    assert changes == ["CopyBackup", "DeleteBackup"]


@pytest.mark.parametrize("project", [CLI], indirect=True)
def test_up_follows_saved_plan(project: Project, aws: Control, source: str) -> None:
    project.environment["PULUMI_EXPERIMENTAL"] = "true"  # `up --plan` requires it
    key = new_key(aws)

    for args in ({}, {"tags": {"team": "storage"}}, {"kms_key_id": key}):
        project.declare(nightly={"source_backup_id": source, "region": DR, **args})
        project.run("preview", "--save-plan", "plan.json")
        project.up("--plan", "plan.json")

    (copy,) = copies(aws)
    assert project.ids() == {"nightly": copy["id"]}
    assert copy["kms_key_arn"] == key


@pytest.mark.smoke
def test_replace_leaves_one_new_copy(project: Project, aws: Control, source: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR})
    project.up()
    before = project.ids()["nightly"]

    project.up("--replace", urn_of(project, "nightly"))

    (copy,) = copies(aws)
    assert project.ids() == {"nightly": copy["id"]}
    assert copy["id"] != before


@ON_BOTH_HOSTS
def test_removed_copy_is_deleted_and_destroy_deletes_all(project: Project, aws: Control, file_system: str) -> None:
    one, two = (aws.seed_backup(SOURCE_REGION, file_system) for _ in range(2))
    project.declare(one={"source_backup_id": one, "region": DR}, two={"source_backup_id": two, "region": DR})
    project.up()

    project.declare(two={"source_backup_id": two, "region": DR})
    project.up()
    assert [copy["source_backup_id"] for copy in copies(aws)] == [two]

    project.run("destroy", "--yes")
    assert copies(aws) == []
    assert {backup["id"] for backup in aws.backups(SOURCE_REGION)} == {one, two}


@ON_BOTH_HOSTS
def test_refresh_shows_changed_tag_and_up_restores_it(project: Project, aws: Control, source: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"team": "storage"}})
    project.up()
    (copy,) = copies(aws)
    aws.set_tags(DR, copy["id"], {**copy["tags"], "team": "someone", "robot": "was here"})

    project.run("refresh", "--yes")
    shown = project.up("--diff")

    assert "someone" in shown
    (copy,) = copies(aws)
    assert (copy["tags"]["team"], copy["tags"]["robot"]) == ("storage", "was here")


@ON_BOTH_HOSTS
@pytest.mark.slow
def test_copy_deleted_in_aws_is_made_again_after_refresh(project: Project, aws: Control, source: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR})
    project.up()
    (gone,) = copies(aws)
    aws.remove_backup(DR, gone["id"])

    project.run("refresh", "--yes")
    project.up()

    (copy,) = copies(aws)
    assert copy["id"] != gone["id"]
    assert project.ids() == {"nightly": copy["id"]}


@ON_BOTH_HOSTS
def test_existing_copy_is_adopted_and_then_managed(project: Project, aws: Control, source: str) -> None:
    client = aws.client("fsx", DR)
    existing = client.copy_backup(SourceBackupId=source, SourceRegion=SOURCE_REGION)["Backup"]["BackupId"]
    client.close()
    aws.finish_copies()

    project.declare(nightly={"source_backup_id": source, "region": DR, "adopt_backup_id": existing})
    project.up()
    assert project.ids() == {"nightly": existing}
    assert aws.counts(DR).get("CopyBackup") == 1

    project.declare(nightly={"source_backup_id": source, "region": DR})
    project.run("preview", "--expect-no-changes")
    project.run("destroy", "--yes")
    assert copies(aws) == []


@ON_BOTH_HOSTS
def test_at_most_five_copies_run_together(project: Project, aws: Control, file_system: str) -> None:
    sources = [aws.seed_backup(SOURCE_REGION, file_system) for _ in range(12)]
    project.declare(**{f"copy-{i}": {"source_backup_id": s, "region": DR} for i, s in enumerate(sources)})
    aws.set_copy_seconds(FOREVER)

    up = project.start_up("--parallel", "32")
    for running in (1, 5, 5, 1):  # the first copy is full, and the others wait for it
        finish_when_running(aws, running, DR)

    assert up.wait(120) == 0
    assert sorted(copy["source_backup_id"] for copy in copies(aws)) == sorted(sources)
    assert [entry["error"] for entry in aws.journal(DR, "CopyBackup")] == [None] * 12


CHAINED = """
import json
import pulumi
from pulumi_fsx_dr import BackupCopy, DrRegion

(source,) = json.load(open("declared.json")).values()
first = BackupCopy("first", {"source_region": "us-east-1", **source})
made_here = {"backup_id": first.id, "region": source["region"]}
region = DrRegion("dr", {"region": "eu-central-1", "sources": [made_here], "tags": {"from": first.id}})
pulumi.export("copies", region.copies)
"""


def test_backup_made_in_same_program_is_copied(project: Project, aws: Control, source: str) -> None:
    (project.folder / "__main__.py").write_text(CHAINED)
    project.declare(first={"source_backup_id": source, "region": DR})

    project.up()

    ids = project.ids()
    (second,) = copies(aws, "eu-central-1")
    assert (second["source_backup_id"], second["source_region"]) == (ids["first"], DR)
    assert second["tags"]["from"] == ids["first"]
    assert ids["dr-source-0"] == second["id"]
    project.run("preview", "--expect-no-changes")

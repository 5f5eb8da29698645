"""What native copies can do that dynamic ones cannot: the plugin on the real Pulumi CLI, from a YAML program."""

import json
import signal
from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_fsx_dr.copies.copy import NATIVE_COPY_TYPE

from rehearsal.fsx import Control
from rehearsal.project import eventually, interrupt

from .engines import NATIVE
from .native import NativeProject, native_urn
from .project import DR, SOURCE_REGION, copies, new_key

pytestmark = pytest.mark.parametrize("project", [NATIVE], indirect=True)
SECRET = "not-for-your-eyes"


@pytest.fixture
def source(aws: Control) -> str:
    return aws.seed_backup(SOURCE_REGION, aws.seed_file_system(SOURCE_REGION))


def previewed(project: NativeProject, name: str = "nightly") -> Mapping[str, Any]:
    """Return the step of a preview for one copy."""
    printed = project.run("preview", "--json")
    steps = json.loads(printed[printed.index("{") :])["steps"]
    return next(dict(step) for step in steps if step["urn"] == native_urn(name))


def outputs(project: NativeProject, name: str = "nightly") -> Mapping[str, Any]:
    """Return what the state holds of one copy."""
    return next(dict(entry["outputs"]) for entry in project.resources() if entry["urn"] == native_urn(name))


def test_a_preview_names_the_key_alone_as_the_reason_of_a_replacement(
    project: NativeProject, aws: Control, source: str
) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"a": "1"}})
    project.up()
    key = new_key(aws)

    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"a": "1"}, "kms_key_id": key})
    step = previewed(project)

    assert step["op"] == "replace"
    assert step["replaceReasons"] == ["kmsKeyId"]
    assert step["detailedDiff"] == {"kmsKeyId": {"kind": "add-replace", "inputDiff": True}}


def test_a_preview_of_other_tags_shows_an_update_of_them(project: NativeProject, source: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"a": "1"}})
    project.up()

    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"a": "2"}})
    step = previewed(project)

    assert (step["op"], step["detailedDiff"]) == ("update", {"tags": {"kind": "update", "inputDiff": True}})


def test_a_source_that_a_preview_does_not_know_is_unknown_and_replaces_nothing(
    project: NativeProject, aws: Control, source: str
) -> None:
    project.declare(first={"source_backup_id": source, "region": DR})
    project.declare(
        first={"source_backup_id": source, "region": DR},
        second={"source_backup_id": "${first.id}", "source_region": DR, "region": "eu-central-1"},
    )
    project.run("preview")

    project.up()

    (second,) = copies(aws, "eu-central-1")
    assert second["source_backup_id"] == project.ids()["first"]
    project.run("preview", "--expect-no-changes")


@pytest.mark.parametrize("place", [f"{DR}/", ""])
def test_a_copy_is_imported_and_the_next_update_makes_it_the_state_s_own(
    project: NativeProject, aws: Control, source: str, place: str
) -> None:
    project.run("config", "set", "fsx-dr:region", DR)
    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"a": "1"}})
    project.up()
    (copy,) = copies(aws)
    mark = copy["tags"]["fsx-dr:managed-by"]
    project.run("state", "delete", native_urn("nightly"), "--yes")

    project.run(
        "import",
        NATIVE_COPY_TYPE,
        "nightly",
        f"{place}{copy['id']}",
        "--yes",
        "--protect=false",
        "--generate-code=false",
    )

    assert project.ids() == {"nightly": copy["id"]}
    assert copies(aws)[0]["tags"]["fsx-dr:managed-by"] == mark, "importing changes nothing in AWS"
    assert previewed(project)["op"] == "update"
    project.up()
    held = outputs(project)
    assert copies(aws)[0]["tags"]["fsx-dr:managed-by"].startswith(f"recorded:{held['nonce']}:")
    project.run("preview", "--expect-no-changes")
    project.run("destroy", "--yes", "--skip-preview")
    assert copies(aws) == []


def test_what_is_no_copy_cannot_be_imported(project: NativeProject, source: str) -> None:
    refused = project.run("import", NATIVE_COPY_TYPE, "nightly", f"{SOURCE_REGION}/{source}", "--yes", succeeds=False)

    assert f"{source} in {SOURCE_REGION} is a copy of nothing" in refused


def test_replace_makes_a_new_copy_and_then_deletes_the_old_one(
    project: NativeProject, aws: Control, source: str
) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR})
    project.up()
    (old,) = copies(aws)

    project.up("--replace", native_urn("nightly"))

    (new,) = copies(aws)
    assert new["id"] == project.ids()["nightly"] != old["id"]


def test_ctrl_c_keeps_what_runs_and_the_next_up_finishes_it(project: NativeProject, aws: Control, source: str) -> None:
    aws.set_copy_seconds(600)
    project.declare(nightly={"source_backup_id": source, "region": DR})

    interrupt(project.start_up(), lambda: len(copies(aws)) == 1, [signal.SIGINT])

    (copy,) = copies(aws)
    assert project.ids() == {"nightly": copy["id"]}
    assert copy["tags"]["fsx-dr:managed-by"].startswith(f"recorded:{outputs(project)['nonce']}:")
    aws.finish_copies()
    project.up()
    assert outputs(project)["lifecycle"] == "AVAILABLE"
    assert len(aws.journal(DR, "CopyBackup")) == 1


def test_sixty_copies_are_made_at_once(project: NativeProject, aws: Control, source: str) -> None:
    aws.set_copy_seconds(0.5)
    regions = (DR, "eu-central-1")
    project.declare(**{f"copy-{n}": {"source_backup_id": source, "region": regions[n % 2]} for n in range(60)})

    project.up("--parallel", "64")

    made = [copy for region in regions for copy in copies(aws, region)]
    assert sorted(project.ids().values()) == sorted(copy["id"] for copy in made)
    assert len(made) == 60
    assert all(copy["tags"]["fsx-dr:managed-by"].startswith("recorded:") for copy in made)
    aws.set_copy_seconds(1)
    project.run("destroy", "--yes", "--skip-preview")
    assert [copy for region in regions for copy in copies(aws, region)] == []


def test_a_secret_is_readable_nowhere(project: NativeProject, aws: Control, source: str) -> None:
    secret = {"fn::secret": SECRET}
    key = new_key(aws)
    project.declare(
        nightly={
            "source_backup_id": source,
            "region": DR,
            "tags": {"open": "seen", "hidden": secret},
            "kms_key_id": {"fn::secret": key},
        }
    )

    shown = project.run("preview", "--diff") + project.up() + project.run("preview", "--diff")

    state = json.dumps(project.deployment())
    assert copies(aws)[0]["tags"]["hidden"] == SECRET
    assert "seen" in state
    for text in (SECRET, key):
        assert text not in state
        assert text not in shown
    project.run("preview", "--expect-no-changes")


def test_a_value_that_becomes_secret_becomes_unreadable(project: NativeProject, source: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"hidden": SECRET}})
    project.up()
    assert SECRET in json.dumps(project.deployment())

    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"hidden": {"fn::secret": SECRET}}})
    project.up()

    assert SECRET not in json.dumps(project.deployment())
    project.run("preview", "--expect-no-changes")


def test_progress_and_errors_show_as_sentences(project: NativeProject, aws: Control, source: str) -> None:
    aws.set_copy_seconds(3)
    project.declare(nightly={"source_backup_id": source, "region": DR})
    shown = project.up()
    assert "copying" in shown

    project.declare(other={"source_backup_id": "backup-0fedcba9876543210", "region": DR})
    refused = project.up(succeeds=False)

    assert "There is no backup backup-0fedcba9876543210 in us-east-1 to copy: check sourceBackupId" in refused
    assert "Traceback" not in refused


def test_a_region_that_only_the_environment_names_is_chosen_once(
    project: NativeProject, aws: Control, source: str
) -> None:
    project.environment["AWS_REGION"] = DR
    project.declare(nightly={"source_backup_id": source})
    project.up()
    project.environment["AWS_REGION"] = "eu-central-1"

    project.run("preview", "--expect-no-changes")
    project.up("--replace", native_urn("nightly"))

    assert len(copies(aws)) == 1
    assert copies(aws, "eu-central-1") == []


def test_a_wrong_configuration_is_refused_in_one_sentence(project: NativeProject, source: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR})
    project.run("config", "set", "fsx-dr:pollSeconds", "often")

    assert "fsx-dr:pollSeconds is 'often': set it to a number of seconds, such as 15." in project.run(
        "preview", succeeds=False
    )


def test_the_plugin_ends_with_its_engine(project: NativeProject, aws: Control, source: str) -> None:
    aws.set_copy_seconds(600)
    project.declare(nightly={"source_backup_id": source, "region": DR})

    interrupt(project.start_up(), lambda: len(copies(aws)) == 1, [signal.SIGKILL])

    eventually(lambda: not project.plugins(), "the end of the plugin", seconds=15)

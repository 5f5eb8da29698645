"""Features of native copies that dynamic copies lack: the plugin on the Pulumi CLI, from a YAML program."""

import json
import signal
from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_fsx_dr.copies.copy import NATIVE_COPY_TYPE
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG

from simulator.fsx import Control
from simulator.project import NO_PROMPT, eventually, interrupt

from .engines import NATIVE
from .native import NativeProject, native_urn
from .project import DR, SOURCE_REGION, copies, new_key

pytestmark = pytest.mark.parametrize("project", [NATIVE], indirect=True)
SECRET = "not-for-your-eyes"


@pytest.fixture
def source(aws: Control) -> str:
    return aws.seed_backup(SOURCE_REGION, aws.seed_file_system(SOURCE_REGION))


def previewed(project: NativeProject, name: str = "nightly") -> Mapping[str, Any]:
    """Return the preview step of one copy."""
    printed = project.run("preview", "--json")
    steps = json.loads(printed[printed.index("{") :])["steps"]
    return next(dict(step) for step in steps if step["urn"] == native_urn(name))


def outputs(project: NativeProject, name: str = "nightly") -> Mapping[str, Any]:
    """Return the outputs of one copy in the state."""
    return next(dict(entry["outputs"]) for entry in project.resources() if entry["urn"] == native_urn(name))


def assert_tag_is_that_of_the_entry(project: NativeProject, copy: Mapping[str, Any]) -> None:
    assert copy["tags"][OWNERSHIP_TAG].startswith(f"{outputs(project)['managedBy']}/copies/")


def set_version(project: NativeProject, version: str) -> None:
    """Switch to another version of the plugin, as `pulumi package add` does."""
    file = project.folder / "Pulumi.yaml"
    program = json.loads(file.read_text())
    program["plugins"]["providers"][0]["version"] = version
    for resource in program["resources"].values():
        resource.setdefault("options", {})["version"] = version
    file.write_text(json.dumps(program))


def test_preview_names_key_as_replace_reason(project: NativeProject, aws: Control, source: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"a": "1"}})
    project.up()
    key = new_key(aws)

    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"a": "1"}, "kms_key_id": key})
    step = previewed(project)

    assert step["op"] == "replace"
    assert step["replaceReasons"] == ["kmsKeyId"]
    assert step["detailedDiff"] == {"kmsKeyId": {"kind": "add-replace", "inputDiff": True}}


def test_unknown_source_does_not_replace(project: NativeProject, aws: Control, source: str) -> None:
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
def test_update_after_import_writes_tag(project: NativeProject, aws: Control, source: str, place: str) -> None:
    project.run("config", "set", "fsx-dr:region", DR)
    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"a": "1"}})
    project.up()
    (copy,) = copies(aws)
    tag = copy["tags"][OWNERSHIP_TAG]
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
    assert copies(aws)[0]["tags"][OWNERSHIP_TAG] == tag, "import changes nothing in AWS"
    assert "managedBy" not in outputs(project)
    assert previewed(project)["op"] == "update"
    project.up()
    assert_tag_is_that_of_the_entry(project, copies(aws)[0])
    project.run("preview", "--expect-no-changes")
    project.run("destroy", "--yes", "--skip-preview")
    assert copies(aws) == []


def test_import_of_copy_of_another_stack_warns(project: NativeProject, aws: Control, source: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR})
    project.up()
    (copy,) = copies(aws)
    project.run("stack", "init", "other")
    place = f"{DR}/{copy['id']}"
    project.run("import", NATIVE_COPY_TYPE, "nightly", place, "--yes", "--protect=false", "--generate-code=false")

    assert "copies/dev/nightly" in project.run("preview")
    assert "copies/dev/nightly" in project.up()

    project.run("stack", "select", "dev")
    assert "copies/other/nightly" in project.run("preview")
    project.run("destroy", "--yes", "--skip-preview")
    assert [left["id"] for left in copies(aws)] == [copy["id"]]


def test_replace_of_single_copy_keeps_it_and_warns(project: NativeProject, aws: Control, source: str) -> None:
    """The plugin does not know which copies are in the state, so create adopts the existing copy."""
    project.declare(nightly={"source_backup_id": source, "region": DR})
    project.up()
    (old,) = copies(aws)

    for _ in range(2):
        shown = project.up("--replace", native_urn("nightly"))

    (copy,) = copies(aws)
    assert copy["id"] == project.ids()["nightly"] == old["id"]
    assert old["id"] in shown
    assert_tag_is_that_of_the_entry(project, copy)


def test_ctrl_c_keeps_running_copy_for_next_up(project: NativeProject, aws: Control, source: str) -> None:
    aws.set_copy_seconds(600)
    project.declare(nightly={"source_backup_id": source, "region": DR})

    interrupt(project.start_up(), lambda: len(copies(aws)) == 1, [signal.SIGINT])

    (copy,) = copies(aws)
    assert project.ids() == {"nightly": copy["id"]}
    assert_tag_is_that_of_the_entry(project, copy)
    aws.finish_copies()
    project.up()
    assert outputs(project)["lifecycle"] == "AVAILABLE"
    assert len(aws.journal(DR, "CopyBackup")) == 1


def test_sixty_copies_are_made_together(project: NativeProject, aws: Control, source: str) -> None:
    aws.set_copy_seconds(0.5)
    regions = (DR, "eu-central-1")
    project.declare(**{f"copy-{n}": {"source_backup_id": source, "region": regions[n % 2]} for n in range(60)})

    project.up("--parallel", "64")

    made = [copy for region in regions for copy in copies(aws, region)]
    assert sorted(project.ids().values()) == sorted(copy["id"] for copy in made)
    assert len(made) == 60
    aws.set_copy_seconds(1)
    project.run("destroy", "--yes", "--skip-preview")
    assert [copy for region in regions for copy in copies(aws, region)] == []


def test_secrets_are_not_readable_in_state_or_output(project: NativeProject, aws: Control, source: str) -> None:
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


def test_value_that_becomes_secret_leaves_state(project: NativeProject, source: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"hidden": SECRET}})
    project.up()
    assert SECRET in json.dumps(project.deployment())

    project.declare(nightly={"source_backup_id": source, "region": DR, "tags": {"hidden": {"fn::secret": SECRET}}})
    project.up()

    assert SECRET not in json.dumps(project.deployment())
    project.run("preview", "--expect-no-changes")


def test_progress_and_errors_are_shown(project: NativeProject, aws: Control, source: str) -> None:
    aws.set_copy_seconds(600)
    project.declare(nightly={"source_backup_id": source, "region": DR})

    def finish(line: str) -> None:
        if "copying" in line:
            aws.finish_copies()

    exit_code, shown = project.follow("up", *NO_PROMPT, show=finish)
    assert exit_code == 0
    assert "copying" in "".join(shown)

    project.declare(other={"source_backup_id": "backup-0fedcba9876543210", "region": DR})
    refused = project.up(succeeds=False)

    assert "backup-0fedcba9876543210 in us-east-1" in refused
    assert "sourceBackupId" in refused
    assert "Traceback" not in refused


def test_default_region_is_chosen_once(project: NativeProject, aws: Control, source: str) -> None:
    project.environment["AWS_REGION"] = DR
    project.declare(nightly={"source_backup_id": source})
    project.up()
    project.environment["AWS_REGION"] = "eu-central-1"

    project.run("preview", "--expect-no-changes")
    project.up("--replace", native_urn("nightly"))

    assert len(copies(aws)) == 1
    assert copies(aws, "eu-central-1") == []


def test_new_plugin_version_keeps_copies(project: NativeProject, aws: Control, source: str) -> None:
    """The default provider of another version has another id, and so another owner id."""
    project.declare(nightly={"source_backup_id": source, "region": DR})
    set_version(project, "0.1.0")
    project.up()
    (copy,) = copies(aws)
    managed_by = outputs(project)["managedBy"]

    set_version(project, "0.2.0")
    assert previewed(project)["op"] == "update"
    project.up()

    assert outputs(project)["managedBy"] != managed_by
    (kept,) = copies(aws)
    assert kept["id"] == copy["id"]
    assert_tag_is_that_of_the_entry(project, kept)
    project.run("preview", "--expect-no-changes")
    project.run("destroy", "--yes", "--skip-preview")
    assert copies(aws) == []


def test_explicit_provider_keeps_copy(project: NativeProject, aws: Control, source: str) -> None:
    project.declare(nightly={"source_backup_id": source, "region": DR})
    project.up()
    (copy,) = copies(aws)
    file = project.folder / "Pulumi.yaml"
    program = json.loads(file.read_text())
    program["resources"]["mine"] = {"type": "pulumi:providers:fsx-dr", "properties": {"region": DR}}
    program["resources"]["nightly"]["options"] = {"provider": "${mine}"}
    file.write_text(json.dumps(program))

    project.up()

    (kept,) = copies(aws)
    assert kept["id"] == copy["id"]
    assert_tag_is_that_of_the_entry(project, kept)
    project.run("preview", "--expect-no-changes")


def test_first_up_follows_saved_plan(project: NativeProject, aws: Control, source: str) -> None:
    """The owner id is random, but it is not an input of any resource."""
    project.environment["PULUMI_EXPERIMENTAL"] = "true"  # `up --plan` requires it
    project.declare(nightly={"source_backup_id": source, "region": DR})

    project.run("preview", "--save-plan", "plan.json")
    project.up("--plan", "plan.json")

    assert len(copies(aws)) == 1


def test_copy_moves_to_stack_with_copies(project: NativeProject, aws: Control, source: str) -> None:
    nightly = {"source_backup_id": source, "region": DR}
    project.declare(nightly=nightly)
    project.up()
    moved = project.ids()["nightly"]
    project.run("stack", "init", "other")
    project.declare(weekly=nightly)
    project.up()

    project.run("state", "move", "--source", "dev", "--dest", "other", "--yes", native_urn("nightly"))
    project.declare(weekly=nightly, nightly=nightly)
    project.up()
    project.run("stack", "select", "dev")
    project.declare(nightly=nightly)
    project.up()
    project.run("destroy", "--yes", "--skip-preview")

    project.run("stack", "select", "other")
    assert project.ids()["nightly"] == moved
    assert {copy["id"] for copy in copies(aws)} == set(project.ids().values())


def test_dr_region_follows_allowed_accounts(project: NativeProject, source: str) -> None:
    file = project.folder / "Pulumi.yaml"
    region = {"region": DR, "sources": [{"backupId": source, "region": SOURCE_REGION}]}
    resources = {"dr": {"type": "fsx-dr:DrRegion", "properties": region}}
    file.write_text(json.dumps({**json.loads(file.read_text()), "resources": resources, "outputs": {}}))
    project.run("config", "set", "aws:allowedAccountIds", '["123456789012"]')

    assert "fsx-dr:allowedAccountIds" in project.run("preview", succeeds=False)

    project.run("config", "set", "fsx-dr:allowedAccountIds", '["123456789012"]')
    project.up()


def test_plugin_exits_with_its_engine(project: NativeProject, aws: Control, source: str) -> None:
    aws.set_copy_seconds(600)
    project.declare(nightly={"source_backup_id": source, "region": DR})

    interrupt(project.start_up(), lambda: len(copies(aws)) == 1, [signal.SIGKILL])

    eventually(lambda: not project.plugins(), "the end of the plugin", seconds=120)

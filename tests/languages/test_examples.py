"""The same stack in each language, from `package add` to `destroy`.

A preview also compiles: the Go host builds the program, and the Node.js host checks its types.
"""

import json
from pathlib import Path

import pytest
import yaml

from simulator.fsx import Control
from simulator.project import Project, write_plugin

from .examples import ALONE, DR, EVERY_EXAMPLE, NEWEST, OLDER, OLDEST, OTHER, YAML, Example, open_example
from .page import PREVIEWED, Recorder, rows

pytestmark = pytest.mark.pulumi_cli


@pytest.fixture(params=[pytest.param(example, id=example.language) for example in EVERY_EXAMPLE])
def example(request: pytest.FixtureRequest) -> Example:
    asked: Example = request.param
    if asked.missing:
        pytest.skip(asked.missing)
    return asked


@pytest.mark.slow
def test_example_runs_with_package_added_from_folder(
    example: Example, aws: Control, repository: Path, tmp_path: Path, recorder: Recorder
) -> None:
    project = open_example(example, tmp_path, aws, **ALONE)

    project.run("package", "add", str(repository / "plugin"))

    recorder.preview(example, _run_stack(project, aws))


@pytest.mark.smoke
def test_yaml_example_runs_with_plugin_only(aws: Control, tmp_path: Path) -> None:
    """No package registry is needed: the plugin runs in the environment of these tests."""
    if YAML.missing_host:
        pytest.skip(YAML.missing_host)
    project = open_example(YAML, tmp_path / "program", aws)
    declared = project.folder / "Pulumi.yaml"
    declared.write_text(json.dumps(yaml.safe_load(declared.read_text()) | write_plugin(tmp_path / "plugin")))

    _run_stack(project, aws)


def _run_stack(project: Project, aws: Control) -> str:
    """Run the stack from preview to destroy, and return the output of the first preview."""
    preview = project.run("preview")
    assert rows(preview) == PREVIEWED
    assert aws.backups(DR) == []

    project.up("--parallel", "64")

    copies = {copy["source_backup_id"]: copy for copy in aws.backups(DR)}
    assert set(copies) == {NEWEST, OLDER, OLDEST, OTHER}
    assert {copy["lifecycle"] for copy in copies.values()} == {"AVAILABLE"}
    assert copies[OLDEST]["tags"]["team"] == "storage"
    outputs = project.outputs()
    assert outputs["latest"] == {
        "fs-0123456789abcdef0": copies[NEWEST]["id"],
        "fs-0123456789abcdef1": copies[OTHER]["id"],
    }
    assert {copy["sourceBackupId"]: copy["backupId"] for copy in outputs["copies"]} == {
        source: copies[source]["id"] for source in (NEWEST, OLDER, OTHER)
    }

    project.run("preview", "--expect-no-changes")
    project.run("destroy", "--yes", "--skip-preview")

    assert aws.backups(DR) == []
    return preview

"""The steps in docs/languages.md from the dynamic provider to the plugin and back, without a new copy."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi_fsx_dr.copies.copy import OWNER_TYPE

from simulator.fsx import Control
from simulator.project import Project, write_plugin

from .examples import DR, NEWEST, OLDER, OLDEST, YAML

pytestmark = [
    pytest.mark.pulumi_cli,
    pytest.mark.skipif(bool(YAML.missing_host), reason=YAML.missing_host or "it is there"),
]

PYTHON_RUNTIME = {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}
SOURCES = [{"file_system_id": "fs-0123456789abcdef0", "region": "eu-central-1"}]
REGION = f"""
import pulumi
from pulumi_fsx_dr import DrRegion

args = {{"region": "{DR}", "sources": {SOURCES}, "keep": 2}}
if pulumi.Config().get_bool("adopt"):
    args["adopt_existing"] = True
pulumi.export("latest", DrRegion("dr", args).latest)
"""
COPY = f"""
import pulumi
from pulumi_fsx_dr import BackupCopy

args = {{"source_backup_id": "{OLDEST}", "source_region": "eu-central-1", "region": "{DR}"}}
if adopted := pulumi.Config().get("adopt"):
    args["adopt_backup_id"] = adopted
pulumi.export("id", BackupCopy("ledger", args).id)
"""


class Stack:
    """One stack whose program uses either host."""

    def __init__(self, folder: Path, aws: Control) -> None:
        self._plugins = write_plugin(folder / "plugin")
        self._folder = folder / "program"
        self._folder.mkdir()
        self.for_python("")
        variables = {
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "false",
            # A YAML program has no virtual environment, so the CLI runs dynamic entries with the Python on PATH.
            "PATH": os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ["PATH"]]),
        }
        self.project = Project.create(self._folder, ["pulumi"], aws.environment() | variables)

    def for_python(self, program: str) -> None:
        """Use the dynamic provider; the plugin stays configured for native copies in the state."""
        (self._folder / "__main__.py").write_text(program)
        self._declare({"runtime": PYTHON_RUNTIME})

    def for_the_plugin(self, **resource: Any) -> None:
        """Use the plugin with one native resource."""
        self._declare({"runtime": "yaml", "resources": {resource.pop("name"): resource}})

    def types(self) -> set[str]:
        """Return the types of the copies and DrRegions in the state."""
        types = {str(resource["type"]) for resource in self.project.resources()}
        return {type_ for type_ in types if not type_.startswith("pulumi:") and type_ != OWNER_TYPE}

    def _declare(self, project: Mapping[str, Any]) -> None:
        (self._folder / "Pulumi.yaml").write_text(json.dumps({"name": "files", **self._plugins, **project}))


@pytest.fixture
def stack(aws: Control, tmp_path: Path) -> Stack:
    assert (Path(sys.prefix) / "bin" / "python").exists()  # plugin and program run in it
    return Stack(tmp_path, aws)


def copied(aws: Control) -> dict[str, str]:
    return {str(copy["source_backup_id"]): copy["id"] for copy in aws.backups(DR)}


def test_dr_region_switches_hosts_and_back(stack: Stack, aws: Control) -> None:
    stack.for_python(REGION)
    stack.project.up()
    made = copied(aws)
    assert set(made) == {NEWEST, OLDER}
    aws.clear_journal()

    properties = {"region": DR, "keep": 2, "adoptExisting": True}
    properties["sources"] = [{"fileSystemId": "fs-0123456789abcdef0", "region": "eu-central-1"}]
    stack.for_the_plugin(name="dr", type="fsx-dr:DrRegion", properties=properties)
    stack.project.up()

    assert stack.types() == {"fsx-dr:index:DrRegion", "fsx-dr:index:BackupCopy"}
    stack.project.run("preview", "--expect-no-changes")

    stack.for_python(REGION)
    stack.project.run("config", "set", "adopt", "true")
    stack.project.up()

    assert stack.types() == {"pulumi-fsx-dr:index:DrRegion", "pulumi-python:dynamic/fsx:BackupCopy"}
    stack.project.run("preview", "--expect-no-changes")
    assert copied(aws) == made
    assert {"CopyBackup", "DeleteBackup"}.isdisjoint(aws.counts(DR))
    stack.project.run("destroy", "--yes", "--skip-preview")
    assert copied(aws) == {}


def test_single_copy_switches_hosts_and_back(stack: Stack, aws: Control) -> None:
    stack.for_python(COPY)
    stack.project.up()
    made = copied(aws)
    assert set(made) == {OLDEST}
    aws.clear_journal()

    properties = {"sourceBackupId": OLDEST, "sourceRegion": "eu-central-1", "region": DR}
    stack.for_the_plugin(
        name="ledger", type="fsx-dr:BackupCopy", properties={**properties, "adoptBackupId": made[OLDEST]}
    )
    stack.project.up()

    assert stack.types() == {"fsx-dr:index:BackupCopy"}
    stack.for_the_plugin(name="ledger", type="fsx-dr:BackupCopy", properties=properties)
    stack.project.up()  # adopt_backup_id can be removed after the adoption
    stack.project.run("preview", "--expect-no-changes")

    stack.for_python(COPY)
    stack.project.run("config", "set", "adopt", made[OLDEST])
    stack.project.up()

    assert stack.types() == {"pulumi-python:dynamic/fsx:BackupCopy"}
    assert copied(aws) == made
    assert {"CopyBackup", "DeleteBackup"}.isdisjoint(aws.counts(DR))
    stack.project.run("destroy", "--yes", "--skip-preview")
    assert copied(aws) == {}

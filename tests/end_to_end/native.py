"""Projects with native copies: a YAML program, and the plugin of this repository."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_fsx_dr.copies.copy import NATIVE_COPY_TYPE
from pulumi_fsx_dr.copies.names import camel_case
from pulumi_fsx_dr.copies.urns import name_of

from simulator import pipeline_role
from simulator.fsx import Control
from simulator.project import Project, write_plugin

from .project import SOURCE_REGION


class NativeProject(Project):
    def declare(self, **declared: Mapping[str, Any]) -> None:
        settings = json.loads((self.folder / "Pulumi.yaml").read_text())
        program = {
            **settings,
            "resources": {name.replace(".", "_"): _resource(name, args) for name, args in declared.items()},
            "outputs": {name: f"${{{name.replace('.', '_')}.id}}" for name in declared},
        }
        (self.folder / "Pulumi.yaml").write_text(json.dumps(program))

    def ids(self) -> dict[str, str]:
        copies = [state for state in self.resources() if state["type"] == NATIVE_COPY_TYPE and not state.get("delete")]
        return {name_of(state["urn"]): state["id"] for state in copies}

    def plugins(self) -> list[int]:
        folder = os.fspath(self.folder / "plugin")
        return [pid for pid, command in self.processes() if folder in command]


def new_native_project(folder: Path, aws: Control) -> NativeProject:
    """Return a project with an empty stack `dev`; its plugin runs in the environment of this interpreter."""
    settings = write_plugin(folder / "plugin")
    (folder / "Pulumi.yaml").write_text(json.dumps({"name": "copies", "runtime": "yaml", **settings}))
    project = NativeProject.create(folder, ["pulumi"], pipeline_role.environment(aws, SOURCE_REGION))
    assert isinstance(project, NativeProject)
    project.declare()
    return project


def native_urn(name: str) -> str:
    return f"urn:pulumi:dev::copies::{NATIVE_COPY_TYPE}::{name}"


def _resource(name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    inputs = {"source_region": SOURCE_REGION, **args}
    properties = {camel_case(name): value for name, value in inputs.items() if name not in ("timeouts", "options")}
    options = {camel_case(name): value for name, value in args.get("options", {}).items()}
    if "timeouts" in args:
        options["customTimeouts"] = args["timeouts"]
    return {"type": NATIVE_COPY_TYPE, "name": name, "properties": properties, "options": options}

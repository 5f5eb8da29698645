"""The same projects with native copies: a YAML program, and the plugin from this repository's folder."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsx_dr_plugin.names import outside

from rehearsal.fsx import Control

from .project import ROOT, SOURCE_REGION, Project

TYPE = "fsx-dr:index:BackupCopy"


@dataclass
class NativeProject(Project):
    """A project whose program names no host language."""

    @classmethod
    def create(cls, folder: Path, engine: list[str], aws: Control) -> "NativeProject":
        plugin = folder / "plugin"
        plugin.mkdir()
        for name in ("__main__.py", "fsx_dr_plugin"):
            (plugin / name).symlink_to(ROOT / "plugin" / name)
        runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
        (plugin / "PulumiPlugin.yaml").write_text(json.dumps({"name": "fsx-dr", "runtime": runtime}))
        project = super().create(folder, engine, aws)
        assert isinstance(project, cls)
        project.declare()
        return project

    def declare(self, **copies: Mapping[str, Any]) -> None:
        self.declared = {name: {"source_region": SOURCE_REGION, **args} for name, args in copies.items()}
        plugins = {"providers": [{"name": "fsx-dr", "path": str(self.folder / "plugin")}]}
        program = {
            "name": "copies",
            "runtime": "yaml",
            "plugins": plugins,
            "resources": {name.replace(".", "_"): _resource(name, args) for name, args in self.declared.items()},
        }
        (self.folder / "Pulumi.yaml").write_text(json.dumps(program))

    def ids(self) -> dict[str, str]:
        return {
            resource["urn"].rpartition("::")[2]: resource["id"]
            for resource in self.state()
            if resource["type"] == TYPE and not resource.get("delete")
        }

    def urn(self, name: str) -> str:
        return f"urn:pulumi:dev::copies::{TYPE}::{name}"

    def plugins(self) -> list[int]:
        folder = os.fspath(self.folder / "plugin")
        return [pid for pid, command in self.processes() if folder in command]


def _resource(name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    properties = {outside(name): value for name, value in args.items() if name != "timeouts"}
    options = {"options": {"customTimeouts": args["timeouts"]}} if "timeouts" in args else {}
    return {"type": TYPE, "name": name, "properties": properties, **options}

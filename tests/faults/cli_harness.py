"""Runs on the Pulumi CLI: one stack for all Regions."""

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pulumi_fsx_dr.copies.copy import NATIVE_COPY_TYPE

from simulator.fsx import Control
from simulator.project import Project
from tests.end_to_end.native import new_native_project
from tests.end_to_end.project import new_project
from tests.faults.harness import Diagnostic, Diagnostics, Harness, Run, kill
from tests.faults.workload import Program

_SETTINGS = {
    "PULUMI_PARALLEL": "128",
    "PULUMI_DEBUG_COMMANDS": "true",  # enables the option --event-log of `up`
}
_OF_THE_CLI = re.compile(  # messages that the CLI and the YAML host add after a failed resource
    r"update failed|an unhandled error occurred: waiting for RPCs: resource \S+ \[\S+\] failed to register"
)
_LIST_OF_ONE = re.compile(r"^1 error occurred:\s+\* ")  # the CLI's prefix for a failed resource that stays in the state


@dataclass
class CliRun(Run):
    """One `pulumi up`."""

    project: Project
    events: Path

    def hosts(self) -> list[int]:
        return self.project.plugins()

    def processes(self) -> list[int]:
        return [pid for pid, _ in self.project.processes()]

    def diagnostics(self) -> Diagnostics:
        diagnostics: defaultdict[str, list[Diagnostic]] = defaultdict(list)
        for diagnostic in self._diagnostics():
            text = _LIST_OF_ONE.sub("", diagnostic["message"].strip())
            said = Diagnostic(text, is_failure=diagnostic["severity"] == "error")
            region = _region(diagnostic.get("urn", ""))
            assert region or not said.is_failure or _OF_THE_CLI.fullmatch(said.text), said.text
            diagnostics[region].append(said)
        return diagnostics

    def _diagnostics(self) -> Iterator[dict[str, Any]]:
        for line in self.events.read_text().splitlines():
            diagnostic = json.loads(line).get("diagnosticEvent", {})
            if diagnostic.get("severity") in ("error", "warning"):
                yield diagnostic


@dataclass
class CliHarness(Harness):
    """A project with one stack."""

    engine: ClassVar[str] = "Pulumi CLI"
    deletes_last: ClassVar[bool] = True
    project: Project
    _exported: dict[str, Any] | None = None

    @classmethod
    @contextmanager
    def opened(cls, aws: Control, folder: Path) -> Iterator["CliHarness"]:
        project = cls._new_project(folder, aws)
        project.environment.update(_SETTINGS)
        try:
            yield cls(aws, project)
        finally:
            project.end_processes()

    @classmethod
    def _new_project(cls, folder: Path, aws: Control) -> Project:
        return new_project(folder, ["pulumi"], aws)

    @classmethod
    def version(cls) -> str:
        command = ["pulumi", "version"]
        printed = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - the engine
        return f"the Pulumi CLI {printed.stdout.strip()}"

    @contextmanager
    def started(self, programs: Mapping[str, Program], *, continues_on_error: bool = False) -> Iterator[CliRun]:
        self._exported = None
        self.project.declare(
            **{
                f"{region}.{name}": {**wanted["inputs"], "timeouts": wanted["timeouts"]}
                for region, program in programs.items()
                for name, wanted in program.items()
            }
        )
        events = self.project.folder / "events"
        events.unlink(missing_ok=True)
        options = ["--event-log", str(events), *(["--continue-on-error"] if continues_on_error else [])]
        run = CliRun(self.project.start_up(*options), self.project, events)
        try:
            yield run
        finally:
            kill(run.process.pid, *run.hosts())
            run.process.wait()

    def unlock(self) -> None:
        self.project.run("cancel", "--yes")

    def export(self, region: str) -> Mapping[str, Any]:  # noqa: ARG002 - one stack has the copies of all Regions
        if self._exported is None:
            self._exported = self.project.read("stack", "export")
        return self._exported


class NativeHarness(CliHarness):
    """A project with one stack and the plugin's copies."""

    engine: ClassVar[str] = "Pulumi CLI with the plugin"
    resource_type: ClassVar[str] = NATIVE_COPY_TYPE

    @classmethod
    def _new_project(cls, folder: Path, aws: Control) -> Project:
        return new_native_project(folder, aws)

    @classmethod
    def version(cls) -> str:
        return f"the {cls.engine}, from a YAML program: {super().version()}"


def _region(urn: str) -> str:
    """Return the Region of a copy, or "" for other resources."""
    type_, _, name = urn.rpartition("::")
    return name.partition(".")[0] if type_.endswith(":BackupCopy") else ""

"""A Pulumi project of BackupCopies in a folder of its own, and the commands a person runs in it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.fsx import Control

ROOT = Path(__file__).parents[2]
SOURCE_REGION = "us-east-1"

PROGRAM = """
import json
import pulumi
from pulumi_fsx_dr import BackupCopy

for name, declared in json.load(open("copies.json")).items():
    timeouts = declared.pop("timeouts", None)
    options = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(**timeouts) if timeouts else None)
    pulumi.export(name, BackupCopy(name, declared, options).id)
"""


@dataclass
class Project:
    folder: Path
    engine: list[str]
    environment: dict[str, str]
    aws: Control
    declared: dict[str, dict[str, Any]] = field(default_factory=dict)
    stack: str = "dev"

    @classmethod
    def create(cls, folder: Path, engine: list[str], aws: Control) -> "Project":
        (folder / "state").mkdir()
        (folder / "__main__.py").write_text(PROGRAM)
        (folder / "Pulumi.yaml").write_text(
            f"name: copies\nruntime:\n  name: python\n  options:\n    toolchain: pip\n    virtualenv: {sys.prefix}\n"
        )
        environment = {
            **os.environ,
            **aws.environment(SOURCE_REGION),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_FSX_DR_POLL_SECONDS": "0.1",
            "PYTHONPATH": os.pathsep.join((str(ROOT / "components"), str(ROOT))),
        }
        project = cls(folder, engine, environment, aws)
        project.run("stack", "init", "dev")
        return project

    def declare(self, **copies: Mapping[str, Any]) -> None:
        self.declared = {name: {"source_region": SOURCE_REGION, **args} for name, args in copies.items()}
        (self.folder / "copies.json").write_text(json.dumps(self.declared))

    def run(self, *command: str, succeeds: bool = True) -> str:
        """Run a command to its end and return all it printed."""
        process = subprocess.run(  # noqa: S603  # the engine under test
            self._argv(*command),
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=120,
        )
        assert (process.returncode == 0) is succeeds, process.stdout
        return process.stdout

    def rename_stack(self, name: str) -> None:
        self.run("stack", "rename", name)
        self.stack = name

    def up(self, *options: str, succeeds: bool = True) -> str:
        return self.run("up", "--yes", "--skip-preview", *options, succeeds=succeeds)

    def start_up(self, *options: str) -> subprocess.Popen[bytes]:
        """Start an `up` of which nothing is shown."""
        return subprocess.Popen(  # noqa: S603  # the engine under test
            self._argv("up", "--yes", "--skip-preview", *options),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def interrupted_up(self, when: Callable[[], bool], *signals: signal.Signals) -> None:
        """Send signals to an `up` at a moment, and return once it has ended."""
        process = self.start_up()
        eventually(when)
        for sent in signals:
            process.send_signal(sent)
            time.sleep(0.3)
        process.wait(timeout=30)

    def ids(self) -> dict[str, str]:
        """Return the backup id of each copy in the state."""
        return {
            resource["urn"].rpartition("::")[2]: resource["id"]
            for resource in self.state()
            if resource["type"] == "pulumi-python:dynamic/fsx:BackupCopy" and not resource.get("delete")
        }

    def urn(self, name: str) -> str:
        return f"urn:pulumi:dev::copies::pulumi-python:dynamic/fsx:BackupCopy::{name}"

    def processes(self) -> list[tuple[int, str]]:
        """Return id and command line of what this project's commands started and is still there."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if self.environment["PULUMI_BACKEND_URL"].encode() in (folder / "environ").read_bytes():
                    found.append((int(folder.name), (folder / "cmdline").read_text().replace("\0", " ")))
        return found

    def plugins(self) -> list[int]:
        """Return the plugin hosts that this project's commands started and that are still there."""
        return [pid for pid, command in self.processes() if "pulumi.dynamic" in command and "/bin/sh" not in command]

    def end_processes(self) -> None:
        """End what a killed CLI left behind."""
        for pid, _command in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def state(self) -> list[dict[str, Any]]:
        resources: list[dict[str, Any]] = self.export()["deployment"].get("resources", [])
        return resources

    def export(self) -> dict[str, Any]:
        """Return the document of `pulumi stack export`, without the warnings that may precede it."""
        printed = self.run("stack", "export")
        exported: dict[str, Any] = json.loads(printed[printed.index("{") :])
        return exported

    def _argv(self, *command: str) -> list[str]:
        options = [] if command[0] == "stack" else ["--stack", self.stack, "--non-interactive"]
        return [*self.engine, *command, *options]


def eventually(happened: Callable[[], bool], what: str = "it", seconds: float = 60) -> None:
    """Return once something has happened in another process."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.05)

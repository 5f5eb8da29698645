"""A Pulumi project in a folder, and its commands on the Pulumi CLI or the fake engine."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from simulator.fake_engine import FAKE_ENGINE
from simulator.fake_engine.display import name_of

ROOT = Path(__file__).parents[1]
NO_PROMPT = ("--yes", "--skip-preview")
BACKUP_COPY = "pulumi-python:dynamic/fsx:BackupCopy"
OWNER = "pulumi-python:dynamic/fsx:Owner"
POLL_SECONDS = 0.1
_SECONDS_OF_A_COMMAND = 600  # a command is killed after this time
_SECONDS_OF_A_SIGNAL = 5  # the time to handle a signal; a second signal before that has no effect
_SECONDS_TO_END = 15  # the engine itself waits 5 seconds for its plugins


class CommandError(Exception):
    """A command failed, or succeeded when it was expected to fail."""


@dataclass
class Project:
    """A project with one stack. `folder` contains its files and state; commands begin with `engine`."""

    folder: Path
    engine: list[str]
    environment: dict[str, str]

    @classmethod
    def create(cls, folder: Path, engine: list[str], variables: dict[str, str], *, stack: str = "dev") -> "Project":
        """Create and select a stack of the project in a folder; its commands get these environment variables."""
        (folder / "state").mkdir()
        (folder / ".venv").symlink_to(sys.prefix)
        project = cls(folder, engine, _environment(folder) | variables)
        project.run("stack", "init", stack)
        return project

    @property
    def has_cli(self) -> bool:
        """Whether the engine is the Pulumi CLI."""
        return self.engine != FAKE_ENGINE

    def declare(self, **declared: Any) -> None:
        """Write declared.json, which the program reads."""
        (self.folder / "declared.json").write_text(json.dumps(declared))

    def run(self, *command: str, succeeds: bool = True) -> str:
        """Run a command to its end, and return its output.

        Raises:
            CommandError: If it failed, or succeeded although it was expected to fail.
        """
        ended = subprocess.run(  # noqa: S603 - the engine
            [*self.engine, *command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_SECONDS_OF_A_COMMAND,
        )
        if (ended.returncode == 0) is not succeeds:
            raise CommandError(f"{shlex.join(command)} ended with exit code {ended.returncode}:\n{ended.stdout}")
        return ended.stdout

    def up(self, *options: str, succeeds: bool = True) -> str:
        """Run `up` to its end, and return its output."""
        return self.run("up", *NO_PROMPT, *options, succeeds=succeeds)

    def follow(self, *command: str, show: Callable[[str], None]) -> tuple[int, list[str]]:
        """Run a command, call `show` with each line of its output, and return the exit code and all lines."""
        lines = []
        with _ending(self.start(*command, output=subprocess.PIPE)) as process:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                show(lines[-1])
            return process.wait(), lines

    def start(self, *command: str, output: int | IO[str] = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """Start a command; its output is dropped, or goes to a pipe or file."""
        return subprocess.Popen(  # noqa: S603 - the engine
            [*self.engine, *command],
            cwd=self.folder,
            env=self.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start_up(self, *options: str) -> subprocess.Popen[str]:
        """Start an `up` without output."""
        return self.start("up", *NO_PROMPT, *options)

    def read(self, *command: str) -> dict[str, Any]:
        """Run a command that prints a JSON document, possibly among other lines, and return the document."""
        printed = self.run(*command)
        document: dict[str, Any] = json.JSONDecoder().raw_decode(printed, printed.index("{"))[0]
        return document

    def outputs(self) -> dict[str, Any]:
        """Return the outputs of the stack."""
        return self.read("stack", "output", "--json")

    def deployment(self) -> dict[str, Any]:
        """Return the state, as `pulumi stack export` has it."""
        deployment: dict[str, Any] = self.read("stack", "export")["deployment"]
        return deployment

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources in the state."""
        return self.deployment().get("resources") or []

    def ids(self) -> dict[str, str]:
        """Return the backup id of each copy in the state, by the copy's name."""
        copies = [state for state in self.resources() if state["type"] == BACKUP_COPY and not state.get("delete")]
        return {name_of(state["urn"]): state["id"] for state in copies}

    def processes(self) -> list[tuple[int, str]]:
        """Return the id and the command line of each running process of this project."""
        found, marker = [], self.environment["PULUMI_BACKEND_URL"].encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if marker in (folder / "environ").read_bytes():
                    found.append((int(folder.name), (folder / "cmdline").read_text().replace("\0", " ")))
        return found

    def plugins(self) -> list[int]:
        """Return the process ids of the hosts of dynamic providers."""
        return [pid for pid, command in self.processes() if "pulumi.dynamic" in command and "/bin/sh" not in command]

    def end_processes(self) -> None:
        """Kill the processes of this project that are still running."""
        for pid, _command in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def write_program(folder: Path, program: str, name: str = "copies", **settings: Any) -> Path:
    """Write a project with one program and these settings of Pulumi.yaml into a folder, and return the folder."""
    (folder / "__main__.py").write_text(program)
    runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}
    (folder / "Pulumi.yaml").write_text(json.dumps({"name": name, "runtime": runtime, **settings}))
    return folder


def write_plugin(folder: Path) -> dict[str, Any]:
    """Create a folder with the plugin for this virtual environment, and return the settings for Pulumi.yaml."""
    folder.mkdir()
    for name in ("__main__.py", "fsx_dr_plugin"):
        (folder / name).symlink_to(ROOT / "plugin" / name)
    runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
    (folder / "PulumiPlugin.yaml").write_text(json.dumps({"name": "fsx-dr", "runtime": runtime}))
    return {"plugins": {"providers": [{"name": "fsx-dr", "path": str(folder)}]}}


def copy_project(folder: Path, origin: Path) -> Path:
    """Copy the files of a project into a folder, and return the folder."""
    for file in (*origin.glob("Pulumi*.yaml"), *origin.glob("*.py")):
        shutil.copy(file, folder)
    return folder


def interrupt(
    process: subprocess.Popen[str],
    when: Callable[[], bool],
    signals: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGINT),
) -> None:
    """Wait until `when` is true, send signals to a command, and wait for its end; CI systems send two signals.

    Raises:
        CommandError: If it ended earlier.
    """
    with _ending(process):
        while not when():
            _wait(process, 0.05)
            if process.poll() is not None:
                raise CommandError("A command ended before it could be interrupted.")
        for sent in signals:
            process.send_signal(sent)
            _wait(process, _SECONDS_OF_A_SIGNAL)
        process.wait(_SECONDS_OF_A_COMMAND)


def eventually(happened: Callable[[], bool], what: str = "it", seconds: float = _SECONDS_OF_A_COMMAND) -> None:
    """Wait until another process has done something.

    Raises:
        TimeoutError: If that takes longer than `seconds`.
    """
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.05)


def _environment(folder: Path) -> dict[str, str]:
    """Return the variables of this process without access to AWS, Pulumi Cloud or downloads."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PULUMI_"))}
    return inherited | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "GRPC_VERBOSITY": "ERROR",
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_FSX_DR_POLL_SECONDS": str(POLL_SECONDS),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "components"), str(ROOT)]),
    }


@contextmanager
def _ending(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """End the engine when the context ends; its second signal also ends the plugins."""
    with process:
        try:
            yield process
        finally:
            for _ in range(2):
                if process.poll() is None:
                    process.send_signal(signal.SIGINT)
                    _wait(process, 0.5)
            _wait(process, _SECONDS_TO_END)
            process.kill()


def _wait(process: subprocess.Popen[str], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)

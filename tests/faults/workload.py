"""Many stacks in one run of the fake engine, with one plugin host and without processes for the programs.

`python -m tests.faults.workload FOLDER` runs one `pulumi up` for all stacks. It reads the programs of the stacks from
stdin, and prints two lines of JSON: the process id of the plugin host, and the failures.
"""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto.resource_pb2 import RegisterResourceRequest
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.provider import BackupCopyProvider
from pulumi_fsx_dr.runtime.hints import HINTS, Hints

from simulator.fake_engine.deployment import Deployment
from simulator.fake_engine.display import Display
from simulator.fake_engine.plugin import Plugin, StepError, to_struct
from simulator.fake_engine.project_file import ProjectFile
from simulator.fake_engine.service import serving
from simulator.fake_engine.stack import Stack, write

PROJECT = "workload"
TYPE = "pulumi-python:dynamic/fsx:BackupCopy"
_PARALLEL = 16  # parallel resources of each stack

Program = Mapping[str, Mapping[str, Any]]  # by resource: `inputs`, and `timeouts` such as {"create": "6s"}


class Host(Plugin):
    """A plugin host that records the whole text of all failures, including tracebacks."""

    diagnostics: list[tuple[str, str]]

    def call(self, method: str, state: dict[str, Any], **bags: dict[str, Any]) -> Any:
        """Call a method for a resource."""
        try:
            return super().call(method, state, **bags)
        except StepError as error:
            stack = state["urn"].removeprefix("urn:pulumi:").partition("::")[0]
            self.diagnostics.append((stack, getattr(error.__context__, "details", error.__str__)() or ""))
            raise


class Workload:
    """One run over the stacks of a folder.

    Args:
        folder: contains Pulumi.yaml, and the state of each stack in `<stack>.json`.
        programs: the declared copies by stack.
    """

    def __init__(self, folder: Path, programs: Mapping[str, Program]) -> None:
        self._folder, self._programs, self._project = folder, programs, ProjectFile(folder)
        self._deployments = {stack: self._deployment(folder / f"{stack}.json") for stack in programs}

    def up(self) -> list[tuple[str, str]]:
        """Run `up` on all stacks, and return the stack and the whole text of each failure."""
        first, *others = self._deployments.values()
        with serving(first):
            host = Host(self._folder, PROJECT, {}, first.engine)
            host.diagnostics = []
            first.plugins["{}"] = host
            _say(host.process.pid)
            for other in others:
                other.plugins, other.engine = first.plugins, first.engine
            with ThreadPoolExecutor(len(self._deployments)) as pool:
                list(pool.map(_bring_up, self._deployments.values(), self._programs.values()))
        return host.diagnostics

    def interrupt(self, *_signal: object) -> None:
        """Stop as the engine does: after the running steps, or at the second signal immediately and without writing."""
        if any(deployment.cancelled for deployment in self._deployments.values()):
            self._end()
        for deployment in self._deployments.values():
            deployment.cancelled = deployment.stopping = True

    def _end(self) -> None:
        for deployment in self._deployments.values():
            deployment.stack.frozen = True
            deployment.end_plugins()
        os._exit(8)

    def _deployment(self, state: Path) -> Deployment:
        display = Display(preview=False, diff=False, as_json=True)
        return Deployment(Stack(state), self._project, display, _PARALLEL)


def found(folder: Path, *stacks: str) -> None:
    """Create a project with empty stacks."""
    (folder / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")
    for stack in stacks:
        write(folder / f"{stack}.json", [], [])


def resources(folder: Path, stack: str) -> list[dict[str, Any]]:
    """Return the copies in the state of a stack, including pending deletes."""
    deployment = json.loads((folder / f"{stack}.json").read_text())["deployment"]
    return [resource for resource in deployment["resources"] if resource["type"] == TYPE]


def _bring_up(deployment: Deployment, program: Program) -> None:
    with ThreadPoolExecutor(len(program) or 1) as pool:
        list(pool.map(partial(_register, deployment), program, program.values()))
    if not deployment.stopping:
        deployment.delete_all()
    with deployment.stack.change():
        deployment.registered.clear()


def _register(deployment: Deployment, name: str, wanted: Mapping[str, Any]) -> None:
    """Register a copy as BackupCopy does."""
    state = [r for r in deployment.stack.all() if r["type"] == TYPE and not r.get("delete")]
    entries = [StateCopy(r["urn"], r["id"], r["outputs"]) for r in state if r["urn"].endswith(f"::{name}")]
    deployment.register(_request(name, wanted, Hints(_owner_id(deployment), tuple(entries))))


def _owner_id(deployment: Deployment) -> str:
    """Return the owner id of a stack, which is the same in all runs."""
    return hashlib.sha256(deployment.stack.name.encode()).hexdigest()[:32]


def _request(name: str, wanted: Mapping[str, Any], hints: Hints) -> RegisterResourceRequest:
    inputs = {"__provider": serialize_provider(BackupCopyProvider()), HINTS: hints.sent(), **wanted["inputs"]}
    timeouts = RegisterResourceRequest.CustomTimeouts(**wanted.get("timeouts", {}))
    return RegisterResourceRequest(type=TYPE, name=name, custom=True, object=to_struct(inputs), customTimeouts=timeouts)


def _say(what: object) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


def main() -> None:
    """Bring up the programs from stdin; the exit code is 1 after a failure."""
    workload = Workload(Path(sys.argv[1]), json.load(sys.stdin))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, workload.interrupt)
    diagnostics = workload.up()
    _say(diagnostics)
    sys.exit(bool(diagnostics))


if __name__ == "__main__":
    main()

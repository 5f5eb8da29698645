"""Runs on Pulumi's plugin host under the fake engine: one run for all stacks, one stack for each Region."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from simulator.fsx import Control
from tests.faults import workload
from tests.faults.harness import DR_REGIONS, HOME, Diagnostic, Diagnostics, Harness, Run, kill


@dataclass
class HostRun(Run):
    """One run of the fake engine."""

    host: int

    def hosts(self) -> list[int]:
        return [] if self._is_gone() else [self.host]

    def processes(self) -> list[int]:
        return [self.process.pid, *self.hosts()]

    def diagnostics(self) -> Diagnostics:
        assert self.process.stdout is not None
        said: list[tuple[str, str]] = json.loads(self.process.stdout.read() or "[]")
        return {
            region: [Diagnostic(text, is_failure=True) for other, text in said if other == region] for region, _ in said
        }

    def _is_gone(self) -> bool:
        try:
            return Path(f"/proc/{self.host}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True


@dataclass
class HostHarness(Harness):
    """Stacks named after their Regions."""

    engine: ClassVar[str] = "plugin host"
    deletes_last: ClassVar[bool] = False
    folder: Path

    @classmethod
    @contextmanager
    def opened(cls, aws: Control, folder: Path) -> Iterator["HostHarness"]:
        workload.found(folder, *DR_REGIONS)
        yield cls(aws, folder)

    @classmethod
    def version(cls) -> str:
        return f"the plugin host of Pulumi's Python SDK {version('pulumi')}, under the fake engine"

    @contextmanager
    def started(
        self,
        programs: Mapping[str, workload.Program],
        *,
        continues_on_error: bool = False,  # noqa: ARG002 - failed stacks do not stop other stacks
    ) -> Iterator[HostRun]:
        pipe = subprocess.PIPE
        with (
            (self.folder / "log").open("a") as log,
            subprocess.Popen(  # noqa: S603 - our own
                [sys.executable, "-m", "tests.faults.workload", str(self.folder)],
                env={**os.environ, **self.aws.environment(HOME), "PULUMI_FSX_DR_POLL_SECONDS": "0.1"},
                stdin=pipe,
                stdout=pipe,
                stderr=log,
                text=True,
            ) as process,
        ):
            assert process.stdin is not None
            assert process.stdout is not None
            json.dump(programs, process.stdin)
            process.stdin.close()
            run = HostRun(process, int(process.stdout.readline()))
            try:
                yield run
            finally:
                kill(process.pid, run.host)

    def unlock(self) -> None:
        """The fake engine locks nothing."""

    def export(self, region: str) -> Mapping[str, Any]:
        state: dict[str, Any] = json.loads((self.folder / f"{region}.json").read_text())
        return state

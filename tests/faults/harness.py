"""The harness of the fault tests: runs programs on an engine, and finds problems after a run."""

import os
import re
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeVar

from pulumi_fsx_dr.copies.ownership import Ownership, ownership_of

from simulator.fsx import Control, running
from simulator.fsx.regions import fsx_regions
from tests.faults.workload import TYPE, Program

HOME = "us-east-1"
DR_REGIONS = [name for name, partition in fsx_regions().items() if partition == "aws" and name != HOME]
_PARALLEL = 5  # parallel harnesses; more are too many for two processors
_Cell = TypeVar("_Cell")
_Outcome = TypeVar("_Outcome")
_UNREADABLE = re.compile(r"Traceback|\n|File \"|botocore|(?<!update )boto3|ClientError|Exception\b(?!:)|object at 0x")


class Diagnostic(NamedTuple):
    """An error or a warning about a copy."""

    text: str
    is_failure: bool


Diagnostics = Mapping[str, list[Diagnostic]]  # by Region


@dataclass
class Run(ABC):
    """A running `pulumi up`: the process of the engine."""

    process: subprocess.Popen[Any]

    @abstractmethod
    def hosts(self) -> list[int]:
        """Return the process ids of its running plugin hosts."""

    @abstractmethod
    def processes(self) -> list[int]:
        """Return the process ids of all its running processes, including the program."""

    @abstractmethod
    def diagnostics(self) -> Diagnostics:
        """Return its errors and warnings, after the run has ended."""

    def is_over(self) -> bool:
        """Whether both the engine and its plugin host have ended."""
        return self.process.poll() is not None and not self.hosts()


@dataclass
class Harness(ABC):
    """An account, and programs that declare copies in its Regions.

    Attributes:
        engine: the name of the engine that runs the programs.
        deletes_last: whether a run deletes only after all creates, in all Regions.
        resource_type: the type of the copies in the state.
    """

    engine: ClassVar[str]
    deletes_last: ClassVar[bool]
    resource_type: ClassVar[str] = TYPE
    aws: Control
    sources: list[str] = field(init=False)

    def __post_init__(self) -> None:
        # Each of its own file system, because other copies of a file system wait for its first copy.
        self.sources = [self.aws.seed_backup(HOME, self.aws.seed_file_system(HOME)) for _ in range(8)]

    @classmethod
    @abstractmethod
    def opened(cls, aws: Control, folder: Path) -> AbstractContextManager["Harness"]:
        """Yield a harness with its states in an empty folder, and end its processes."""

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """Return the engine's name and version."""

    @abstractmethod
    def started(
        self, programs: Mapping[str, Program], *, continues_on_error: bool = False
    ) -> AbstractContextManager[Run]:
        """Start `pulumi up` of these Regions' programs; engine and plugin host are killed at the end of the context.

        Args:
            programs: by Region.
            continues_on_error: whether other copies are made after a failure.
        """

    @abstractmethod
    def unlock(self) -> None:
        """Do what a user must do between a killed run and the next run."""

    @abstractmethod
    def export(self, region: str) -> Mapping[str, Any]:
        """Return the document of `pulumi stack export` with the copies of a Region."""

    def program(self, region: str, *numbers: int, **timeouts: str) -> Program:
        """Return a program with copies of these sources; the default timeout of each step is two minutes."""
        limits = dict.fromkeys(("create", "update", "delete"), "120s") | timeouts
        where = {"source_region": HOME, "region": region}
        return {
            f"copy-{number}": {"inputs": {"source_backup_id": self.sources[number], **where}, "timeouts": limits}
            for number in numbers
        }

    def up(self, programs: Mapping[str, Program], meanwhile: Callable[[], None] = lambda: None) -> Diagnostics:
        """Run `up`, call `meanwhile` repeatedly until it ends, and return the diagnostics of each Region."""
        with self.started(programs, continues_on_error=True) as run:
            while run.process.poll() is None:
                meanwhile()
                time.sleep(0.1)
            return run.diagnostics()

    def copies(self, region: str) -> list[dict[str, Any]]:
        """Return the copies in a Region, without deleted ones."""
        return [dict(backup) for backup in self.aws.backups(region)]

    def state(self, region: str) -> list[dict[str, Any]]:
        """Return the copies of a Region in the state, including pending deletes."""
        resources = self.export(region)["deployment"].get("resources", [])
        return [r for r in resources if r["type"] == self.resource_type and r["outputs"]["region"] == region]

    def problems(self, region: str, *numbers: int) -> list[str]:
        """Return the problems in a Region after an `up` with copies of these sources."""
        made = self.copies(region)
        has = Counter(copy["source_backup_id"] for copy in made)
        wanted = Counter(self.sources[number] for number in numbers)
        entries = {state["id"]: Ownership.parse(_managed_by(state)) for state in self.state(region)}
        tags = {copy["id"]: ownership_of(copy["tags"]) for copy in made}
        return [
            *(f"{count} too many of {source}" for source, count in (has - wanted).items()),
            *(f"{count} missing of {source}" for source, count in (wanted - has).items()),
            *(f"{copy['id']} is {copy['lifecycle']}" for copy in made if copy["lifecycle"] != "AVAILABLE"),
            *(f"{id_} is in the state but does not exist" for id_ in entries.keys() - tags.keys()),
            *(f"{id_} is not in the state" for id_ in tags.keys() - entries.keys()),
            *(
                f"{id_} has a different tag than its state entry"
                for id_, own in entries.items()
                if own != tags.get(id_)
            ),
        ]


def run_all(
    kind: type[Harness],
    folder: Path,
    batches: Sequence[list[_Cell]],
    run_cells: Callable[[Harness, list[_Cell]], Mapping[_Cell, _Outcome]],
) -> dict[_Cell, _Outcome]:
    """Run all cells, each batch in its own harness, several batches in parallel."""

    def run_batch(number: int) -> Mapping[_Cell, _Outcome]:
        here = folder / str(number)
        here.mkdir()
        with running(copy_seconds=2) as aws, kind.opened(aws, here) as harness:
            return run_cells(harness, batches[number])

    with ThreadPoolExecutor(_PARALLEL) as pool:
        return dict(chain.from_iterable(outcomes.items() for outcomes in pool.map(run_batch, range(len(batches)))))


def kill(*pids: int) -> None:
    """Kill processes that this test started, if they still run."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def unreadable(texts: Iterable[str]) -> list[str]:
    """Return the texts with a traceback or an internal name, or without punctuation at the end."""
    return [text for text in texts if _UNREADABLE.search(text.strip()) or not text.rstrip().endswith((".", ")", "?"))]


def _managed_by(state: Mapping[str, Any]) -> str:
    outputs: Mapping[str, str] = state["outputs"]
    return outputs.get("managed_by") or outputs.get("managedBy") or ""

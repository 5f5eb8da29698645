"""Where faults and interruptions are played, whichever engine it is, and what must hold after every run."""

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
from tests.faults.fleet import TYPE, Program

HOME = "us-east-1"
DR_REGIONS = [name for name, partition in fsx_regions().items() if partition == "aws" and name != HOME]
_BESIDE = 5  # theatres at once, which is as much as two processors bear
_Cell = TypeVar("_Cell")
_Outcome = TypeVar("_Outcome")
_NO_SENTENCE = re.compile(r"Traceback|\n|File \"|botocore|boto3|ClientError|Exception\b(?!:)|object at 0x")


class Said(NamedTuple):
    """What a run said of a copy: a failure, or else a warning."""

    text: str
    is_failure: bool


Told = Mapping[str, list[Said]]  # by Region


@dataclass
class Run(ABC):
    """A `pulumi up` under way: the process of the engine."""

    process: subprocess.Popen[Any]

    @abstractmethod
    def hosts(self) -> list[int]:
        """Return the process ids of its plugin hosts that are still there."""

    @abstractmethod
    def processes(self) -> list[int]:
        """Return the process ids of all that is still there of it, the program included."""

    @abstractmethod
    def told(self) -> Told:
        """Return the whole texts of its failures and warnings, once the run is over."""

    def is_over(self) -> bool:
        """Tell whether both the engine and its plugin host have ended."""
        return self.process.poll() is not None and not self.hosts()


@dataclass
class Theatre(ABC):
    """An account, and programs that want copies in its Regions; each Region is told apart in all that happens.

    Attributes:
        engine: the name of the engine that runs the programs.
        deletes_last: whether a run begins to delete only once it has made everything, in all Regions.
        resource_type: the resource's, as states name it.
    """

    engine: ClassVar[str]
    deletes_last: ClassVar[bool]
    resource_type: ClassVar[str] = TYPE
    aws: Control
    sources: list[str] = field(init=False)

    def __post_init__(self) -> None:
        file_system = self.aws.seed_file_system(HOME)
        self.sources = [self.aws.seed_backup(HOME, file_system) for _ in range(8)]

    @classmethod
    @abstractmethod
    def opened(cls, aws: Control, folder: Path) -> AbstractContextManager["Theatre"]:
        """Yield one whose states are in an empty folder, and leave no process behind."""

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """Return the engine's name and version."""

    @abstractmethod
    def started(self, programs: Mapping[str, Program], *, goes_on: bool = False) -> AbstractContextManager[Run]:
        """Start `pulumi up` of these Regions' programs; engine and plugin host are killed in the end.

        Args:
            programs: by Region, what is wanted there.
            goes_on: whether the failure of one copy keeps no other from being tried.
        """

    @abstractmethod
    def unlock(self) -> None:
        """Do what a person does after a run was killed, and before the next one."""

    @abstractmethod
    def export(self, region: str) -> Mapping[str, Any]:
        """Return the document of `pulumi stack export` that tells what is held in a Region."""

    def program(self, region: str, *numbers: int, **timeouts: str) -> Program:
        """Return a program that wants copies of the sources of these numbers; each step has two minutes, or as said."""
        limits = dict.fromkeys(("create", "update", "delete"), "120s") | timeouts
        where = {"source_region": HOME, "region": region}
        return {
            f"copy-{number}": {"inputs": {"source_backup_id": self.sources[number], **where}, "timeouts": limits}
            for number in numbers
        }

    def up(self, programs: Mapping[str, Program], meanwhile: Callable[[], None] = lambda: None) -> Told:
        """Bring Regions up, doing something again and again meanwhile; return what was said of each."""
        with self.started(programs, goes_on=True) as run:
            while run.process.poll() is None:
                meanwhile()
                time.sleep(0.1)
            return run.told()

    def copies(self, region: str) -> list[dict[str, Any]]:
        """Return the copies in a Region that are not deleted."""
        return [dict(backup) for backup in self.aws.backups(region)]

    def state(self, region: str) -> list[dict[str, Any]]:
        """Return the copies of a Region that are in the state, those that are pending deletion included."""
        resources = self.export(region)["deployment"].get("resources", [])
        return [r for r in resources if r["type"] == self.resource_type and r["outputs"]["region"] == region]

    def wrongs(self, region: str, *numbers: int) -> list[str]:
        """Return all that is not as it must be, once a Region has been brought up to copies of these numbers."""
        made = self.copies(region)
        has = Counter(copy["source_backup_id"] for copy in made)
        wanted = Counter(self.sources[number] for number in numbers)
        entries = {state["id"]: Ownership.parse(_managed_by(state)) for state in self.state(region)}
        tags = {copy["id"]: ownership_of(copy["tags"]) for copy in made}
        return [
            *(f"{count} too many of {source}" for source, count in (has - wanted).items()),
            *(f"{count} missing of {source}" for source, count in (wanted - has).items()),
            *(f"{copy['id']} is {copy['lifecycle']}" for copy in made if copy["lifecycle"] != "AVAILABLE"),
            *(f"{id_} is in the state and gone" for id_ in entries.keys() - tags.keys()),
            *(f"{id_} is not in the state" for id_ in tags.keys() - entries.keys()),
            *(f"{id_} has another tag than its entry" for id_, own in entries.items() if own != tags.get(id_)),
        ]


def play_all(
    kind: type[Theatre],
    folder: Path,
    companies: Sequence[list[_Cell]],
    play: Callable[[Theatre, list[_Cell]], Mapping[_Cell, _Outcome]],
) -> dict[_Cell, _Outcome]:
    """Play cells, each company of them in a theatre of its own, some beside each other."""

    def played(number: int) -> Mapping[_Cell, _Outcome]:
        here = folder / str(number)
        here.mkdir()
        with running(copy_seconds=2) as aws, kind.opened(aws, here) as theatre:
            return play(theatre, companies[number])

    with ThreadPoolExecutor(_BESIDE) as pool:
        return dict(chain.from_iterable(outcomes.items() for outcomes in pool.map(played, range(len(companies)))))


def kill(*pids: int) -> None:
    """Kill processes that were started here, if they are still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def no_sentences(texts: Iterable[str]) -> list[str]:
    """Return those texts that are not one readable sentence or two."""
    return [text for text in texts if _NO_SENTENCE.search(text.strip()) or not text.rstrip().endswith((".", ")"))]


def _managed_by(state: Mapping[str, Any]) -> str:
    outputs: Mapping[str, str] = state["outputs"]
    return outputs.get("managed_by") or outputs.get("managedBy") or ""

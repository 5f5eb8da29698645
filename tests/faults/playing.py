"""Runs of many stacks, each in a Region of its own, and what must hold after every one of them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_fsx_dr.fsx import FsxRegion
from pulumi_fsx_dr.orphans import Fate, Held, orphans
from pulumi_fsx_dr.ownership import MARK_TAG, Pending, Recorded, parse_mark

from rehearsal import fleet
from rehearsal.fsx import Control
from rehearsal.fsx.regions import fsx_regions
from tests.end_to_end.project import Project

HOME = "us-east-1"
DR_REGIONS = [name for name, partition in fsx_regions().items() if partition == "aws" and name != HOME]
_NO_SENTENCE = re.compile(r"Traceback|\n|File \"|botocore|boto3|ClientError|Exception\b(?!:)|object at 0x")


@dataclass
class Theatre:
    """The stacks and the account; each stack is named after its Region."""

    aws: Control
    folder: Path
    sources: list[str] = field(default_factory=list)

    @classmethod
    def built(cls, aws: Control, folder: Path) -> "Theatre":
        """Return one with a stack for each Region, and with backups to copy."""
        fleet.found(folder, *DR_REGIONS)
        file_system = aws.seed_file_system(HOME)
        return cls(aws, folder, [aws.seed_backup(HOME, file_system) for _ in range(8)])

    def program(self, region: str, *numbers: int, timeout: str = "120s") -> fleet.Program:
        """Return a program that wants copies of the sources of these numbers."""
        timeouts = dict.fromkeys(("create", "update", "delete"), timeout)
        where = {"source_region": HOME, "region": region}
        return {
            f"copy-{number}": {"inputs": {"source_backup_id": self.sources[number], **where}, "timeouts": timeouts}
            for number in numbers
        }

    @contextmanager
    def started(self, programs: Mapping[str, fleet.Program]) -> Iterator["Run"]:
        """Start `pulumi up` of these stacks; whatever is left of it in the end is killed."""
        pipe = subprocess.PIPE
        with (
            (self.folder / "log").open("a") as log,
            subprocess.Popen(  # noqa: S603 - our own
                [sys.executable, "-m", "rehearsal.fleet", str(self.folder)],
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
            run = Run(process, int(process.stdout.readline()))
            try:
                yield run
            finally:
                kill(process.pid, run.host)

    def up(self, programs: Mapping[str, fleet.Program], meanwhile: Callable[[], None] = lambda: None) -> "Told":
        """Bring stacks up, doing something again and again meanwhile; return what each was told of failures."""
        with self.started(programs) as run:
            while run.process.poll() is None:
                meanwhile()
                time.sleep(0.1)
            return run.told()

    def copies(self, region: str) -> list[dict[str, Any]]:
        """Return the copies in a Region that are not deleted."""
        return [dict(backup) for backup in self.aws.backups(region)]

    def left(self, region: str) -> set[str]:
        """Return the copies of which `fsx-dr orphans` would say that nobody will ever ask for them again."""
        state = json.loads((self.folder / f"{region}.json").read_text())
        with closing(self.aws.client("fsx", region)) as client:
            answer = client.describe_backups()
        backups = [FsxRegion(region)._backup(described) for described in answer["Backups"]]  # noqa: SLF001  # the client that makes them would want the environment's endpoint
        return {orphan.backup.id for orphan in orphans(backups, Held.by([state])) if orphan.fate is Fate.LEFT}

    def wrongs(self, region: str, *numbers: int) -> list[str]:
        """Return all that is not as it must be, once a stack has been brought up to copies of these numbers."""
        made, held = self.copies(region), fleet.resources(self.folder, region)
        wanted = Counter(self.sources[number] for number in numbers)
        nonces = {state["id"]: state["outputs"]["nonce"] for state in held}
        marks = {copy["id"]: parse_mark(copy["tags"].get(MARK_TAG)) for copy in made}
        return [
            *(f"{n} too many of {s}" for s, n in (Counter(c["source_backup_id"] for c in made) - wanted).items()),
            *(f"{n} missing of {s}" for s, n in (wanted - Counter(c["source_backup_id"] for c in made)).items()),
            *(f"{copy['id']} is {copy['lifecycle']}" for copy in made if copy["lifecycle"] != "AVAILABLE"),
            *(f"the state holds {id_}, which is no more" for id_ in nonces.keys() - marks.keys()),
            *(f"{id_} is {_kind(mark)} and no state holds it" for id_, mark in marks.items() if id_ not in nonces),
            *(f"{id_} is {_kind(marks.get(id_))}" for id_, nonce in nonces.items() if not _is(marks.get(id_), nonce)),
        ]


Told = Mapping[str, list[str]]


@dataclass
class Run:
    """A `pulumi up` under way: the engine's process, and the process id of its plugin host."""

    process: subprocess.Popen[str]
    host: int

    def told(self) -> Told:
        """Return by stack the whole texts of its failures, once the run is over."""
        assert self.process.stdout is not None
        said: list[tuple[str, str]] = json.loads(self.process.stdout.read() or "[]")
        return {stack: [text for other, text in said if other == stack] for stack, _ in said}

    def is_over(self) -> bool:
        """Tell whether both processes have ended."""
        return self.process.poll() is not None and self._is_host_gone()

    def _is_host_gone(self) -> bool:
        try:
            return Path(f"/proc/{self.host}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True


def kill(*pids: int) -> None:
    """Kill processes that were started here, if they are still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def no_sentences(texts: list[str]) -> list[str]:
    """Return those texts that are not one readable sentence or two."""
    return [text for text in texts if _NO_SENTENCE.search(text.strip()) or not text.rstrip().endswith((".", ")"))]


def quiet_up(project: Project) -> subprocess.Popen[bytes]:
    """Start `up` of an end-to-end project."""
    command = [*project.engine, "up", "--yes", "--skip-preview", "--stack", "dev", "--non-interactive"]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=project.folder, env=project.environment, stdout=nowhere, stderr=nowhere)  # noqa: S603 - the engine


def eventually(happened: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Return once something has happened elsewhere."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.05)


def _kind(mark: Pending | Recorded | None) -> str:
    return type(mark).__name__.lower() if mark else "unmarked"


def _is(mark: Pending | Recorded | None, nonce: str) -> bool:
    return isinstance(mark, Recorded) and mark.nonce == nonce

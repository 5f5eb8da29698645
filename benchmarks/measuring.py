"""The runs that are measured."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import Copied, Workload, copied, per_copy
from benchmarks.usage import Usage, watched
from simulator.fake_engine import find_engine
from simulator.fsx import Control, running
from simulator.project import NO_PROMPT, POLL_SECONDS, Project, write_plugin, write_program

PARALLEL = 128  # operations at once

_HOME = "us-east-1"
_REGIONS = (
    "eu-central-1", "eu-west-1", "eu-north-1", "us-west-2", "us-east-2",
    "ap-southeast-2", "ap-northeast-1", "ca-central-1", "sa-east-1", "ap-south-1",
)  # fmt: skip
_MANY = 10_000  # more user-initiated backups than FSx's quota lets one Region have
_FEW = 100  # copies with which writing the state at each step is not what is measured
_PROGRAM = "from benchmarks.program import declare\n\ndeclare()\n"
# A state in files is written anew for each step, which at 1,000 resources takes longer than all else.
_AT_THE_END = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}


@dataclass(frozen=True)
class Ran:
    """One command: how long it took, in seconds, and what the provider's process used meanwhile."""

    seconds: float
    usage: Usage


@dataclass(frozen=True)
class Made:
    """An `up` that made copies: what the user waited for, and what the service saw of it."""

    ran: Ran
    copied: Copied


@dataclass(frozen=True)
class Ended:
    """A command on copies that are there, with its FSx calls per copy."""

    ran: Ran
    per_copy: dict[str, float]


class Subject:
    """One resource class at work on one workload."""

    def __init__(self, aws: Control, made: Project, workload: Workload) -> None:
        self._aws = aws
        self._project = made
        self._workload = workload

    def up(self) -> Made:
        """Make all copies."""
        ran = self._calls_of("up")
        return Made(ran, copied(self._aws.journal(), self._workload.copy_seconds, POLL_SECONDS))

    def preview(self) -> Ran:
        """Preview with nothing changed."""
        return self._calls_of("preview")

    def refresh(self) -> Ended:
        """Read all copies."""
        return self._ended("refresh")

    def destroy(self) -> Ended:
        """Delete all copies."""
        return self._ended("destroy")

    def fill(self) -> Ran:
        """Put resources into the state that make no copies."""
        return self._calls_of("up")

    def _ended(self, command: str) -> Ended:
        return Ended(self._calls_of(command), per_copy(self._aws.journal(), self._workload.copies))

    def _calls_of(self, command: str) -> Ran:
        self._aws.clear_journal()
        with watched(self._project) as usage:
            began = time.monotonic()
            options = () if command == "preview" else NO_PROMPT
            self._project.run(command, *options, "--parallel", str(PARALLEL))
            seconds = time.monotonic() - began
        return Ran(seconds, usage)


@contextmanager
def subject(name: str, workload: Workload) -> Iterator[Subject]:
    """Give a resource class with a service and a stack of its own.

    Args:
        name: ours, native, naive, one session, empty or bare.
        workload: what it is to declare.
    """
    with (
        running(copy_seconds=workload.copy_seconds, user_initiated_backups=_MANY) as aws,
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
    ):
        variables = aws.environment(_HOME) | ({} if workload.copies <= _FEW else _AT_THE_END)
        settings = write_plugin(Path(folder) / "plugin") if name == "native" else {}
        made = Project.create(write_program(Path(folder), _PROGRAM, **settings), find_engine(), variables)
        made.declare(subject=name, copies=_copies(aws, workload))
        yield Subject(aws, made, workload)


def _copies(aws: Control, workload: Workload) -> dict[str, dict[str, str]]:
    regions = _REGIONS[: workload.regions]
    for region in regions:
        aws.client("kms", region).describe_key(KeyId="alias/aws/fsx")  # makes the key that copies there will need
    file_system = aws.seed_file_system(_HOME)
    sources = [aws.seed_backup(_HOME, file_system) for _ in range(workload.copies // workload.regions)]
    return {
        f"{region}-{number}": {"source_backup_id": source, "source_region": _HOME, "region": region}
        for number, source in enumerate(sources)
        for region in regions
    }


def alternately(subjects: list[Subject], times: int) -> list[float]:
    """Preview one after the other, several times over, and return the median seconds of each."""
    rounds = [[each.preview().seconds for each in subjects] for _ in range(times)]
    return [median(seconds) for seconds in zip(*rounds, strict=True)]

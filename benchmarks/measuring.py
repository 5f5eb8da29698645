"""The runs that are measured."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from benchmarks.figures import Copied, Workload, copied, per_copy
from benchmarks.project import POLL_SECONDS, Project, Ran, project
from rehearsal.fsx import Control, running

_HOME = "us-east-1"
_REGIONS = (
    "eu-central-1", "eu-west-1", "eu-north-1", "us-west-2", "us-east-2",
    "ap-southeast-2", "ap-northeast-1", "ca-central-1", "sa-east-1", "ap-south-1",
)  # fmt: skip
_MANY = 10_000  # more user-initiated backups than FSx's quota lets one Region have


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
        return self._project.run(command)


_FEW = 100  # copies with which writing the state at each step is not what is measured


@contextmanager
def subject(name: str, workload: Workload) -> Iterator[Subject]:
    """Give a resource class with a service and a stack of its own.

    Args:
        name: ours, naive, one session, empty or bare.
        workload: what it is to declare.
    """
    with (
        running(copy_seconds=workload.copy_seconds, user_initiated_backups=_MANY) as aws,
        project(aws.environment(_HOME), checkpoints=workload.copies <= _FEW) as made,
    ):
        made.declare(name, _copies(aws, workload))
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

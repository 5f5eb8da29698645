"""The measured runs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import Figures, Workload, figures, per_copy
from benchmarks.usage import Usage, sampled
from simulator.fake_engine import find_engine
from simulator.fsx import Control, running
from simulator.project import NO_PROMPT, POLL_SECONDS, Project, write_plugin, write_program

PARALLEL = 128  # parallel operations

_SOURCE_REGION = "us-east-1"
_REGIONS = (
    "eu-central-1", "eu-west-1", "eu-north-1", "us-west-2", "us-east-2",
    "ap-southeast-2", "ap-northeast-1", "ca-central-1", "sa-east-1", "ap-south-1",
)  # fmt: skip
_QUOTA = 10_000  # user-initiated backups; FSx's quota is too small for a thousand copies
_FEW = 100  # up to this number of copies, writing the state at each step takes little time
_PROGRAM = "from benchmarks.program import declare\n\ndeclare()\n"
# Writing the whole state at each step takes longer than everything else with 1,000 resources.
_WRITE_STATE_ONCE = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}


@dataclass(frozen=True)
class Run:
    """One command: its duration in seconds, and processor time and memory of the provider."""

    seconds: float
    usage: Usage


@dataclass(frozen=True)
class CopyRun:
    """An `up` that made copies, and its figures."""

    run: Run
    figures: Figures


@dataclass(frozen=True)
class LaterRun:
    """A command on existing copies, and its FSx calls per copy."""

    run: Run
    per_copy: dict[str, float]


class MeasuredStack:
    """A stack of one resource class with one workload."""

    def __init__(self, aws: Control, project: Project, workload: Workload) -> None:
        self._aws = aws
        self._project = project
        self._workload = workload

    def up(self) -> CopyRun:
        """Make all copies."""
        run = self.fill()
        return CopyRun(run, figures(self._aws.journal(), self._workload.copy_seconds, POLL_SECONDS))

    def fill(self) -> Run:
        """Run `up` without calculating figures."""
        return self._run("up", *NO_PROMPT)

    def preview(self) -> Run:
        """Preview an unchanged program."""
        return self._run("preview")

    def refresh(self) -> LaterRun:
        """Read all copies."""
        return self._later("refresh")

    def destroy(self) -> LaterRun:
        """Delete all copies."""
        return self._later("destroy")

    def _later(self, command: str) -> LaterRun:
        return LaterRun(self._run(command, *NO_PROMPT), per_copy(self._aws.journal(), self._workload.copies))

    def _run(self, *command: str) -> Run:
        self._aws.clear_journal()
        with sampled(self._project) as usage:
            began = time.monotonic()
            self._project.run(*command, "--parallel", str(PARALLEL))
            seconds = time.monotonic() - began
        return Run(seconds, usage)


@contextmanager
def measured_stack(resource: str, workload: Workload) -> Iterator[MeasuredStack]:
    """Yield a stack with its own simulator; `resource` is one of `program.CLASSES`."""
    with (
        running(copy_seconds=workload.copy_seconds, user_initiated_backups=_QUOTA) as aws,
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
    ):
        variables = aws.environment(_SOURCE_REGION) | ({} if workload.copies <= _FEW else _WRITE_STATE_ONCE)
        settings = write_plugin(Path(folder) / "plugin") if resource == "native" else {}
        project = Project.create(write_program(Path(folder), _PROGRAM, **settings), find_engine(), variables)
        project.declare(resource=resource, copies=_copies(aws, workload))
        yield MeasuredStack(aws, project, workload)


def _copies(aws: Control, workload: Workload) -> dict[str, dict[str, str]]:
    regions = _REGIONS[: workload.regions]
    for region in regions:
        aws.client("kms", region).describe_key(KeyId="alias/aws/fsx")  # creates the default key of the Region
    file_systems = [aws.seed_file_system(_SOURCE_REGION) for _ in range(workload.copies // workload.regions)]
    sources = [aws.seed_backup(_SOURCE_REGION, file_system) for file_system in file_systems]
    return {
        f"{region}-{number}": {"source_backup_id": source, "source_region": _SOURCE_REGION, "region": region}
        for number, source in enumerate(sources)
        for region in regions
    }


def median_previews(stacks: list[MeasuredStack], times: int) -> list[float]:
    """Preview all stacks in several rounds, and return the median seconds of each stack."""
    rounds = [[stack.preview().seconds for stack in stacks] for _ in range(times)]
    return [median(seconds) for seconds in zip(*rounds, strict=True)]

"""The time until everything is protected: the newest recovery point of each file system has an AVAILABLE copy."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import SHORTEST_COPY, SLOTS
from benchmarks.table import Row, Section, Target
from simulator.fake_engine import find_engine
from simulator.fsx import Control, running
from simulator.fsx.views import BackupView
from simulator.project import NO_PROMPT, Project, write_program

_SOURCE_REGION, _REGIONS = "us-east-1", ("eu-central-1", "eu-west-1")
_GIB = 1 << 30
_PROGRAM = "from benchmarks.program import declare\n\ndeclare()\n"
_NEAR_BOUND = Target(at_most=1.3)
_HOUR = 3600


@dataclass(frozen=True)
class FileSystems:
    """The copied file systems.

    Attributes:
        sizes: sizes in GB; a full copy takes one second per GB.
        keep: number of copied recovery points of each file system.
        regions: number of DR Regions.
        parallel: number of parallel operations.
    """

    sizes: Sequence[float]
    keep: int
    regions: int = 1
    parallel: int = 128

    def __str__(self) -> str:
        where = "one DR Region" if self.regions == 1 else f"{self.regions} DR Regions"
        return f"{len(self.sizes)} file systems, keep {self.keep}, {where}, --parallel {self.parallel}"

    @property
    def copies(self) -> int:
        """The number of copies."""
        return len(self.sizes) * self.keep * self.regions

    @property
    def bound(self) -> float:
        """The shortest time for a full copy of each file system in five slots."""
        seconds = [max(SHORTEST_COPY, size) for size in self.sizes]
        return max(*seconds, sum(seconds) / SLOTS)


@dataclass(frozen=True)
class Protection:
    """The figures of a run.

    Attributes:
        seconds: time from the first CopyBackup until the newest recovery point of each file system has a copy.
        whole: time until all copies are AVAILABLE.
        full: number of full copies.
        gigabytes: number of transferred GB.
    """

    seconds: float
    whole: float
    full: int
    gigabytes: float


def protection(copies: Sequence[BackupView], newest: set[str]) -> Protection:
    """Calculate the figures from all copies; `newest` are the newest source backups."""
    began = min(copy["created"] for copy in copies)
    ends = {copy["id"]: (copy["ends"] or began) - began for copy in copies}
    return Protection(
        seconds=max(ends[copy["id"]] for copy in copies if copy["source_backup_id"] in newest),
        whole=max(ends.values()),
        full=sum(copy["is_full"] is True for copy in copies),
        gigabytes=sum(copy["transferred_bytes"] or 0 for copy in copies) / _GIB,
    )


def time_until_protected(workload: FileSystems) -> Section:
    """Measure one workload with both providers."""
    ours, naive = (_measured(resource, workload) for resource in ("ours", "naive"))
    full = len(workload.sizes) * workload.regions
    bound = workload.bound
    exactly = Target(at_least=full, at_most=full)
    rows = [
        Row("time until everything is protected, s (reference: bound)", ours.seconds, naive.seconds, bound),
        Row("÷ bound", ours.seconds / bound, naive.seconds / bound, 1, _NEAR_BOUND),
        Row("full copies (reference: one for each)", ours.full, naive.full, full, exactly),
        Row("transferred, GB", ours.gigabytes, naive.gigabytes),
        Row("until all copies are AVAILABLE, s", ours.whole, naive.whole),
    ]
    return Section(f"time until everything is protected: {workload}", rows)


def _measured(resource: str, workload: FileSystems) -> Protection:
    with _project() as (aws, project):
        newest, declared = _declared(aws, workload)
        project.declare(resource=resource, copies=declared)
        project.run("up", *NO_PROMPT, "--parallel", str(workload.parallel))
        return protection([copy for region in _REGIONS for copy in aws.backups(region)], newest)


@contextmanager
def _project() -> Iterator[tuple[Control, Project]]:
    with (
        running(seconds_per_gb=1, shortest_copy_seconds=SHORTEST_COPY) as aws,
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
    ):
        yield aws, Project.create(write_program(Path(folder), _PROGRAM), find_engine(), aws.environment(_SOURCE_REGION))


def _declared(aws: Control, workload: FileSystems) -> tuple[set[str], dict[str, dict[str, str]]]:
    """Seed the backups; return the newest of each file system, and the copies to declare.

    With few parallel operations the order of declaration matters, so it is the order of a DrRegion. Otherwise the
    copies are declared file system by file system, oldest first, so that only the provider's queue decides.
    """
    regions = _REGIONS[: workload.regions]
    for region in regions:
        aws.client("kms", region).describe_key(KeyId="alias/aws/fsx")  # creates the default key of the Region
    by_file_system = [_seeded(aws, int(size * _GIB), workload.keep) for size in workload.sizes]
    newest = {points[-1] for points in by_file_system}
    if workload.parallel < workload.copies:
        by_file_system = [list(points) for points in zip(*by_file_system, strict=True)][::-1]
    sources = [source for points in by_file_system for source in points]
    return newest, {
        f"{region}-{number}": {"source_backup_id": source, "source_region": _SOURCE_REGION, "region": region}
        for number, source in enumerate(sources)
        for region in regions
    }


def _seeded(aws: Control, size: int, number: int) -> list[str]:
    """Seed the backups of a file system, oldest first."""
    file_system, now = aws.seed_file_system(_SOURCE_REGION), aws.now()
    return [
        aws.seed_backup(_SOURCE_REGION, file_system, size_in_bytes=size, created=now - age * _HOUR)
        for age in range(number, 0, -1)
    ]

"""The time until everything is protected: the newest recovery point of each file system has an AVAILABLE copy."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import SLOTS
from benchmarks.table import Row, Section, Target
from simulator.fake_engine import find_engine
from simulator.fsx import Control, running
from simulator.fsx.views import BackupView
from simulator.project import NO_PROMPT, POLL_SECONDS, Project, write_program

SHORTEST = 24 * POLL_SECONDS
"""A poll interval of 15 s and copies of 6 minutes and more, scaled down together."""

_SOURCE_REGION, _REGIONS = "us-east-1", ("eu-central-1", "eu-west-1")
_GIB = 1 << 30
_PROGRAM = "from benchmarks.program import declare\n\ndeclare()\n"
_NEAR_BOUND = Target(at_most=1.3)
_HOUR = 3600


@dataclass(frozen=True)
class FileSystems:
    """File systems that are copied.

    Attributes:
        sizes: of each in GB; a full copy takes a second for each GB.
        keep: how many recovery points of each get a copy.
        regions: how many DR Regions.
        parallel: operations at once.
    """

    sizes: Sequence[float]
    keep: int
    regions: int = 1
    parallel: int = 128

    def __str__(self) -> str:
        where = "1 DR Region" if self.regions == 1 else f"{self.regions} DR Regions"
        return f"{len(self.sizes)} file systems, keep {self.keep}, {where}, --parallel {self.parallel}"

    @property
    def bound(self) -> float:
        """The least time in which five slots can make a full copy of each."""
        seconds = [max(SHORTEST, size) for size in self.sizes]
        return max(*seconds, sum(seconds) / SLOTS)


TEN = (11, 10, 9, 8, 7, 5, 4, 3, 2.5, 2.4)
SIX = (10, 8, 7, 6, 4, 3)


@dataclass(frozen=True)
class Protection:
    """The figures of a run.

    Attributes:
        seconds: from the first CopyBackup until the newest recovery point of each file system has a copy.
        whole: until all copies are AVAILABLE.
        full: how many copies were full.
        gigabytes: how many GB were transferred.
    """

    seconds: float
    whole: float
    full: int
    gigabytes: float


def protection(copies: Sequence[BackupView], newest: set[str]) -> Protection:
    """Calculate the figures from all copies; `newest` are the source backups that count."""
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
    with _project(resource) as (aws, project):
        newest, declared = _declared(aws, workload)
        project.declare(resource=resource, copies=declared)
        project.run("up", *NO_PROMPT, "--parallel", str(workload.parallel))
        return protection([copy for region in _REGIONS for copy in aws.backups(region)], newest)


@contextmanager
def _project(resource: str) -> Iterator[tuple[Control, Project]]:
    del resource
    with (
        running(seconds_per_gb=1, shortest_copy_seconds=SHORTEST) as aws,
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
    ):
        yield aws, Project.create(write_program(Path(folder), _PROGRAM), find_engine(), aws.environment(_SOURCE_REGION))


def _declared(aws: Control, workload: FileSystems) -> tuple[set[str], dict[str, dict[str, str]]]:
    """Seed the backups; return the newest of each file system, and the copies, newest recovery points first."""
    regions = _REGIONS[: workload.regions]
    for region in regions:
        aws.client("kms", region).describe_key(KeyId="alias/aws/fsx")  # creates the default key of the copies
    now = aws.now()
    file_systems = [(aws.seed_file_system(_SOURCE_REGION), int(size * _GIB)) for size in workload.sizes]
    points = [
        [
            aws.seed_backup(_SOURCE_REGION, file_system, size_in_bytes=size, created=now - (age + 1) * _HOUR)
            for file_system, size in file_systems
        ]
        for age in range(workload.keep)
    ]
    sources = [source for of_age in points for source in of_age]
    return set(points[0]), {
        f"{region}-{number}": {"source_backup_id": source, "source_region": _SOURCE_REGION, "region": region}
        for number, source in enumerate(sources)
        for region in regions
    }

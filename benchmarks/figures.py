"""The figures of a run, from the AWS calls in the simulator's journal; times in seconds."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.fsx.records import Entry
from simulator.project import POLL_SECONDS

SLOTS = 5  # FSx quota: copies in progress per destination Region and account
SHORTEST_COPY = 24 * POLL_SECONDS  # 6 minutes at a poll interval of 15 s, scaled down to this interval


@dataclass(frozen=True)
class Workload:
    """Copies of source backups into each of several Regions; each source backup has another file system."""

    copies: int
    copy_seconds: float
    regions: int

    def __str__(self) -> str:
        each = f"of {self.copy_seconds:g} s" if self.copy_seconds else "that take no time"
        return f"{self.copies:,} copies {each}, {self.regions} Regions"

    @property
    def ideal(self) -> float:
        """The shortest time that FSx's quota of five copies per Region allows."""
        return math.ceil(self.copies / self.regions / SLOTS) * self.copy_seconds


@dataclass(frozen=True)
class Figures:
    """The figures of a run that made copies.

    Attributes:
        makespan: time from the first CopyBackup to the last call about a copy.
        per_copy: FSx calls by action, divided by the number of copies.
        rejected: number of calls that returned an error.
        polls: DescribeBackups calls for running copies, per Region and poll interval.
        detections: time from the end of each copy to the answer that shows it, in ascending order.
    """

    makespan: float
    per_copy: dict[str, float]
    rejected: int
    polls: float
    detections: list[float]


def figures(journal: Sequence[Entry], copy_seconds: float, poll_seconds: float) -> Figures:
    """Calculate the figures of a run from all its calls."""
    starts = {entry["made"]: entry for entry in journal if entry["action"] == "CopyBackup" and entry["made"]}
    started = {copy: entry["time"] for copy, entry in starts.items()}
    # Calls contain the id or the ARN of a copy.
    about = [(entry, copy) for entry in journal for name in entry["ids"] if (copy := name.rpartition("/")[2]) in starts]
    polls = [(entry, copy) for entry, copy in about if entry["action"] == "DescribeBackups"]
    seen = started.copy()
    for entry, copy in reversed(polls):  # in reverse order, so that the first answer after the end is written last
        if copy_seconds and entry["time"] >= started[copy] + copy_seconds:
            seen[copy] = entry["time"]
    makespan = max([*started.values(), *(entry["time"] for entry, _ in about)]) - min(started.values())
    regions = {entry["region"] for entry in starts.values()}
    return Figures(
        makespan=makespan,
        per_copy=per_copy(journal, len(starts)),
        rejected=sum(entry["error"] is not None for entry in journal),
        polls=len({id(entry) for entry, _ in polls}) / len(regions) / max(1, makespan / poll_seconds),
        detections=sorted(seen[copy] - time - copy_seconds for copy, time in started.items()),
    )


def per_copy(journal: Sequence[Entry], copies: int) -> dict[str, float]:
    """Return the number of calls of each action, divided by the number of copies."""
    return {action: calls / copies for action, calls in Counter(entry["action"] for entry in journal).items()}

"""What the calls that the service saw tell about a run; pure arithmetic, seconds throughout."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.fsx.records import Entry

SLOTS = 5  # FSx quota: copies in progress per destination Region and account


@dataclass(frozen=True)
class Workload:
    """Copies of the same sources into each of some Regions."""

    copies: int
    copy_seconds: float
    regions: int

    def __str__(self) -> str:
        each = f"of {self.copy_seconds:g} s" if self.copy_seconds else "that take no time"
        return f"{self.copies:,} copies {each}, {self.regions} Regions"

    @property
    def ideal(self) -> float:
        """What FSx's limit of five per Region allows at best."""
        return math.ceil(self.copies / self.regions / SLOTS) * self.copy_seconds


@dataclass(frozen=True)
class Copied:
    """A run that made copies.

    Attributes:
        makespan: from the first CopyBackup to the last call about a copy.
        per_copy: FSx calls by action, divided by the copies made.
        rejected: calls that the service refused.
        looks: DescribeBackups for running copies, per Region and poll interval.
        detections: for each copy, from its end to the answer that shows it, in ascending order.
        recordings: for each copy, from its end to the TagResource that records it, in ascending order.
    """

    makespan: float
    per_copy: dict[str, float]
    rejected: int
    looks: float
    detections: list[float]
    recordings: list[float]


def copied(journal: Sequence[Entry], copy_seconds: float, poll_seconds: float) -> Copied:
    """Work out the figures of a run from all calls it made."""
    starts = {entry["made"]: entry for entry in journal if entry["action"] == "CopyBackup" and entry["made"]}
    begun = {made: entry["time"] for made, entry in starts.items()}
    about = [(entry, made) for entry in journal for made in map(_backup_id, entry["ids"]) if made in starts]
    looks = [(entry, made) for entry, made in about if entry["action"] == "DescribeBackups"]
    last = begun | {made: entry["time"] for entry, made in about}
    marked = last | {made: entry["time"] for entry, made in about if entry["action"] == "TagResource"}
    seen = begun.copy()
    for entry, made in reversed(looks):  # the first answer after its end; what comes later looks at its mark
        if copy_seconds and entry["time"] >= begun[made] + copy_seconds:
            seen[made] = entry["time"]
    makespan = max(last.values()) - min(begun.values())
    regions = {entry["region"] for entry in starts.values()}
    return Copied(
        makespan=makespan,
        per_copy=per_copy(journal, len(starts)),
        rejected=sum(entry["error"] is not None for entry in journal),
        looks=len({id(entry) for entry, _ in looks}) / len(regions) / max(1, makespan / poll_seconds),
        detections=sorted(seen[made] - time - copy_seconds for made, time in begun.items()),
        recordings=sorted(marked[made] - time - copy_seconds for made, time in begun.items()),
    )


def per_copy(journal: Sequence[Entry], copies: int) -> dict[str, float]:
    """Return how often each action was called, divided by the number of copies."""
    return {action: calls / copies for action, calls in Counter(entry["action"] for entry in journal).items()}


def _backup_id(name: str) -> str:
    """Return the id of a backup that a call names by id or ARN."""
    return name.rpartition("/")[2]

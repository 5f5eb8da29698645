"""The order in which the copies of a Region start: newest recovery points first, and as few full copies as possible.

FSx makes a full copy if the DR Region has no AVAILABLE copy of the same file system (ONTAP: volume) with the same key.
AWS does not document how FSx treats copies that start together, so each of them is assumed to be full.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from pulumi_fsx_dr.fsx.backup import Backup, quota_group
from pulumi_fsx_dr.fsx.quotas import COPIES_AT_ONCE

_GIB = 1 << 30


class Chain(NamedTuple):
    """The copies of one file system or volume with one key: the first is full, the following ones are incremental.

    Attributes:
        subject: the volume (ONTAP) or file system.
        key: `key/<id>`, or an alias that KMS does not resolve; None if the key is unknown.
    """

    subject: str
    key: str | None

    def may_equal(self, other: "Chain | None") -> bool:
        """Whether two chains are or may be the same, because a key is unknown."""
        return other is not None and self.subject == other.subject and (None in (self.key, other.key) or self == other)


@dataclass(frozen=True, slots=True, eq=False)  # without eq: two copies of one source backup have equal fields
class QueuedCopy:
    """The properties of a copy that decide when it starts.

    Attributes:
        group: the quota group.
        chain: the chain; None if the copy never waits for another one.
        recovery_point: the creation time of the source backup.
        size: size of the source backup in bytes; if it is unknown, of the file system.
    """

    group: str
    chain: Chain | None
    recovery_point: datetime
    size: int = 0

    @classmethod
    def of(cls, source: Backup, key: str | None) -> Self:
        """Describe a new copy of a source backup with a key."""
        chain = Chain(source.subject, key) if source.subject else None
        size = source.size_in_bytes or int(source.file_system.get("StorageCapacity") or 0) * _GIB
        return cls(quota_group(source.volume_id, key), chain, source.creation_time, size)

    @classmethod
    def running(cls, copy: Backup, recovery_point: datetime) -> Self:
        """Describe a copy that is running already."""
        return cls(copy.quota_group, chain_of(copy), recovery_point)


def chain_of(copy: Backup) -> Chain | None:
    """Return the chain of an existing copy."""
    return Chain(copy.subject, copy.key) if copy.subject else None


def start_order(known: Iterable[QueuedCopy]) -> Callable[[QueuedCopy], tuple[int, int]]:
    """Return a sort key: first the newest recovery point of each file system, then the second newest, and so on.

    Among equals, the largest comes first.

    Args:
        known: the waiting, running and AVAILABLE copies of this run.
    """
    times = defaultdict(set)
    for copy in known:
        times[_subject(copy)].add(copy.recovery_point)
    ranks = {
        (subject, time): rank
        for subject, of_subject in times.items()
        for rank, time in enumerate(sorted(of_subject, reverse=True))
    }
    return lambda copy: (ranks[_subject(copy), copy.recovery_point] if copy.chain else 0, -copy.size)


def next_copy(
    waiting: Sequence[QueuedCopy], running: Collection[QueuedCopy], available: Collection[Chain]
) -> QueuedCopy | None:
    """Return the first copy with a free slot that does not have to wait for a full copy, if there is one.

    Args:
        waiting: the waiting copies, in the order of `start_order`.
        running: all copies that use slots, including copies that this process did not start.
        available: the chains with an AVAILABLE copy.
    """
    taken = Counter(copy.group for copy in running)
    return next(
        (
            copy
            for copy in waiting
            if taken[copy.group] < COPIES_AT_ONCE and not full_copies(copy.chain, running, available)
        ),
        None,
    )


def full_copies(chain: Chain | None, running: Iterable[QueuedCopy], available: Collection[Chain]) -> list[QueuedCopy]:
    """Return the running full copies of a chain, for which its other copies wait; none if one is AVAILABLE."""
    if chain is None or chain in available:
        return []
    return [copy for copy in running if chain.may_equal(copy.chain)]


def _subject(copy: QueuedCopy) -> str:
    return copy.chain.subject if copy.chain else ""

"""The order in which the copies of a Region start: everything protected soonest, at the least cost.

FSx copies in full what has no AVAILABLE copy of the same file system (ONTAP: volume) under the same key in the DR
Region. How it treats copies that start together is not documented, so each of them is assumed to be full.
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
    """The copies of one file system or volume under one key: the first is full, those after it are incremental.

    Attributes:
        subject: the volume, else the file system.
        key: `key/<id>`, or an alias that KMS does not resolve; None if nothing is known of the key, which may be any.
    """

    subject: str
    key: str | None

    def may_be(self, other: "Chain | None") -> bool:
        """Whether two chains may be the same one."""
        return other is not None and self.subject == other.subject and (None in (self.key, other.key) or self == other)


# Compared by identity: two copies of one source backup are alike, and still two.
@dataclass(frozen=True, slots=True, eq=False)
class QueuedCopy:
    """What decides when a copy starts.

    Attributes:
        group: its quota group.
        chain: None if it waits for no other copy.
        recovery_point: when its source backup was made.
        size: in bytes, of its source backup or else of the file system.
    """

    group: str
    chain: Chain | None
    recovery_point: datetime
    size: int = 0

    @classmethod
    def of(cls, source: Backup, key: str | None) -> Self:
        """Describe a copy that is to be made of a source backup under a key."""
        chain = Chain(source.subject, key) if source.subject else None
        size = source.size_in_bytes or int(source.file_system.get("StorageCapacity") or 0) * _GIB
        return cls(quota_group(source.volume_id, key), chain, source.creation_time, size)

    @classmethod
    def running(cls, copy: Backup, recovery_point: datetime) -> Self:
        """Describe a copy that FSx runs already."""
        return cls(copy.quota_group, chain_of(copy), recovery_point)


def chain_of(copy: Backup) -> Chain | None:
    """Return the chain of an existing copy."""
    return Chain(copy.subject, copy.key) if copy.subject else None


def places(known: Iterable[QueuedCopy]) -> Callable[[QueuedCopy], tuple[int, int]]:
    """Return a sort key: the newest recovery point of each file system, then each second newest; the largest first.

    Args:
        known: the copies of this run that wait, run or are AVAILABLE.
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
    """Choose the first copy that has a free slot and need not wait for its chain; None if there is none.

    Args:
        waiting: in the order of `places`.
        running: the copies that take slots, those of others included.
        available: the chains that have an AVAILABLE copy.
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
    """Return the running copies of a chain that has no AVAILABLE copy: the others of the chain wait for them."""
    if chain is None or chain in available:
        return []
    return [copy for copy in running if chain.may_be(copy.chain)]


def _subject(copy: QueuedCopy) -> str:
    return copy.chain.subject if copy.chain else ""

"""The order of waiting copies: newest recovery points first, and one full copy at a time per file system and key."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.fsx.quotas import COPIES_AT_ONCE
from pulumi_fsx_dr.runtime.copy_order import Chain, QueuedCopy, next_copy, start_order

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)
KEY, OTHER_KEY = "key/1", "key/2"


def queued(subject: str, hours_ago: int = 0, size: int = 1, key: str | None = KEY, group: str = "") -> QueuedCopy:
    return QueuedCopy(group, Chain(subject, key), NOON - timedelta(hours=hours_ago), size)


def in_order(*copies: QueuedCopy) -> list[QueuedCopy]:
    return sorted(copies, key=start_order(copies))


def test_queue_starts_newest_and_largest_first() -> None:
    small, large = (
        [queued(name, hours_ago, size) for hours_ago in (1, 2)] for name, size in (("fs-1", 1), ("fs-2", 9))
    )

    assert in_order(*small, *large) == [large[0], small[0], large[1], small[1]]


def test_order_counts_running_and_finished_copies() -> None:
    newest, middle, oldest = (queued("fs-1", hours_ago) for hours_ago in (1, 2, 3))
    other = queued("fs-2", 5)

    assert sorted([oldest, middle, other], key=start_order([newest, oldest, middle, other])) == [other, middle, oldest]


def test_equal_copies_start_in_order_of_arrival() -> None:
    copies = [queued(f"fs-{number}") for number in (3, 1, 2)]

    assert in_order(*copies) == copies


def test_copies_of_same_source_have_same_rank() -> None:
    twice = [queued("fs-1", 1), queued("fs-1", 1, key=OTHER_KEY)]
    older, other = queued("fs-1", 2), queued("fs-2", 7)

    assert in_order(older, *twice, other) == [*twice, other, older]


@pytest.mark.parametrize(
    ("running", "available", "starts"),
    [
        ([], [], True),
        ([queued("fs-1")], [], False),
        ([queued("fs-1")], [Chain("fs-1", KEY)], True),
        ([queued("fs-1")], [Chain("fs-1", OTHER_KEY)], False),
        ([queued("fs-1", key=OTHER_KEY)], [], True),
        ([queued("fs-1", key=None)], [], False),
        ([queued("fs-2")], [], True),
        ([queued(f"fs-{number}") for number in range(2, 7)], [], False),
        ([queued(f"fs-{number}", group="fsvol-1 key/1") for number in range(2, 7)], [], True),
    ],
)
def test_copy_waits_for_slot_and_full_copy(running: list[QueuedCopy], available: list[Chain], *, starts: bool) -> None:
    waiting = queued("fs-1")

    assert next_copy([waiting], running, available) is (waiting if starts else None)


def test_copy_with_unknown_key_waits_for_running_copies_only() -> None:
    """An AVAILABLE copy under any key ends the wait, because with an unknown key it might never end."""
    waiting = queued("fs-1", key=None)

    assert next_copy([waiting], [queued("fs-1")], []) is None
    assert next_copy([waiting], [queued("fs-1")], [Chain("fs-1", None)]) is waiting


@dataclass
class Play:
    """Copies that arrive, start and finish in any order."""

    waiting: list[QueuedCopy] = field(default_factory=list)
    running: list[QueuedCopy] = field(default_factory=list)
    finished: list[QueuedCopy] = field(default_factory=list)
    started: list[QueuedCopy] = field(default_factory=list)

    @property
    def available(self) -> set[Chain]:
        return {copy.chain for copy in self.finished if copy.chain}

    def start(self) -> None:
        """Start all copies that may start, and check the order of each."""
        while True:
            self.waiting.sort(key=start_order([*self.waiting, *self.running, *self.finished]))
            chosen = next_copy(self.waiting, self.running, self.available)
            allowed = [copy for copy in self.waiting if self._may_start(copy)]
            assert chosen is (allowed[0] if allowed else None)
            if chosen is None:
                return
            assert self._rank(chosen) == min(map(self._rank, allowed))
            self.waiting.remove(chosen)
            self.running.append(chosen)
            self.started.append(chosen)

    def check(self) -> None:
        assert max(Counter(copy.group for copy in self.running).values(), default=0) <= COPIES_AT_ONCE
        full = Counter(copy.chain for copy in self.running if copy.chain not in self.available)
        assert max(full.values(), default=0) <= 1

    def _may_start(self, copy: QueuedCopy) -> bool:
        group = [other for other in self.running if other.group == copy.group]
        chain = [other for other in self.running if other.chain == copy.chain]
        return len(group) < COPIES_AT_ONCE and (not chain or copy.chain in self.available)

    def _rank(self, copy: QueuedCopy) -> int:
        of_subject = {
            other.recovery_point
            for other in (*self.waiting, *self.running, *self.finished)
            if other.chain and copy.chain and other.chain.subject == copy.chain.subject
        }
        return sum(time > copy.recovery_point for time in of_subject)


COPIES = st.builds(
    queued,
    subject=st.sampled_from([f"fs-{number}" for number in range(8)]),
    hours_ago=st.integers(0, 6),
    size=st.integers(1, 5),
    key=st.sampled_from([KEY, OTHER_KEY]),
    group=st.sampled_from(["", "fsvol-1 key/1"]),
)


@given(st.lists(st.one_of(COPIES, st.tuples(st.integers(0, 100), st.booleans())), max_size=80))
def test_queue_follows_rules_for_any_sequence(
    steps: list[QueuedCopy | tuple[int, bool]],
) -> None:
    """A chain without an AVAILABLE copy has at most one running copy, and a copy starts as soon as it may."""
    play = Play()
    for step in steps:
        if isinstance(step, QueuedCopy):
            play.waiting.append(step)
        elif play.running:
            number, succeeds = step
            ended = play.running.pop(number % len(play.running))
            play.finished.extend([ended] if succeeds else [])
        play.start()
        play.check()

    while play.running:
        play.finished.append(play.running.pop())
        play.start()
        play.check()
    assert not play.waiting

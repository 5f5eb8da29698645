"""The slots of one Region: whose turn it is, and one poll that watches all copies that run.

FSx runs at most five copies at once into a Region, and of ONTAP five of each volume under each key. Here the others
queue, in order, and one thread asks FSx about all running ones together. The thread lives while somebody waits.
"""

import logging
import threading
from collections import Counter, deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Self

from pulumi_fsx_dr.errors import ServiceError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup, LookUp
from pulumi_fsx_dr.fsx.quotas import COPIES_AT_ONCE

from .clock import Clock

# The poll sleeps in slices of so many seconds, because a copy that starts meanwhile may have to be looked at earlier.
_SLICE = 0.25
# The time of the next look follows from the copy that, by its progress so far, should be done first. While its end is
# far, half of the time that is left passes before that look, because the copy may get faster.
_LOOK_AHEAD = 0.5
# For the same reason no pause is longer than so many poll intervals.
_MAX_INTERVALS = 8
# Near its end, the look comes so many poll intervals behind the predicted moment: just before it the copy would still
# run, and hold its slot for a whole interval more.
_MARGIN = 0.1
# Its end is near if it is no more than so many poll intervals away.
_NEAR_INTERVALS = 2


@dataclass(slots=True)
class Sight:
    """What the poll last saw of one copy.

    Attributes:
        backup: the last description, or None if FSx has not shown the copy yet.
        missing_since: when FSx began not to know it, or None while it does.
        trouble: why the last look failed, or None if it did not.
        looks: how many looks there were.
        ends: when the copy will be done, as far as its progress tells.
    """

    backup: Backup | None = None
    missing_since: float | None = None
    trouble: Exception | None = None
    looks: int = 0
    ends: float = 0


# Compared by identity: two who wait for a slot of the same group are alike, and still two.
@dataclass(slots=True, eq=False)
class _Waiter:
    group: str = ""
    backup_id: str = ""
    since: float = 0
    sight: Sight = field(default_factory=Sight)
    news: threading.Event = field(default_factory=threading.Event)


class Turn:
    """A place in the Region's queue, and then one of its slots; leaving the block gives it to the next."""

    def __init__(self, slots: "Slots", waiter: _Waiter) -> None:
        self._slots, self._waiter = slots, waiter

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def ahead(self) -> int | None:
        """How many are ahead in the queue; None once the slot is ours."""
        return self._slots.ahead(self._waiter)

    @property
    def waits_for_others(self) -> bool:
        """Whether no copy of this run has a slot, so that only copies of others keep this one waiting."""
        return self._slots.waits_for_others(self._waiter)

    def wait(self, seconds: float) -> None:
        """Wait for the slot, at most the given (real) seconds."""
        self._waiter.news.wait(seconds)

    def end(self) -> None:
        """Give the slot, or the place in the queue, to the next."""
        self._slots.leave(self._waiter)

    def watch(self, backup_id: str) -> None:
        """Have the poll look after a running copy."""
        self._slots.watch(self._waiter, backup_id)

    def next_sight(self, seconds: float) -> Sight:
        """Return what the poll saw of the copy, after news or at most the given (real) seconds."""
        self._waiter.news.wait(seconds)
        return self._slots.sight(self._waiter)


class Slots:
    """Slots and poll of one Region in this process."""

    def __init__(self, region: str, look_up: LookUp, clock: Clock, poll_seconds: float) -> None:
        self._region = region
        self._look_up = look_up
        self._clock = clock
        self.poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._queue: deque[_Waiter] = deque()
        self._holders: set[_Waiter] = set()  # have a slot, or run without having had to wait for one
        self._others: dict[str, str] = {}  # running copies that nobody here waits for: quota groups by id
        self._watched: dict[str, _Waiter] = {}
        self._polling = False

    def turn(self, group: str = "") -> Turn:
        """Take a place in the queue; the slot is granted at once if one is free.

        Args:
            group: of the copies that share a quota (`Backup.quota_group`).
        """
        waiter = _Waiter(group)
        with self._lock:
            self._queue.append(waiter)
            self._grant()
        return Turn(self, waiter)

    def running_already(self, group: str = "") -> Turn:
        """Take a slot without queueing, for a copy that runs already."""
        waiter = _Waiter(group)
        with self._lock:
            # Even if no slot is free: FSx runs this copy already. It only keeps the next ones waiting.
            self._holders.add(waiter)
        return Turn(self, waiter)

    def occupied_by(self, running: Mapping[str, str]) -> None:
        """Count copies that run already, whoever started them, until they end: their quota groups by id."""
        with self._lock:
            # A copy that somebody here waits for is counted already. Counted twice, it would leave a slot empty.
            self._others |= {id_: group for id_, group in running.items() if id_ not in self._watched}

    def watch(self, waiter: _Waiter, backup_id: str) -> None:
        """Have the poll look after a waiter's copy."""
        with self._lock:
            waiter.backup_id = backup_id
            waiter.since = self._clock.now()
            self._watched[backup_id] = waiter
            self._others.pop(backup_id, None)
            self._poll()

    def sight(self, waiter: _Waiter) -> Sight:
        """Return what the poll last saw of a waiter's copy."""
        with self._lock:
            waiter.news.clear()
            return waiter.sight

    def ahead(self, waiter: _Waiter) -> int | None:
        """Count those ahead in the queue; None if the waiter has its slot."""
        with self._lock:
            group = [queued for queued in self._queue if queued.group == waiter.group]
            return group.index(waiter) if waiter in group else None

    def waits_for_others(self, waiter: _Waiter) -> bool:
        """Whether no copy of this run has a slot of a waiter's group."""
        with self._lock:
            return all(holder.group != waiter.group for holder in self._holders)

    def leave(self, waiter: _Waiter) -> None:
        """Forget a waiter and let the next one in."""
        with self._lock:
            self._holders.discard(waiter)
            self._watched.pop(waiter.backup_id, None)
            # Its call gave up, but the copy runs on: FSx counts it until it ends, and so it is counted here.
            if waiter.sight.backup and waiter.sight.backup.takes_slot:
                self._others[waiter.backup_id] = waiter.group
            with suppress(ValueError):
                self._queue.remove(waiter)
            self._grant()

    def _grant(self) -> None:
        taken = Counter([*(holder.group for holder in self._holders), *self._others.values()])
        # Not only the first: if the slots of its group are taken, others behind it may still have one free.
        for waiter in list(self._queue):
            if taken[waiter.group] < COPIES_AT_ONCE:
                taken[waiter.group] += 1
                self._queue.remove(waiter)
                self._holders.add(waiter)
                waiter.news.set()
        # Nobody here waits for the copies of others, so only the poll can tell that one of their slots is free.
        if self._queue:
            self._poll()

    def _poll(self) -> None:
        if not self._polling and (self._watched or self._others):
            self._polling = True
            # A daemon, because the process must be able to end while copies run.
            threading.Thread(target=self._look_until_idle, name=f"poll {self._region}", daemon=True).start()

    def _look_until_idle(self) -> None:
        looked = self._clock.now()
        while self._goes_on():
            with self._lock:
                left = looked + self._interval(looked) - self._clock.now()
                ids = [*self._watched, *self._others]
            if left > 0:
                self._clock.sleep(min(left, _SLICE, self.poll_seconds / 4))
            elif ids:
                # Before the look, so that a slow answer does not delay the next one.
                looked = self._clock.now()
                self._look(ids)

    def _goes_on(self) -> bool:
        with self._lock:
            # Copies of others matter only to those who wait for a slot.
            self._polling = bool(self._watched or (self._others and self._queue))
            return self._polling

    def _interval(self, looked: float) -> float:
        """Return the seconds from the last look to the next: the sooner, the nearer any copy is to its end."""
        if self._others:
            return self.poll_seconds
        ends = [waiter.sight.ends for waiter in self._watched.values()]
        first = min(ends, default=looked)
        left = first - looked
        if left <= _NEAR_INTERVALS * self.poll_seconds:
            # Ends that lie close together are seen in one look, behind the last of them.
            last = max((end for end in ends if end <= first + self.poll_seconds / 2), default=first)
            left = last - looked + _MARGIN * self.poll_seconds
        else:
            left *= _LOOK_AHEAD
        return max(self.poll_seconds, min(left, self.poll_seconds * _MAX_INTERVALS))

    def _look(self, ids: list[str]) -> None:
        try:
            found = self._look_up(ids)
        except ServiceError as error:
            found = dict.fromkeys(ids, error)
        except Exception:
            # Whatever it is, the poll goes on: without it, all who watch a copy would wait until their time is up.
            logging.getLogger(__name__).exception("the poll of %s failed", self._region)
            return
        with self._lock:
            for backup_id in ids:
                if waiter := self._watched.get(backup_id):
                    waiter.sight = self._seen(waiter, found.get(backup_id))
                    waiter.news.set()
            self._others = {i: group for i, group in self._others.items() if _may_run(found.get(i))}
            self._grant()

    def _seen(self, waiter: _Waiter, backup: Backup | Exception | None) -> Sight:
        last, now = waiter.sight, self._clock.now()
        if isinstance(backup, Exception):
            # A look that failed tells nothing of the copy, so what was seen before stays.
            return replace(last, trouble=backup, looks=last.looks + 1)
        if backup is None:
            # Due at once, so that a copy that is missing is looked for at every poll.
            return replace(last, missing_since=last.missing_since or now, trouble=None, looks=last.looks + 1, ends=now)
        ends = now + self._remaining(backup.progress_percent, now - waiter.since)
        return Sight(backup, None, None, last.looks + 1, ends)

    def _remaining(self, percent: int | None, elapsed: float) -> float:
        """Predict the seconds a copy still needs, or the least it may need if a whole percent is too coarse to tell."""
        if not percent:
            return 0
        # FSx tells whole percents, so the end is known only within bounds. Where they are too far apart, the nearer one
        # counts: a look too early costs one call, a look too late keeps the user and the next copy waiting.
        most, least = (elapsed * (100 - part) / part for part in (percent, percent + 1))
        return most if most - least <= self.poll_seconds / 2 else least


def _may_run(seen: Backup | Exception | None) -> bool:
    if isinstance(seen, Backup):
        return seen.takes_slot
    # Without permission to look its end would never be seen, and its slot never be free. Then FSx decides, by refusing.
    return isinstance(seen, TransientError)

"""The queue for the copy slots of one Region.

FSx runs at most five copies at once into a Region, and of ONTAP five of each volume under each key (the quota group of
a copy). The others wait here.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from pulumi_fsx_dr.errors import TransientError
from pulumi_fsx_dr.fsx.quotas import COPIES_AT_ONCE

from .poller import Poller, PollResult, Watch


# Compared by identity: two that wait for a slot of the same group are alike, and still two.
@dataclass(slots=True, eq=False)
class Slot:
    """A place in the queue, and then a copy slot; leaving the block gives it to the next."""

    _queue: "CopyQueue"
    group: str
    granted: threading.Event = field(default_factory=threading.Event)
    watch: Watch | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.leave(self)

    @property
    def ahead(self) -> int | None:
        """How many are ahead in the queue; None once the slot is granted."""
        return self._queue.ahead(self)

    @property
    def waits_for_others(self) -> bool:
        """Whether no copy of this run has a slot, so that only copies of others keep this one waiting."""
        return self._queue.waits_for_others(self)

    def wait(self, seconds: float) -> None:
        """Wait until the slot is granted, at most so many (real) seconds."""
        self.granted.wait(seconds)

    def watch_copy(self, backup_id: str) -> Watch:
        """Have the poll look at the copy that runs in this slot."""
        return self._queue.watch_copy(self, backup_id)


class CopyQueue:
    """Decides which create of this process may start a copy into one Region."""

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        self._lock = threading.Lock()
        self._waiting: list[Slot] = []
        self._running: set[Slot] = set()
        self._others: dict[str, str] = {}  # running copies for which no create here waits: quota groups by id
        self._watched_others: dict[str, Watch] = {}

    def slot(self, group: str = "") -> Slot:
        """Take a place in the queue; a free slot is granted immediately."""
        slot = Slot(self, group)
        with self._lock:
            self._waiting.append(slot)
            self._admit()
        return slot

    def slot_of_running(self, group: str = "") -> Slot:
        """Take a slot without queueing, for a copy that runs already."""
        slot = Slot(self, group)
        with self._lock:
            # Even if no slot is free: FSx runs this copy. It only keeps the next ones waiting.
            self._running.add(slot)
        return slot

    def count_others(self, running: Mapping[str, str]) -> None:
        """Count running copies, given as quota groups by id, until they end."""
        with self._lock:
            # A copy that a create here waits for is counted already. Counted twice, it would leave a slot empty.
            own = {slot.watch.backup_id for slot in self._running if slot.watch}
            self._others |= {id_: group for id_, group in running.items() if id_ not in own}
            self._watch_others()

    def watch_copy(self, slot: Slot, backup_id: str) -> Watch:
        """Have the poll look at the copy that runs in a slot."""
        with self._lock:
            slot.watch = self._poller.watch(backup_id)
            self._others.pop(backup_id, None)
            self._watch_others()
            return slot.watch

    def ahead(self, slot: Slot) -> int | None:
        """Count those ahead in the queue; None if the slot is granted."""
        with self._lock:
            group = [waiting for waiting in self._waiting if waiting.group == slot.group]
            return group.index(slot) if slot in group else None

    def waits_for_others(self, slot: Slot) -> bool:
        """Whether no copy of this run has a slot of the same group."""
        with self._lock:
            return all(running.group != slot.group for running in self._running)

    def leave(self, slot: Slot) -> None:
        """Give the slot, or the place in the queue, to the next."""
        with self._lock:
            self._running.discard(slot)
            with suppress(ValueError):
                self._waiting.remove(slot)
            if slot.watch:
                self._poller.unwatch(slot.watch)
                backup = slot.watch.result.backup
                # The call has ended, but the copy continues. FSx counts it until it ends, so it is counted here too.
                if backup and backup.takes_slot:
                    self._others[backup.id] = slot.group
            self._admit()

    def _admit(self) -> None:
        while slot := self._next():
            self._waiting.remove(slot)
            self._running.add(slot)
            slot.granted.set()
        self._watch_others()

    def _next(self) -> Slot | None:
        """Choose who starts next: the first in the queue whose quota group has a free slot."""
        taken = Counter([*(slot.group for slot in self._running), *self._others.values()])
        return next((slot for slot in self._waiting if taken[slot.group] < COPIES_AT_ONCE), None)

    def _watch_others(self) -> None:
        # Only the poll shows that a copy of others has ended, and only waiting creates need to know.
        wanted = self._others if self._waiting else {}
        for backup_id in wanted.keys() - self._watched_others.keys():
            self._watched_others[backup_id] = self._poller.watch(backup_id, partial(self._other_seen, backup_id))
        for backup_id in self._watched_others.keys() - wanted.keys():
            self._poller.unwatch(self._watched_others.pop(backup_id))

    def _other_seen(self, backup_id: str, result: PollResult) -> None:
        if not _takes_slot(result):
            with self._lock:
                self._others.pop(backup_id, None)
                self._admit()


def _takes_slot(result: PollResult) -> bool:
    if result.error:
        # Without permission to look, the end of the copy is never seen. So it is not counted; FSx refuses if necessary.
        return isinstance(result.error, TransientError)
    return result.missing_since is None and result.backup is not None and result.backup.takes_slot

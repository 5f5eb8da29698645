"""The queue for the copy slots of one Region.

FSx runs at most five concurrent copies into a Region; for ONTAP, five for each volume and key. Copies that share these
five slots are a quota group. The others wait here, and `copy_order` decides which one starts next.

Some running copies have no create in this process that waits for them: copies of other stacks and tools, and copies
whose create has timed out. They use slots, too, and are called unawaited.
"""

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

from pulumi_fsx_dr.errors import TransientError
from pulumi_fsx_dr.fsx.backup import Backup

from .clock import Clock
from .copy_order import Chain, QueuedCopy, chain_of, full_copies, next_copy, start_order
from .poller import Poller, PollResult, Watch

# The engine starts many creates together, in any order. The queue waits this long before it grants the first slots.
_GATHER_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Wait:
    """The reason why a copy in the queue waits.

    Attributes:
        ahead: the number of copies of its quota group before it in the queue.
        full_copy_of: the file system or volume with a running full copy that must end first; "" without one.
        is_for_unawaited: whether it waits only for unawaited copies.
    """

    ahead: int
    full_copy_of: str
    is_for_unawaited: bool

    def __str__(self) -> str:
        # Number first, because a narrow terminal shows only the first characters of a status message.
        if self.full_copy_of:
            return f"waiting for the full copy of {self.full_copy_of}, so that this copy is incremental"
        copies = "1 copy" if self.ahead == 1 else f"{self.ahead} copies"
        return f"{copies} ahead in the queue" if self.ahead else "next in the queue"


@dataclass(slots=True, eq=False)  # without eq: requests for copies of one source backup have equal fields
class SlotRequest:
    """The request of one create for a copy slot; a context manager that releases the slot at the end of the block."""

    _queue: "CopyQueue"
    copy: QueuedCopy
    granted: threading.Event = field(default_factory=threading.Event)
    watch: Watch | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: object, *_: object) -> None:
        # Without an error, the copy is AVAILABLE.
        self._queue.leave(self, is_available=error is None)

    @property
    def waits_for(self) -> Wait | None:
        """Why it waits; None when the slot is granted."""
        return self._queue.wait_of(self)

    def wait(self, seconds: float) -> None:
        """Wait until the slot is granted, at most `seconds` of the system clock."""
        self.granted.wait(seconds)

    def give_up_on_unawaited(self) -> None:
        """Stop waiting for unawaited full copies."""
        self._queue.give_up_on_unawaited(self)

    def watch_copy(self, backup_id: str) -> Watch:
        """Poll the copy that runs in this slot."""
        return self._queue.watch_copy(self, backup_id)


class CopyQueue:
    """Grants the copy slots of one Region to the creates of this process."""

    def __init__(self, poller: Poller, clock: Clock) -> None:
        self._poller = poller
        self._clock = clock
        self._gathering: threading.Thread | None = None
        self._is_open = False  # whether slots are granted
        self._lock = threading.Lock()
        self._waiting: list[SlotRequest] = []  # in start order
        self._running: set[SlotRequest] = set()
        self._finished: list[QueuedCopy] = []  # AVAILABLE copies of this run
        self._available: set[Chain] = set()  # the chains with an AVAILABLE copy
        self._unawaited: dict[str, QueuedCopy] = {}  # by backup id
        self._unawaited_watches: dict[str, Watch] = {}

    def slot(self, copy: QueuedCopy) -> SlotRequest:
        """Add a copy to the queue; its slot is granted when one is free and no full copy must end first."""
        slot = SlotRequest(self, copy)
        with self._lock:
            self._waiting.append(slot)
            if not self._gathering:
                self._gathering = threading.Thread(target=self._open, name="copy queue", daemon=True)
                self._gathering.start()
            self._update()
        return slot

    def slot_of_running(self, copy: QueuedCopy) -> SlotRequest:
        """Return a granted slot for a copy that is running already, even if no slot is free."""
        slot = SlotRequest(self, copy)
        with self._lock:
            self._running.add(slot)
            slot.granted.set()
        return slot

    def count_existing(self, running: Mapping[str, QueuedCopy], available: Iterable[Backup]) -> None:
        """Add the listed copies of the Region: running ones use slots until they end."""
        with self._lock:
            for backup in available:
                self._note_available(chain_of(backup))
            # A copy in `_running` is already counted.
            own = {slot.watch.backup_id for slot in self._running if slot.watch}
            self._unawaited |= {id_: copy for id_, copy in running.items() if id_ not in own}
            self._update()

    def watch_copy(self, slot: SlotRequest, backup_id: str) -> Watch:
        """Poll the copy that runs in a slot."""
        with self._lock:
            slot.watch = self._poller.watch(backup_id)
            self._unawaited.pop(backup_id, None)
            self._watch_unawaited()
            return slot.watch

    def wait_of(self, slot: SlotRequest) -> Wait | None:
        """Return why a request waits; None if its slot is granted."""
        with self._lock:
            if slot not in self._waiting:
                return None
            group = [waiting for waiting in self._waiting if waiting.copy.group == slot.copy.group]
            own = [running.copy for running in self._running]
            # Before the first slots are granted, the full copy is the first of its chain in the queue.
            first = [] if self._is_open else [other.copy for other in self._waiting[: self._waiting.index(slot)]]
            full = full_copies(slot.copy.chain, [*own, *self._unawaited.values(), *first], self._available)
            needed = full or [copy for copy in own if copy.group == slot.copy.group]
            subject = slot.copy.chain.subject if slot.copy.chain and full else ""
            is_for_unawaited = self._is_open and not any(copy in own for copy in needed)
            return Wait(group.index(slot), subject, is_for_unawaited)

    def give_up_on_unawaited(self, slot: SlotRequest) -> None:
        """Stop waiting for the unawaited full copies of the same chain; they still use their slots."""
        with self._lock:
            for backup_id, copy in self._unawaited.items():
                if slot.copy.chain and slot.copy.chain.may_equal(copy.chain):
                    self._unawaited[backup_id] = replace(copy, chain=None)
            self._update()

    def leave(self, slot: SlotRequest, *, is_available: bool = False) -> None:
        """Release a slot, or remove a request from the queue."""
        with self._lock:
            self._running.discard(slot)
            with suppress(ValueError):
                self._waiting.remove(slot)
            backup = slot.watch.result.backup if slot.watch else None
            if slot.watch:
                self._poller.unwatch(slot.watch)
            # If the copy is still running, it uses its slot until it ends.
            if backup and backup.takes_slot:
                self._unawaited[backup.id] = slot.copy
            if is_available:
                self._finished.append(slot.copy)
                self._note_available(chain_of(backup) if backup else slot.copy.chain)
            self._update()

    def _open(self) -> None:
        self._clock.sleep(_GATHER_SECONDS)
        with self._lock:
            self._is_open = True
            self._update()

    def _update(self) -> None:
        """Grant the free slots."""
        known = [*(slot.copy for slot in (*self._waiting, *self._running)), *self._finished]
        order = start_order(known)
        self._waiting.sort(key=lambda slot: order(slot.copy))
        while self._is_open and (slot := self._next()):
            self._waiting.remove(slot)
            self._running.add(slot)
            slot.granted.set()
        self._watch_unawaited()

    def _next(self) -> SlotRequest | None:
        running = [*(slot.copy for slot in self._running), *self._unawaited.values()]
        chosen = next_copy([slot.copy for slot in self._waiting], running, self._available)
        return next((slot for slot in self._waiting if slot.copy is chosen), None)

    def _note_available(self, chain: Chain | None) -> None:
        if chain:
            # The second entry is for copies with an unknown key, for which a copy with any key counts.
            self._available |= {chain, chain._replace(key=None)}

    def _watch_unawaited(self) -> None:
        """Poll the unawaited copies while creates wait for their slots."""
        wanted = self._unawaited if self._waiting else {}
        for backup_id in wanted.keys() - self._unawaited_watches.keys():
            self._unawaited_watches[backup_id] = self._poller.watch(backup_id, partial(self._unawaited_seen, backup_id))
        for backup_id in self._unawaited_watches.keys() - wanted.keys():
            self._poller.unwatch(self._unawaited_watches.pop(backup_id))

    def _unawaited_seen(self, backup_id: str, result: PollResult) -> None:
        if not _takes_slot(result):
            with self._lock:
                self._unawaited.pop(backup_id, None)
                if result.backup and result.backup.is_available:
                    self._note_available(chain_of(result.backup))
                self._update()


def _takes_slot(result: PollResult) -> bool:
    if result.error:
        # Without permission for DescribeBackups, the end of the copy is never seen, so it does not count. If its slot
        # is still in use, FSx refuses the next copy.
        return isinstance(result.error, TransientError)
    return result.missing_since is None and result.backup is not None and result.backup.takes_slot

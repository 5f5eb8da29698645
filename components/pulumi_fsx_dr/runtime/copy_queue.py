"""The queue for the copy slots of one Region.

FSx runs at most five copies at once into a Region, and of ONTAP five of each volume under each key (the quota group of
a copy). The others wait here; `copy_order` says which of them starts next.
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
from .copy_order import Chain, QueuedCopy, chain_of, full_copies, next_copy, places
from .poller import Poller, PollResult, Watch

# The engine begins many creates together, and in any order. Without this the first five would not be the best five.
_GATHER_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Wait:
    """What a copy in the queue waits for.

    Attributes:
        ahead: how many of its quota group are before it in the queue.
        full_copy_of: the file system or volume whose first, full copy must end before; "" if it waits for a slot.
        is_for_unawaited: whether only copies that no create here waits for keep it waiting.
    """

    ahead: int
    full_copy_of: str
    is_for_unawaited: bool


# Compared by identity: two that wait for a slot of the same group are alike, and still two.
@dataclass(slots=True, eq=False)
class SlotRequest:
    """A request of one create for a copy slot, waiting or granted; the end of the block gives the slot to the next."""

    _queue: "CopyQueue"
    copy: QueuedCopy
    granted: threading.Event = field(default_factory=threading.Event)
    watch: Watch | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: object, *_: object) -> None:
        # The block ends without an error when the copy is AVAILABLE.
        self._queue.leave(self, is_available=error is None)

    @property
    def waits_for(self) -> Wait | None:
        """What it waits for; None once the slot is granted."""
        return self._queue.wait_of(self)

    def wait(self, seconds: float) -> None:
        """Wait until the slot is granted, at most so many seconds of the system clock."""
        self.granted.wait(seconds)

    def give_up_on_unawaited(self) -> None:
        """Wait no longer for full copies that no create here waits for."""
        self._queue.give_up_on_unawaited(self)

    def watch_copy(self, backup_id: str) -> Watch:
        """Have the poll look at the copy that runs in this slot."""
        return self._queue.watch_copy(self, backup_id)


class CopyQueue:
    """Decides which create of this process may start a copy into one Region."""

    def __init__(self, poller: Poller, clock: Clock) -> None:
        self._poller = poller
        self._clock = clock
        self._gathering: threading.Thread | None = None
        self._is_open = False  # whether slots are granted
        self._lock = threading.Lock()
        self._waiting: list[SlotRequest] = []  # in the order in which they start
        self._running: set[SlotRequest] = set()
        self._finished: list[QueuedCopy] = []  # AVAILABLE copies of this run
        self._available: set[Chain] = set()  # the chains that have an AVAILABLE copy
        # Running copies that no create here waits for, by id: of others, and of this run after a timeout.
        self._unawaited: dict[str, QueuedCopy] = {}
        self._unawaited_watches: dict[str, Watch] = {}

    def slot(self, copy: QueuedCopy) -> SlotRequest:
        """Take a place in the queue; the slot is granted when one is free and no copy must end before."""
        slot = SlotRequest(self, copy)
        with self._lock:
            self._waiting.append(slot)
            if not self._gathering:
                self._gathering = threading.Thread(target=self._open, name="copy queue", daemon=True)
                self._gathering.start()
            self._update()
        return slot

    def slot_of_running(self, copy: QueuedCopy) -> SlotRequest:
        """Take a slot without queueing, for a copy that runs already."""
        slot = SlotRequest(self, copy)
        with self._lock:
            # Even if no slot is free: FSx runs this copy. It only keeps the next ones waiting.
            self._running.add(slot)
            slot.granted.set()
        return slot

    def count_existing(self, running: Mapping[str, QueuedCopy], available: Iterable[Backup]) -> None:
        """Count running copies until they end, and AVAILABLE ones."""
        with self._lock:
            for backup in available:
                self._note_available(chain_of(backup))
            # A copy that a create here waits for is counted already. Counted twice, it would leave a slot empty.
            own = {slot.watch.backup_id for slot in self._running if slot.watch}
            self._unawaited |= {id_: copy for id_, copy in running.items() if id_ not in own}
            self._update()

    def watch_copy(self, slot: SlotRequest, backup_id: str) -> Watch:
        """Have the poll look at the copy that runs in a slot."""
        with self._lock:
            slot.watch = self._poller.watch(backup_id)
            self._unawaited.pop(backup_id, None)
            self._watch_unawaited()
            return slot.watch

    def wait_of(self, slot: SlotRequest) -> Wait | None:
        """Return what a slot waits for; None if it is granted."""
        with self._lock:
            if slot not in self._waiting:
                return None
            group = [waiting for waiting in self._waiting if waiting.copy.group == slot.copy.group]
            own = [running.copy for running in self._running]
            full = full_copies(slot.copy.chain, [*own, *self._unawaited.values()], self._available)
            needed = full or [copy for copy in own if copy.group == slot.copy.group]
            subject = slot.copy.chain.subject if slot.copy.chain and full else ""
            is_for_unawaited = self._is_open and not any(copy in own for copy in needed)
            return Wait(group.index(slot), subject, is_for_unawaited)

    def give_up_on_unawaited(self, slot: SlotRequest) -> None:
        """Let the chain of a slot wait no longer for full copies that no create here waits for."""
        with self._lock:
            for backup_id, copy in self._unawaited.items():
                if slot.copy.chain and slot.copy.chain.may_be(copy.chain):
                    # It still takes its slot.
                    self._unawaited[backup_id] = replace(copy, chain=None)
            self._update()

    def leave(self, slot: SlotRequest, *, is_available: bool = False) -> None:
        """Give the slot, or the place in the queue, to the next."""
        with self._lock:
            self._running.discard(slot)
            with suppress(ValueError):
                self._waiting.remove(slot)
            backup = slot.watch.result.backup if slot.watch else None
            if slot.watch:
                self._poller.unwatch(slot.watch)
            # The call has ended, but the copy continues. FSx counts it until it ends, so it is counted here too.
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
        """Grant free slots, and watch the copies whose end makes the next ones free."""
        known = [*(slot.copy for slot in (*self._waiting, *self._running)), *self._finished]
        place = places(known)
        self._waiting.sort(key=lambda slot: place(slot.copy))
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
            # The second is for those who do not know their key: for them a copy under any key counts.
            self._available |= {chain, chain._replace(key=None)}

    def _watch_unawaited(self) -> None:
        # Only the poll shows that such a copy has ended, and only waiting creates need to know.
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
        # Without permission to look, the end of the copy is never seen. So it is not counted; FSx refuses if necessary.
        return isinstance(result.error, TransientError)
    return result.missing_since is None and result.backup is not None and result.backup.takes_slot

"""Look-ups of single backups that go out together, up to fifty in one DescribeBackups.

A refresh asks for each copy by itself, and of 1,000 copies that would be 1,000 calls.
"""

import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from itertools import islice

from pulumi_fsx_dr.fsx.backup import MAX_IDS, Backup, LookUp

_LONGEST = 0.1  # seconds that the first of many look-ups waits for the others at most


class Lull:
    """Waits until no look-up has come for a moment, which is a lull: then those that came together share one call.

    The plugin host takes the engine's calls one after the other. If the first look-up went out at once, the next ones
    would not have come yet: 0.85 calls for each copy were counted that way. All Regions share one lull, because it is
    the host that spreads the calls, whatever Region they are about.

    Args:
        seconds: how long no look-up must have come; real seconds in tests, too, because real threads bring them.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = 0.0

    def disturb(self) -> None:
        """Take note of a look-up."""
        self._last = time.monotonic()

    def wait(self) -> None:
        """Return at a lull, or when that takes too long."""
        end = time.monotonic() + _LONGEST
        while (now := time.monotonic()) < min(end, self._last + self._seconds):
            time.sleep(min(end, self._last + self._seconds) - now)


class SharedReads:
    """The look-ups of one Region: those asked for at about the same time go together into one call."""

    def __init__(self, look_up: LookUp, lull: Lull) -> None:
        self._look_up = look_up
        self._lull = lull
        self._lock = threading.Lock()
        self._asked: dict[str, Future[Backup | None]] = {}
        self._calling = False

    def find(self, backup_id: str) -> Backup | None:
        """Return the backup as it is now, or None if FSx does not know it.

        Raises:
            ServiceError: the look-up failed; this says nothing about the backup.
        """
        with self._lock:
            answer = self._asked.setdefault(backup_id, Future())
            # The first one makes the calls, also for those who come meanwhile and only wait for their answers.
            leads = not self._calling
            self._calling = True
        self._lull.disturb()
        if leads:
            self._answer_all()
        return answer.result()

    def _answer_all(self) -> None:
        while self._goes_on():
            self._lull.wait()
            batch = self._next_batch()
            try:
                found = self._look_up(batch)
            except BaseException as error:  # noqa: BLE001  # whatever it is, every asker must get it
                _fail(batch.values(), error)
            else:
                for backup_id, answer in batch.items():
                    _answer(answer, found.get(backup_id))

    def _goes_on(self) -> bool:
        with self._lock:
            # Both under one lock: whoever asks next is either seen here, or finds that nobody calls and does so itself.
            self._calling = bool(self._asked)
            return self._calling

    def _next_batch(self) -> dict[str, Future[Backup | None]]:
        with self._lock:
            batch = {backup_id: self._asked[backup_id] for backup_id in islice(self._asked, MAX_IDS)}
            for backup_id in batch:
                del self._asked[backup_id]
            return batch


def _answer(answer: Future[Backup | None], seen: Backup | Exception | None) -> None:
    if isinstance(seen, Exception):
        answer.set_exception(seen)
    else:
        answer.set_result(seen)


def _fail(answers: Iterable[Future[Backup | None]], error: BaseException) -> None:
    for answer in answers:
        answer.set_exception(error)

"""The poller of a Region: one DescribeBackups call for all watched backups in each poll interval."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from pulumi_fsx_dr.errors import ServiceError
from pulumi_fsx_dr.fsx.backup import Backup, FindOrError

from .clock import Clock


@dataclass(frozen=True, slots=True)
class PollResult:
    """The latest result for one backup.

    Attributes:
        backup: the last description; None if FSx has not shown the backup yet.
        missing_since: the time of the first poll that did not find the backup; None if the last poll found it.
        error: the error of the last poll; None if it succeeded.
    """

    backup: Backup | None = None
    missing_since: float | None = None
    error: Exception | None = None


@dataclass(slots=True, eq=False)  # without eq: two resources may watch one backup
class Watch:
    """One backup that is polled until `Poller.unwatch`; `on_result` is called after each poll."""

    backup_id: str
    on_result: Callable[[PollResult], None] | None = None
    result: PollResult = PollResult()
    _news: threading.Event = field(default_factory=threading.Event)

    def next_result(self, seconds: float) -> PollResult:
        """Return the result of the next poll, or the last result after `seconds` of the system clock."""
        self._news.wait(seconds)
        self._news.clear()
        return self.result

    def update(self, seen: Backup | Exception | None, now: float) -> None:
        """Store the result of a poll."""
        if isinstance(seen, Exception):
            # The last description stays, because a failed call does not show that the backup has changed.
            self.result = replace(self.result, error=seen)
        elif seen is None:
            self.result = replace(self.result, missing_since=self.result.missing_since or now, error=None)
        else:
            self.result = PollResult(seen)
        self._news.set()
        if self.on_result:
            self.on_result(self.result)


class Poller:
    """Polls the watched backups of one Region, in a thread that ends when nothing is watched."""

    def __init__(self, region: str, find: FindOrError, clock: Clock, poll_seconds: float) -> None:
        self._region = region
        self._find = find
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._watches: set[Watch] = set()
        self._is_running = False

    def watch(self, backup_id: str, on_result: Callable[[PollResult], None] | None = None) -> Watch:
        """Poll a backup from now on."""
        watch = Watch(backup_id, on_result)
        with self._lock:
            self._watches.add(watch)
            if not self._is_running:
                self._is_running = True
                # A daemon thread, so that the process can end while copies run.
                threading.Thread(target=self._run, name=f"poll {self._region}", daemon=True).start()
        return watch

    def unwatch(self, watch: Watch) -> None:
        """Stop polling a backup."""
        with self._lock:
            self._watches.discard(watch)

    def _run(self) -> None:
        while not self._end_if_nothing_is_watched():
            self._clock.sleep(self._poll_seconds)
            with self._logged_errors():
                self._poll()

    def _end_if_nothing_is_watched(self) -> bool:
        with self._lock:
            self._is_running = bool(self._watches)
            return not self._is_running

    def _poll(self) -> None:
        with self._lock:
            watches = list(self._watches)
        if not watches:
            return
        ids = {watch.backup_id for watch in watches}
        found: Mapping[str, Backup | Exception]
        try:
            found = self._find(ids)
        except ServiceError as error:
            found = dict.fromkeys(ids, error)
        # Without the lock, because `on_result` may start to watch another backup.
        for watch in watches:
            with self._logged_errors():
                watch.update(found.get(watch.backup_id), self._clock.now())

    @contextmanager
    def _logged_errors(self) -> Iterator[None]:
        # Polling must continue after an unexpected error, because otherwise all creates would wait until their timeout.
        try:
            yield
        except Exception:
            logging.getLogger(__name__).exception("Polling the copies in %s failed.", self._region)

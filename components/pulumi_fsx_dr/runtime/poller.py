"""The poll of a Region: one DescribeBackups for all watched backups in each poll interval."""

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
    """What the poll last saw of one backup.

    Attributes:
        backup: the last description; None if FSx has not shown the backup yet.
        missing_since: when FSx began not to know it; None while it does.
        error: why the last look failed; None if it did not.
    """

    backup: Backup | None = None
    missing_since: float | None = None
    error: Exception | None = None


# Compared by identity: two resources may watch one backup.
@dataclass(slots=True, eq=False)
class Watch:
    """One backup that the poll looks at until `Poller.unwatch`; `on_result` is called after each look."""

    backup_id: str
    on_result: Callable[[PollResult], None] | None = None
    result: PollResult = PollResult()
    _news: threading.Event = field(default_factory=threading.Event)

    def next_result(self, seconds: float) -> PollResult:
        """Return the result of the next look, or the last result after so many seconds of the system clock."""
        self._news.wait(seconds)
        self._news.clear()
        return self.result

    def update(self, seen: Backup | Exception | None, now: float) -> None:
        """Take what a look has seen."""
        if isinstance(seen, Exception):
            # A failed call says nothing about the backup, so the last description stays.
            self.result = replace(self.result, error=seen)
        elif seen is None:
            self.result = replace(self.result, missing_since=self.result.missing_since or now, error=None)
        else:
            self.result = PollResult(seen)
        self._news.set()
        if self.on_result:
            self.on_result(self.result)


class Poller:
    """The poll of one Region: a thread that lives while something is watched."""

    def __init__(self, region: str, find: FindOrError, clock: Clock, poll_seconds: float) -> None:
        self._region = region
        self._find = find
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._watches: set[Watch] = set()
        self._is_running = False

    def watch(self, backup_id: str, on_result: Callable[[PollResult], None] | None = None) -> Watch:
        """Look at a backup from now on."""
        watch = Watch(backup_id, on_result)
        with self._lock:
            self._watches.add(watch)
            if not self._is_running:
                self._is_running = True
                # A daemon, because the process must be able to end while copies run.
                threading.Thread(target=self._run, name=f"poll {self._region}", daemon=True).start()
        return watch

    def unwatch(self, watch: Watch) -> None:
        """Stop looking at it."""
        with self._lock:
            self._watches.discard(watch)

    def _run(self) -> None:
        while not self._end_if_nothing_is_watched():
            self._clock.sleep(self._poll_seconds)
            with self._logged_errors():
                self._look()

    def _end_if_nothing_is_watched(self) -> bool:
        with self._lock:
            self._is_running = bool(self._watches)
            return not self._is_running

    def _look(self) -> None:
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
        # Without the lock: a result may give a slot to the next copy, which is then watched.
        for watch in watches:
            with self._logged_errors():
                watch.update(found.get(watch.backup_id), self._clock.now())

    @contextmanager
    def _logged_errors(self) -> Iterator[None]:
        # The poll must continue after a mistake of ours: without polls, all creates would wait until their timeout.
        try:
            yield
        except Exception:
            logging.getLogger(__name__).exception("the poll of %s failed", self._region)

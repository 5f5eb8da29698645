"""Looks at single backups that share their calls: 1,000 reads are not 1,000 times DescribeBackups."""

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from itertools import islice

from .fsx import MAX_IDS, Backup, FsxRegion


class SharedReads:
    """The look-ups of one Region: those asked for while a call is under way go together into the next one."""

    def __init__(self, region: FsxRegion) -> None:
        self._region = region
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
            leads = not self._calling
            self._calling = True
        if leads:
            self._answer_all()
        return answer.result()

    def _answer_all(self) -> None:
        while batch := self._next_batch():
            try:
                found = self._region.find(batch)
            except BaseException as error:  # noqa: BLE001  # whatever it is, every asker must get it
                _fail(batch.values(), error)
            else:
                for backup_id, answer in batch.items():
                    answer.set_result(found.get(backup_id))

    def _next_batch(self) -> dict[str, Future[Backup | None]]:
        with self._lock:
            batch = {backup_id: self._asked[backup_id] for backup_id in islice(self._asked, MAX_IDS)}
            for backup_id in batch:
                del self._asked[backup_id]
            self._calling = bool(batch)
            return batch


def _fail(answers: Iterable[Future[Backup | None]], error: BaseException) -> None:
    for answer in answers:
        answer.set_exception(error)

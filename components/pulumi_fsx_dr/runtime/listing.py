"""All backups of one Region, listed once per process and found by what is asked about them."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from pulumi_fsx_dr.copies.ownership import ownership_of
from pulumi_fsx_dr.fsx.backup import Backup

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Listing:
    """What DescribeBackups listed."""

    backups: Sequence[Backup]
    by_id: Mapping[str, Backup]
    _by_owner: Mapping[str, Sequence[Backup]]

    @classmethod
    def of(cls, listed: Iterable[Backup]) -> "Listing":
        """Sort what was listed."""
        backups = list(listed)
        by_owner = defaultdict(list)
        for backup in backups:
            if backup.source_backup_id and (ownership := ownership_of(backup.tags)):
                by_owner[ownership.owner_id].append(backup)
        return cls(backups, {backup.id: backup for backup in backups}, by_owner)

    @property
    def running(self) -> dict[str, str]:
        """The quota groups of the copies that take a slot, by id."""
        return {backup.id: backup.quota_group for backup in self.backups if backup.takes_slot}

    def claimed_by(self, owner_id: str) -> Sequence[Backup]:
        """Return the copies whose tag has an owner id; the tag proves nothing."""
        return self._by_owner.get(owner_id, ()) if owner_id else ()


class AskedOnce(Generic[_T]):
    """Asks each Region once; whoever asks again, or meanwhile, gets the same answer, or the same error."""

    def __init__(self, ask: Callable[[str], _T]) -> None:
        self._ask = ask
        self._answers: dict[str, Future[_T]] = {}
        self._lock = threading.Lock()

    def __call__(self, region: str) -> _T:
        """Return the answer of a Region."""
        with self._lock:
            is_first = region not in self._answers
            answer = self._answers.setdefault(region, Future())
        if is_first:
            try:
                answer.set_result(self._ask(region))
            except BaseException as error:  # noqa: BLE001  # whatever it is, everybody who waits must get it
                answer.set_exception(error)
        return answer.result()


class SharedListing:
    """Lists once; those who come meanwhile share the listing, or its failure, which is not kept."""

    def __init__(self, list_region: Callable[[], Listing]) -> None:
        self._list = list_region
        self._answer: Future[Listing] | None = None
        self._lock = threading.Lock()

    def get(self, *, fresh: bool = False, list_region: Callable[[], Listing] | None = None) -> Listing:
        """Return the listing; a fresh one is made unless one is just being made."""
        with self._lock:
            answer = self._answer
            is_first = answer is None or (fresh and answer.done())
            if answer is None or is_first:
                answer = self._answer = Future()
        if is_first:
            try:
                answer.set_result((list_region or self._list)())
            except BaseException as error:  # noqa: BLE001  # whatever it is, everybody who waits must get it
                # Forgotten before those who wait get the error, so that whoever asks again starts a new try.
                with self._lock:
                    self._answer = None
                answer.set_exception(error)
        return answer.result()

"""The listing of all backups of a Region, and caches that make each lookup once per process."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from pulumi_fsx_dr.copies.ownership import claimed_description, ownership_of
from pulumi_fsx_dr.fsx.backup import Backup

from .copy_order import QueuedCopy

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Listing:
    """All backups of a Region, as DescribeBackups listed them."""

    backups: Sequence[Backup]
    by_id: Mapping[str, Backup]
    copied: frozenset[str]  # the file systems and volumes with copies
    _by_owner: Mapping[str, Sequence[Backup]]
    _by_description: Mapping[tuple[str, str], Sequence[Backup]]  # by owner id and description in the tag

    @classmethod
    def of(cls, listed: Iterable[Backup]) -> "Listing":
        """Index the listed backups."""
        backups = list(listed)
        by_owner, by_description = defaultdict(list), defaultdict(list)
        for backup in backups:
            if backup.source_backup_id and (ownership := ownership_of(backup.tags)):
                by_owner[ownership.owner_id].append(backup)
                by_description[ownership.owner_id, claimed_description(backup.tags)].append(backup)
        copied = frozenset(backup.subject for backup in backups if backup.source_backup_id)
        return cls(backups, {backup.id: backup for backup in backups}, copied, by_owner, by_description)

    @property
    def running(self) -> dict[str, QueuedCopy]:
        """The copies that use a slot, by id."""
        running = (backup for backup in self.backups if backup.takes_slot)
        return {backup.id: QueuedCopy.running(backup, backup.creation_time) for backup in running}

    @property
    def available(self) -> list[Backup]:
        """The AVAILABLE copies."""
        return [backup for backup in self.backups if backup.source_backup_id and backup.is_available]

    def claimed_by(self, owner_id: str) -> Sequence[Backup]:
        """Return the copies with an owner id in their tag, which anyone may have written."""
        return self._by_owner.get(owner_id, ()) if owner_id else ()

    def claimed_as(self, owner_id: str, description: str) -> Sequence[Backup]:
        """Return the copies with an owner id and a description in their tag."""
        return self._by_description.get((owner_id, description), ()) if owner_id else ()


class RegionCache(Generic[_T]):
    """Caches the result or error of a lookup for each Region; concurrent calls share one lookup."""

    def __init__(self, look_up: Callable[[str], _T]) -> None:
        self._look_up = look_up
        self._results: dict[str, Future[_T]] = {}
        self._lock = threading.Lock()

    def __call__(self, region: str) -> _T:
        """Return the result for a Region."""
        with self._lock:
            is_first = region not in self._results
            result = self._results.setdefault(region, Future())
        if is_first:
            try:
                result.set_result(self._look_up(region))
            except BaseException as error:  # noqa: BLE001  # all waiting calls must get any error
                result.set_exception(error)
        return result.result()


class ListingCache:
    """Caches the listing of one Region, but not an error; concurrent calls share one listing or its error."""

    def __init__(self, list_region: Callable[[], Listing]) -> None:
        self._list = list_region
        self._result: Future[Listing] | None = None
        self._lock = threading.Lock()

    def get(self, *, fresh: bool = False, list_region: Callable[[], Listing] | None = None) -> Listing:
        """Return the listing; with `fresh`, list again unless another call is listing now."""
        with self._lock:
            result = self._result
            is_first = result is None or (fresh and result.done())
            if result is None or is_first:
                result = self._result = Future()
        if is_first:
            try:
                result.set_result((list_region or self._list)())
            except BaseException as error:  # noqa: BLE001  # all waiting calls must get any error
                # Removed from the cache before the waiting calls get the error, so that their retries list again.
                with self._lock:
                    self._result = None
                result.set_exception(error)
        return result.result()

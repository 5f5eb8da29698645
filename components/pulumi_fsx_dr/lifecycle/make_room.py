"""Make room when the quota of backups is reached: delete an expired copy before the new copy is created."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from pulumi_fsx_dr.copies.copy import CopySpec
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import QuotaReachedError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.quotas import QUOTA_NAMES
from pulumi_fsx_dr.runtime.work import LISTED_WITHIN, Work

from .delete import DELETE_TIMEOUT, delete_expired
from .still_needed import require_siblings
from .tagging import has_own_tag, is_untagged

_T = TypeVar("_T")
# Two concurrent creates must not delete the last two copies of one file system.
_lock = threading.Lock()


class Room:
    """Deletes expired copies for one create that FSx refuses because of the quota."""

    def __init__(self, work: Work, spec: CopySpec, source: Backup) -> None:
        self._work = replace(work, deadline=work.now() + DELETE_TIMEOUT)
        self._spec = spec
        self._source = source
        self._counted_from = 0.0  # from this time on, FSx has counted the last delete

    def retry(self, request: Callable[[], _T]) -> _T:
        """Return the result of a request; make room and repeat it while the quota is reached."""
        while True:
            try:
                return request()
            except QuotaReachedError as error:
                self._make(error)

    def _make(self, refusal: QuotaReachedError) -> None:
        """Delete the oldest expired copy of the same file system, if another copy of it is AVAILABLE."""
        work = self._work
        if work.now() < self._counted_from:
            work.pause()
            return
        with _lock:
            state = self._oldest_expired()
            if state is None or not delete_expired(work, state):
                raise QuotaReachedError(self._explained(refusal)) from None
        self._counted_from = work.now() + LISTED_WITHIN
        work.call.warn(
            f"Deleted {state.id} in {state.region} before copying {self._spec.source_backup_id}, because the quota of "
            "backups is reached. Retention would delete it in this run anyway, and another copy of the file system is "
            "AVAILABLE."
        )

    def _oldest_expired(self) -> StateCopy | None:
        """Return the oldest expired copy, if another copy of the file system is AVAILABLE."""
        available = list(self._available())
        expired = [state for state in available if state.id in self._work.call.expired]
        if not expired or len(available) == 1:
            return None
        # Fail while another copy of the file system is missing.
        require_siblings(self._work, expired[0])
        return expired[0]

    def _available(self) -> Iterator[StateCopy]:
        """Yield our copies of the same file system that are AVAILABLE now."""
        work, seen = self._work, set[str]()
        for state in (*work.call.siblings, *work.runtime.entries.finished_copies()):
            if state.region != self._spec.region or state.id in seen:
                continue
            seen.add(state.id)
            backup = work.find(state.id)
            if backup is None or not backup.is_available or backup.subject != self._source.subject:
                continue
            if is_untagged(backup) or has_own_tag(backup, state):
                yield state

    def _explained(self, refusal: QuotaReachedError) -> str:
        kind = self._source.file_system_type or "WINDOWS"
        backups = self._work.region.listing(fresh=True).backups
        counted = [b for b in backups if b.type != "AUTOMATIC" and (b.file_system_type or "WINDOWS") == kind]
        return (
            f"{self._spec.source_backup_id} was not copied to {self._spec.region}: the quota of user-initiated {kind} "
            f"backups is reached ({len(counted)} exist). A new copy is created before an old one is deleted, so each "
            f'file system needs room for one more. Ask AWS to raise the quota "{QUOTA_NAMES.get(kind, kind)}", delete '
            "the copies that `fsx-dr orphans` lists, or lower keep and run `pulumi up --continue-on-error` twice. "
            f"{refusal}"
        )

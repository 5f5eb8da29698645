"""Room at the quota of backups: a copy that retention deletes in this run is deleted before the new copy is made."""

import threading
from collections.abc import Iterator
from dataclasses import replace

from pulumi_fsx_dr.copies.copy import CopySpec
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import QuotaReachedError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.quotas import QUOTA_NAMES
from pulumi_fsx_dr.runtime.work import LISTED_WITHIN, Work

from .delete import DELETE_TIMEOUT, delete_expired
from .still_needed import require_siblings

# Two creates of one file system must not delete the last two copies of it.
_lock = threading.Lock()


class Room:
    """The room that one create makes when FSx refuses it for the quota."""

    def __init__(self, work: Work, spec: CopySpec, source: Backup) -> None:
        self._work = replace(work, deadline=work.now() + DELETE_TIMEOUT)
        self._spec = spec
        self._source = source
        self._counts_by = 0.0  # when FSx surely counts what was deleted

    def make(self, refusal: QuotaReachedError) -> None:
        """Delete the oldest copy of the same file system that retention deletes in this run, if another one stays.

        Raises:
            QuotaReachedError: there is none.
        """
        work = self._work
        if work.now() < self._counts_by:
            work.pause()
            return
        with _lock:
            state = self._oldest_expired()
            if state is None or not delete_expired(work, state):
                raise QuotaReachedError(self._explained(refusal)) from None
        self._counts_by = work.now() + LISTED_WITHIN
        work.call.warn(
            f"{state.id} in {state.region} was deleted before {self._spec.source_backup_id} was copied, because the "
            "quota of backups is reached. Retention deletes it in this run, and another copy of the file system is "
            "AVAILABLE."
        )

    def _oldest_expired(self) -> StateCopy | None:
        """Return the oldest expired copy; None if it is the last AVAILABLE copy of the file system."""
        available = list(self._available())
        expired = [state for state in available if state.id in self._work.call.expired]
        if not expired or len(available) == 1:
            return None
        # Deletes wait for success, also this one.
        require_siblings(self._work, expired[0])
        return expired[0]

    def _available(self) -> Iterator[StateCopy]:
        """Yield the copies of the same file system that are AVAILABLE now."""
        work, seen = self._work, set[str]()
        for state in (*work.call.siblings, *work.runtime.entries.made_copies()):
            if state.region != self._spec.region or state.id in seen:
                continue
            seen.add(state.id)
            backup = work.find(state.id)
            if backup and backup.is_available and backup.subject == self._source.subject:
                yield state

    def _explained(self, refusal: QuotaReachedError) -> str:
        kind = self._source.file_system_type or "WINDOWS"
        backups = self._work.region.listing(fresh=True).backups
        counted = [b for b in backups if b.type != "AUTOMATIC" and (b.file_system_type or "WINDOWS") == kind]
        return (
            f"{self._spec.source_backup_id} was not copied to {self._spec.region}: there are {len(counted)} "
            f"user-initiated {kind} backups, and the quota permits no more. A new copy is made before an old one is "
            f'deleted, so each file system needs one spare. Have AWS raise the quota "{QUOTA_NAMES.get(kind, kind)}", '
            "delete what `fsx-dr orphans` lists, or lower keep and run `pulumi up --continue-on-error` twice. "
            f"(AWS said: {refusal})"
        )

"""What one provider process knows of copies beyond what a call is told.

In the order of a run: Check notes the hints of the program and that a copy is to be made; Diff, Read and Update note
which entry of the state has which copy; Create and Update note how they ended. Delete asks whether another entry has
the same copy, and whether a copy of the same file system could not be made; then it deletes nothing of that.

A process that serves no program (destroy, refresh) has checked nothing, so nothing of it counts as not made.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_fsx_dr.copies.ownership import Ownership
from pulumi_fsx_dr.errors import ServiceError

from .hints import Hints


@dataclass(slots=True)
class _PendingCreate:
    """A copy that is to be made; its volume or file system is None until the source backup was looked up."""

    subject: str | None = None
    failed: bool = False


@dataclass(slots=True)
class Ledger:
    """See the module."""

    _hints: dict[str, Hints | None] = field(default_factory=dict)
    _olds: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _entries: dict[str, str] = field(default_factory=dict)  # backup ids by URN
    _taken: dict[str, str] = field(default_factory=dict)  # URNs by the backup ids that creates of this process took
    _made: dict[str, Ownership | None] = field(default_factory=dict)  # what creates of this process returned, by id
    _creates: dict[str, _PendingCreate] = field(default_factory=dict)
    _unreachable: dict[str, ServiceError] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set_hints(self, urn: str, hints: Hints | None) -> None:
        """Note what the program says of a resource."""
        with self._lock:
            self._hints[urn] = hints

    def hints(self, urn: str) -> Hints | None:
        """Return what the program said of a resource, None if it said nothing."""
        with self._lock:
            return self._hints.get(urn)

    def check_seen(self, urn: str, olds: Mapping[str, Any]) -> None:
        """Note the former inputs of a resource; without any a copy is to be made."""
        with self._lock:
            if olds:
                self._olds[urn] = olds
            else:
                # Nobody knows yet of which file system, so until then it holds up all deletes of the stack.
                self._creates[urn] = _PendingCreate()

    def olds(self, urn: str) -> Mapping[str, Any]:
        """Return the former inputs of a resource that this process was shown; empty if it was shown none."""
        with self._lock:
            return self._olds.get(urn, {})

    def entry_seen(self, urn: str, backup_id: str) -> None:
        """Note which copy a resource has in the state."""
        with self._lock:
            self._entries[urn] = backup_id

    def entry_removed(self, urn: str, backup_id: str) -> None:
        """Note that the entry of a resource leaves the state, so that of two entries the last one deletes the copy."""
        with self._lock:
            if self._entries.get(urn) == backup_id:
                del self._entries[urn]

    def take(self, backup_id: str, urn: str) -> bool:
        """Reserve a copy for the create of one resource; False if another create of this process has it."""
        with self._lock:
            return self._taken.setdefault(backup_id, urn) == urn

    def other_entry(self, urn: str, backup_id: str, ownership: Ownership | None) -> str | None:
        """Return the URN of the entry that keeps a copy when an entry of a resource is deleted; None if none does.

        After `--replace`, create may have returned the copy that its resource had before; then the new entry keeps it,
        which has another ownership.
        """
        with self._lock:
            taker = self._taken.get(backup_id)
            if taker and (taker != urn or self._made.get(backup_id) != ownership):
                return taker
            return next((other for other, id_ in self._entries.items() if id_ == backup_id and other != urn), None)

    def create_started(self, urn: str, subject: str | None) -> None:
        """Note that a copy of a volume or file system is to be made, or finished."""
        with self._lock:
            self._creates[urn] = _PendingCreate(subject)

    def create_succeeded(self, urn: str, backup_id: str, ownership: Ownership | None) -> None:
        """Note that a copy was made, or finished, so that it is about to be in the state."""
        with self._lock:
            self._made[backup_id] = ownership
            self._creates.pop(urn, None)
            self._entries[urn] = backup_id

    def create_failed(self, urn: str, subject: str | None = None, *, kept: bool = False) -> None:
        """Note that a copy could not be made.

        Args:
            urn: of its resource.
            subject: its volume or file system, as far as known.
            kept: whether it goes into the state all the same, unfinished.
        """
        with self._lock:
            if not kept:
                self._taken = {backup_id: other for backup_id, other in self._taken.items() if other != urn}
            create = self._creates.setdefault(urn, _PendingCreate())
            create.failed, create.subject = True, subject or create.subject

    def missing_sibling(self, urn: str, subjects: Iterable[str]) -> str | None:
        """Return the name of a resource whose copy is of one of these volumes or file systems and was not made.

        A copy that is deleted before it is made anew (`delete_before_replace`) goes while others are being made.
        """
        with self._lock:
            known = {subject for subject in subjects if subject}
            # The engine deletes after it has made everything, so what is not made by then was not made. Only with
            # `delete_before_replace` it deletes earlier: others are under way then, and only what has failed counts.
            comes_first = urn in self._creates and not self._creates[urn].failed
            for other, create in self._creates.items():
                concerns = _stack(other) == _stack(urn) and (
                    create.subject is None or not known or create.subject in known
                )
                if concerns and (create.failed or not comes_first):
                    return other.split("::", 3)[-1]
        return None

    def mark_unreachable(self, region: str, error: ServiceError) -> None:
        """Note that a Region does not answer, so that it is asked once a run."""
        self._unreachable[region] = error

    def raise_if_unreachable(self, region: str) -> None:
        """Raise the error with which a Region did not answer before."""
        if error := self._unreachable.get(region):
            raise error


def _stack(urn: str) -> list[str]:
    return urn.split("::", 2)[:2]

"""Registries of one provider process: the data that one call needs from the calls before it.

Check adds the copies that this run will create. `destroy` and `refresh` run no program and call no Check, so there are
no creates in those runs.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_fsx_dr.copies.ownership import Ownership
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.copies.urns import name_of, stack_part

from .hints import Hints


@dataclass(slots=True)
class Checked:
    """Data from the Check calls, by URN.

    Attributes:
        hints: the hints of the program; None if it sent none.
        olds: the former inputs. For a replacement, the engine calls Check twice, and passes them only the first time.
    """

    hints: dict[str, Hints | None] = field(default_factory=dict)
    olds: dict[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class StateEntries:
    """Which state entry contains which copy, because several entries may contain the same copy.

    Attributes:
        not_deleted: entries that were not deleted because of `delete_before_replace`, by URN.
    """

    not_deleted: dict[str, StateCopy] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)  # backup ids in the state, by URN
    _taken: dict[str, str] = field(default_factory=dict)  # URNs of creates, by the backup id that each has reserved
    _finished: dict[str, Ownership | None] = field(default_factory=dict)  # copies that this run has finished, by id
    _declared: dict[str, StateCopy] = field(default_factory=dict)  # entries of resources of the program, by URN
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note_in_state(self, urn: str, backup_id: str) -> None:
        """Note which copy a resource has in the state."""
        with self._lock:
            self._ids[urn] = backup_id

    def note_declared(self, state: StateCopy) -> None:
        """Note the entry of a resource that the program declares."""
        with self._lock:
            self._ids[state.urn] = state.id
            self._declared[state.urn] = state

    def note_removed(self, state: StateCopy) -> None:
        """Note that an entry is removed from the state. The last of several entries with the same copy deletes it."""
        with self._lock:
            if self._ids.get(state.urn) == state.id and not self._is_in_new_entry(state):
                del self._ids[state.urn]
                self._declared.pop(state.urn, None)

    def note_finished(self, state: StateCopy) -> None:
        """Note the entry of a copy that a create or update has finished."""
        self.note_declared(state)
        with self._lock:
            self._finished[state.id] = state.ownership

    def take(self, backup_id: str, urn: str) -> bool:
        """Reserve a copy for the create of one resource; False if another create has reserved it."""
        with self._lock:
            return self._taken.setdefault(backup_id, urn) == urn

    def release(self, urn: str) -> None:
        """Cancel the reservation of a create."""
        with self._lock:
            self._taken = {backup_id: other for backup_id, other in self._taken.items() if other != urn}

    def other_with(self, state: StateCopy) -> str | None:
        """Return the URN of another entry with the same copy, if one exists.

        With `--replace`, a create may return the former copy of its resource. The new entry then has the same URN, but
        another ownership.
        """
        with self._lock:
            taker = self._taken.get(state.id)
            if taker and (taker != state.urn or self._finished.get(state.id) != state.ownership):
                return taker
            if self._is_in_new_entry(state):
                return state.urn
            return next((urn for urn, id_ in self._ids.items() if id_ == state.id and urn != state.urn), None)

    def entry_of(self, urn: str) -> StateCopy | None:
        """Return the entry of a resource that the program declares."""
        with self._lock:
            return self._declared.get(urn)

    def finished_copies(self) -> list[StateCopy]:
        """Return the copies that this run has finished."""
        with self._lock:
            return [state for state in self._declared.values() if state.id in self._finished]

    def is_protected(self, state: StateCopy) -> bool:
        """Whether `deletion_protection` is on for an entry.

        An entry that an earlier run left pending deletion is protected only if the current entry of its resource is
        protected too, or was finished in this run.
        """
        with self._lock:
            present = self._declared.get(state.urn, state)
            return state.is_protected and (present.is_protected or present.id in self._finished)

    def successors(self, state: StateCopy) -> list[StateCopy]:
        """Return the possible successors of a copy: of the same resource, then of the same source backup."""
        with self._lock:
            others = [other for other in self._declared.values() if other.id != state.id]
        same = [other for other in others if other.urn == state.urn]
        return same + [other for other in others if _is_copy_of_same_backup(other, state)]

    def _is_in_new_entry(self, state: StateCopy) -> bool:
        present = self._declared.get(state.urn)
        return present is not None and present.id == state.id and present.ownership != state.ownership


@dataclass(slots=True)
class _Create:
    subject: str | None = None  # the volume or file system; None until the source backup was looked up
    failed: bool = False


@dataclass(slots=True)
class Creates:
    """The copies that this run creates or finishes, by URN. Until they succeed, they block deletes of copies."""

    _creates: dict[str, _Create] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def started(self, urn: str, subject: str | None = None) -> None:
        """Note that this run creates or finishes a copy of a volume or file system."""
        with self._lock:
            self._creates[urn] = _Create(subject)

    def succeeded(self, urn: str) -> None:
        """Note that a copy is finished."""
        with self._lock:
            self._creates.pop(urn, None)

    def failed(self, urn: str, subject: str | None = None) -> None:
        """Note that a copy could not be created or finished."""
        with self._lock:
            create = self._creates.setdefault(urn, _Create())
            create.failed, create.subject = True, subject or create.subject

    def is_pending(self, urn: str) -> bool:
        """Whether the copy of a resource is still to be created, and has not failed."""
        with self._lock:
            return urn in self._creates and not self._creates[urn].failed

    def missing(self, urn: str, subjects: Iterable[str]) -> str | None:
        """Return the name of a resource with a missing copy of the same file system; None if no copy is missing.

        Args:
            urn: the resource with the copy to delete.
            subjects: the volume and file system of that copy; "" if unknown.
        """
        with self._lock:
            known = {subject for subject in subjects if subject}
            # The engine deletes after all creates, so a pending copy was not created in this run. With
            # `delete_before_replace`, it deletes earlier. Then other creates still run, and only failed ones count.
            is_early = urn in self._creates and not self._creates[urn].failed
            for other, create in self._creates.items():
                may_be_same = create.subject is None or not known or create.subject in known
                if may_be_same and stack_part(other) == stack_part(urn) and (create.failed or not is_early):
                    return name_of(other)
        return None


def _is_copy_of_same_backup(other: StateCopy, state: StateCopy) -> bool:
    is_of_same_stack = stack_part(other.urn) == stack_part(state.urn)
    return is_of_same_stack and other.urn != state.urn and other.source_backup_id == state.source_backup_id

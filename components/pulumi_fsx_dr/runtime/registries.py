"""What one provider process remembers of its calls, because no call knows of the others.

In `destroy` and `refresh` nothing is checked, because no program runs. So no copy counts as not made.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_fsx_dr.copies.ownership import Ownership
from pulumi_fsx_dr.copies.state_copy import StateCopy

from .hints import Hints


@dataclass(slots=True)
class Checked:
    """What Check saw of each resource, by URN.

    Attributes:
        hints: what the program says of it; None if it says nothing.
        olds: its former inputs. For a replacement the engine calls Check twice, and passes them only the first time.
    """

    hints: dict[str, Hints | None] = field(default_factory=dict)
    olds: dict[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class StateEntries:
    """Which entry of the state has which copy, so that the delete of one entry leaves the copy that another one has.

    Attributes:
        left: entries of this run whose copies were to be deleted before their replacements are made, by URN.
    """

    left: dict[str, StateCopy] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)  # of the copies, by URN
    _taken: dict[str, str] = field(default_factory=dict)  # URNs by the copies that creates of this process took
    _made: dict[str, Ownership | None] = field(default_factory=dict)  # what creates of this process returned, by id
    _declared: dict[str, StateCopy] = field(default_factory=dict)  # what resources of the program have, by URN
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def seen(self, urn: str, backup_id: str) -> None:
        """Note which copy a resource has in the state."""
        with self._lock:
            self._ids[urn] = backup_id

    def declared(self, state: StateCopy) -> None:
        """Note the entry of a resource that the program declares."""
        with self._lock:
            self._ids[state.urn] = state.id
            self._declared[state.urn] = state

    def removed(self, state: StateCopy) -> None:
        """Note that an entry leaves the state: of two entries, the last one deletes the copy."""
        with self._lock:
            if self._ids.get(state.urn) == state.id and not self._has_otherwise(state):
                del self._ids[state.urn]
                self._declared.pop(state.urn, None)

    def take(self, backup_id: str, urn: str) -> bool:
        """Reserve a copy for the create of one resource; False if another create of this process has it."""
        with self._lock:
            return self._taken.setdefault(backup_id, urn) == urn

    def release(self, urn: str) -> None:
        """Give up what the create of a resource has reserved."""
        with self._lock:
            self._taken = {backup_id: other for backup_id, other in self._taken.items() if other != urn}

    def made(self, state: StateCopy) -> None:
        """Note what a create, or an update that finished a copy, returns for the state."""
        self.declared(state)
        with self._lock:
            self._made[state.id] = state.ownership

    def other_with(self, state: StateCopy) -> str | None:
        """Return the URN of another entry that has the same copy; None if none does.

        After `--replace`, create may have returned the copy that its resource had before. The new entry has the same
        URN then, and another ownership.
        """
        with self._lock:
            taker = self._taken.get(state.id)
            if taker and (taker != state.urn or self._made.get(state.id) != state.ownership):
                return taker
            if self._has_otherwise(state):
                return state.urn
            return next((urn for urn, id_ in self._ids.items() if id_ == state.id and urn != state.urn), None)

    def entry_of(self, urn: str) -> StateCopy | None:
        """Return the entry of a resource that the program declares."""
        with self._lock:
            return self._declared.get(urn)

    def made_copies(self) -> list[StateCopy]:
        """Return the copies that this process has made."""
        with self._lock:
            return [state for state in self._declared.values() if state.id in self._made]

    def is_protected(self, state: StateCopy) -> bool:
        """Whether an entry has `deletion_protection`; one that was replaced by an earlier run as its live entry has."""
        with self._lock:
            live = self._declared.get(state.urn, state)
            return state.is_protected and (live.is_protected or live.id in self._made)

    def successors(self, state: StateCopy) -> list[StateCopy]:
        """Return what takes the place of a copy: other copies of its resource, then those of its source backup."""
        with self._lock:
            others = [other for other in self._declared.values() if other.id != state.id]
        same = [other for other in others if other.urn == state.urn]
        return same + [other for other in others if _is_copy_of_same_backup(other, state)]

    def _has_otherwise(self, state: StateCopy) -> bool:
        live = self._declared.get(state.urn)
        return live is not None and live.id == state.id and live.ownership != state.ownership


@dataclass(slots=True)
class _Create:
    subject: str | None = None  # the volume or file system; None until the source backup was looked up
    failed: bool = False


@dataclass(slots=True)
class Creates:
    """The copies that this run is to make and has not made yet, by URN: they block deletes of the same file system."""

    _creates: dict[str, _Create] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def started(self, urn: str, subject: str | None = None) -> None:
        """Note that a copy of a volume or file system is to be made, or finished."""
        with self._lock:
            self._creates[urn] = _Create(subject)

    def succeeded(self, urn: str) -> None:
        """Note that a copy was made, or finished."""
        with self._lock:
            self._creates.pop(urn, None)

    def failed(self, urn: str, subject: str | None = None) -> None:
        """Note that a copy could not be made, or not be finished."""
        with self._lock:
            create = self._creates.setdefault(urn, _Create())
            create.failed, create.subject = True, subject or create.subject

    def is_to_be_made(self, urn: str) -> bool:
        """Whether the copy of a resource is to be made, and neither was made nor failed."""
        with self._lock:
            return urn in self._creates and not self._creates[urn].failed

    def missing(self, urn: str, subjects: Iterable[str]) -> str | None:
        """Return the name of a resource if its copy of one of these volumes or file systems was not made.

        Args:
            urn: of the resource that is to be deleted.
            subjects: its volume and file system; "" where they are not known.
        """
        with self._lock:
            known = {subject for subject in subjects if subject}
            # The engine deletes last, so a copy that is not made by then was not made in this run. Only with
            # `delete_before_replace` it deletes earlier: other creates still run then, and only failed ones count.
            comes_first = urn in self._creates and not self._creates[urn].failed
            for other, create in self._creates.items():
                # A copy of an unknown file system may be of any.
                concerns = create.subject is None or not known or create.subject in known
                if concerns and _stack(other) == _stack(urn) and (create.failed or not comes_first):
                    return other.split("::", 3)[-1]
        return None


def _is_copy_of_same_backup(other: StateCopy, state: StateCopy) -> bool:
    is_of_same_stack = _stack(other.urn) == _stack(state.urn)
    return is_of_same_stack and other.urn != state.urn and other.source_backup_id == state.source_backup_id


def _stack(urn: str) -> list[str]:
    return urn.split("::", 2)[:2]

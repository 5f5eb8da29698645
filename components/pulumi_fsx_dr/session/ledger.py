"""What one provider process knows of copies beyond what a call is told.

The contract, in the order of a run:

* `told` and `checked`: check takes what the program said of a resource, and notes that a copy is to be made.
* `shown`: diff, read and update note which state entry the engine has shown to hold which copy.
* `made` or `not_made`: create and update say how it ended; a copy that was made is held by a new state entry.
* `holder_beside`: delete asks whether another entry of the state holds the same copy.
* `unmade`: delete asks whether a copy of the same file system could not be made, and then deletes nothing of it.

A process that serves no program (destroy, refresh) has checked nothing, so nothing of it is unmade.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_fsx_dr.errors import ServiceError

from .told import Told


@dataclass(slots=True)
class _Making:
    """A copy that is to be made; its subject is what it is a copy of, None as long as nobody knows."""

    subject: str | None = None
    failed: bool = False


@dataclass(slots=True)
class Ledger:
    """See the module."""

    _told: dict[str, Told] = field(default_factory=dict)
    _olds: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _holders: dict[str, dict[str, str]] = field(default_factory=dict)
    _makings: dict[str, _Making] = field(default_factory=dict)
    _adopters: dict[str, str] = field(default_factory=dict)
    _dark: dict[str, ServiceError] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, urn: str, told: Told) -> None:
        """Note what the program said of a resource."""
        with self._lock:
            self._told[urn] = told

    def checked(self, urn: str, olds: Mapping[str, Any]) -> None:
        """Note the former inputs of a resource; without any a copy is to be made."""
        with self._lock:
            if olds:
                self._olds[urn] = olds
            else:
                # Of what it will be a copy is not known yet, so until then it holds up all deletes of the stack.
                self._makings[urn] = _Making()

    def olds(self, urn: str) -> Mapping[str, Any]:
        """Return the former inputs of a resource that this process was shown; empty if it was shown none."""
        with self._lock:
            return self._olds.get(urn, {})

    def is_told(self, urn: str) -> bool:
        """Tell whether the program said anything of a resource."""
        with self._lock:
            return urn in self._told

    def told(self, urn: str) -> Told:
        """Return what the program said of a resource."""
        with self._lock:
            return self._told.get(urn, Told())

    def shown(self, urn: str, backup_id: str, nonce: str) -> None:
        """Note that the state holds a copy."""
        with self._lock:
            self._holders.setdefault(backup_id, {})[urn] = nonce

    def making(self, urn: str, subject: str | None) -> None:
        """Note that a copy is to be made, or seen through, and what of."""
        with self._lock:
            self._makings[urn] = _Making(subject)

    def made(self, urn: str, backup_id: str, nonce: str) -> None:
        """Note that a copy was made, so that the state is about to hold it."""
        with self._lock:
            self._makings.pop(urn, None)
            self._holders.setdefault(backup_id, {})[urn] = nonce

    def not_made(self, urn: str, subject: str | None = None) -> None:
        """Note that a copy could not be made."""
        with self._lock:
            making = self._makings.setdefault(urn, _Making())
            making.failed, making.subject = True, subject or making.subject

    def holder_beside(self, urn: str, backup_id: str, nonce: str) -> tuple[str, str] | None:
        """Return URN and nonce of another entry of the state that holds a copy, or None."""
        with self._lock:
            # By URN and nonce, because a replaced entry and the one that replaces it have the same URN.
            others = [(u, n) for u, n in self._holders.get(backup_id, {}).items() if (u, n) != (urn, nonce)]
            return others[-1] if others else None

    def holds(self, backup_id: str) -> bool:
        """Tell whether the state was shown to hold a copy."""
        with self._lock:
            return bool(self._holders.get(backup_id))

    def released(self, urn: str, backup_id: str) -> None:
        """Note that the state holds a copy no more."""
        with self._lock:
            # So that of two entries that both go, the last one deletes the copy.
            self._holders.get(backup_id, {}).pop(urn, None)

    def unmade(self, urn: str, subjects: Iterable[str]) -> str | None:
        """Return the name of a resource whose copy is of one of these subjects and was not made in this run, or None.

        A copy that is deleted before it is made anew (`delete_before_replace`) goes while others are under way still.
        """
        with self._lock:
            # As long as nobody knows what a copy is of, it may be of the same file system, and so holds up this delete.
            known = {subject for subject in subjects if subject}
            # The engine deletes after it has made everything, so what is not made by then was not made. Only with
            # `delete_before_replace` it deletes earlier: others are under way then, and only what has failed counts.
            comes_first = urn in self._makings and not self._makings[urn].failed
            for other, making in self._makings.items():
                concerns = _stack(other) == _stack(urn) and (
                    making.subject is None or not known or making.subject in known
                )
                if concerns and (making.failed or not comes_first):
                    return other.split("::", 3)[-1]
        return None

    def claim(self, backup_id: str, urn: str) -> bool:
        """Reserve a backup for one resource to adopt; False if another of this run has it."""
        with self._lock:
            return self._adopters.setdefault(backup_id, urn) == urn

    def darkened(self, region: str, error: ServiceError) -> None:
        """Note that a source Region does not answer, so that it is asked once a run."""
        self._dark[region] = error

    def require_light(self, region: str) -> None:
        """Raise what a source Region answered before, if that was no answer."""
        if error := self._dark.get(region):
            raise error


def _stack(urn: str) -> list[str]:
    return urn.split("::", 2)[:2]

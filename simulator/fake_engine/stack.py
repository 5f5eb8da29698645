"""One stack's state on disk, written whole before and after every step."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from click import ClickException

State = dict[str, Any]  # one resource, in the shape of a deployment's `resources`


class Stack:
    """``old`` are the resources this run has not reached, ``new`` those it has; the state is ``new`` and ``old``.

    A preview is ``frozen``: it goes through the same motions and writes nothing.
    """

    def __init__(self, file: Path, *, frozen: bool = False) -> None:
        if not file.exists():
            raise ClickException(f"no stack named '{file.stem}' found; make it with `stack init`")
        self.file, self.name, self.frozen, self.writing = file, file.stem, frozen, RLock()
        self.lock = file.with_suffix(".lock")
        deployment = json.loads(file.read_text())["deployment"]
        self.old: list[State] = deployment["resources"]
        self.new: list[State] = []
        # Only a create leaves something unknown behind; the other operations are simply done again.
        self.pending = [item for item in deployment.get("pending_operations", []) if item["type"] == "creating"]

    def find(self, *urns: str) -> State | None:
        """Return the old resource that has one of ``urns`` and is not waiting for its deletion."""
        return next((state for state in self.old if state["urn"] in urns and not state.get("delete")), None)

    def all(self) -> list[State]:
        """Return every resource of the state."""
        return [*self.new, *self.old]

    def replace(self, old: State | None, *new: State) -> None:
        """Drop ``old`` and append ``new``."""
        self.old = [state for state in self.old if state is not old]
        self.new = [*(state for state in self.new if state is not old), *new]

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold other changes back, then write."""
        with self.writing:
            yield
            if not self.frozen:
                write(self.file, self.all(), self.pending)

    @contextmanager
    def operation(self, kind: str, state: State) -> Iterator[None]:
        """Record that an operation is under way; its end is written together with what the body changed."""
        pending = {"resource": state, "type": kind}
        with self.change():
            self.pending.append(pending)
        try:
            yield
        finally:
            with self.change():
                self.pending = [item for item in self.pending if item is not pending]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs out; a killed run leaves its lock behind."""
        try:
            self.lock.touch(exist_ok=False)
        except FileExistsError:
            advice = "wait for the other process to end or delete the lock file with `pulumi cancel`"
            raise ClickException(f"the stack is currently locked by 1 lock(s). Either {advice}.") from None
        yield
        self.lock.unlink()


def write(file: Path, resources: list[State], pending: list[State]) -> None:
    """Replace the state file in one go: a kill leaves the old one or the new one."""
    deployment = {"resources": resources, "pending_operations": pending}
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps({"version": 3, "deployment": deployment}, indent=4))
    draft.replace(file)

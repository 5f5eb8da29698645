"""The state of a stack on disk, written before and after every step."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from click import ClickException

State = dict[str, Any]  # one resource, in the shape of a deployment's `resources`


class Stack:
    """The state: ``new`` are the resources that this run registered, ``old`` all other resources.

    A preview uses a ``frozen`` stack, which is never written.
    """

    def __init__(self, file: Path, *, frozen: bool = False) -> None:
        if not file.exists():
            raise ClickException(f"no stack named '{file.stem}' found; make it with `stack init`")
        self.file, self.name, self.frozen, self.writing = file, file.stem, frozen, RLock()
        self.lock = file.with_suffix(".lock")
        deployment = json.loads(file.read_text())["deployment"]
        self.old: list[State] = deployment["resources"]
        self.new: list[State] = []
        # Interrupted operations are repeated, except creates.
        self.pending = [item for item in deployment.get("pending_operations", []) if item["type"] == "creating"]

    def find(self, *urns: str) -> State | None:
        """Return the old resource with one of ``urns`` that is not pending deletion."""
        return next((state for state in self.old if state["urn"] in urns and not state.get("delete")), None)

    def all(self) -> list[State]:
        """Return all resources in the state."""
        return [*self.new, *self.old]

    def replace(self, old: State | None, *new: State) -> None:
        """Remove ``old`` and append ``new``."""
        self.old = [state for state in self.old if state is not old]
        self.new = [*(state for state in self.new if state is not old), *new]

    @contextmanager
    def change(self) -> Iterator[None]:
        """Change the state, then write it."""
        with self.writing:
            yield
            if not self.frozen:
                write(self.file, self.all(), self.pending)

    @contextmanager
    def operation(self, kind: str, state: State) -> Iterator[None]:
        """Record a pending operation; its end is written together with the changes of the body."""
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
        """Lock the stack; a killed run leaves its lock."""
        try:
            self.lock.touch(exist_ok=False)
        except FileExistsError:
            advice = "wait for the other process to end or delete the lock file with `pulumi cancel`"
            raise ClickException(f"the stack is currently locked by 1 lock(s). Either {advice}.") from None
        yield
        self.lock.unlink()


def write(file: Path, resources: list[State], pending: list[State]) -> None:
    """Replace the state file atomically."""
    deployment = {"resources": resources, "pending_operations": pending}
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps({"version": 3, "deployment": deployment}, indent=4))
    draft.replace(file)

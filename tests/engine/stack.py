"""The engine in this process: the state of one stack, and the CLI commands that change it.

Arguments of the provider are serialized as by gRPC: numbers become floats, and nulls are dropped.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.dynamic import CheckFailure, DiffResult
from pulumi_fsx_dr import provider
from pulumi_fsx_dr.copies.ownership import new_owner_id
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import CallCancelledError
from pulumi_fsx_dr.runtime.hints import HINTS, Hints

from simulator.fake_engine.planning import Old, Plan, plan
from simulator.fsx import FsxService
from simulator.fsx.base_control import BaseControl
from simulator.fsx.fixtures import AWAY, HOME
from simulator.project import eventually

from .process import Context, Host, HostRequest, Properties, Run
from .wire import Killed, When, Wire

Program = Mapping[str, Properties]
FOREVER = 1e9  # seconds; longer than any test, however fast its clock is


class RefusedError(Exception):
    """Check refused the arguments."""

    def __init__(self, failures: list[CheckFailure]) -> None:
        super().__init__("; ".join(f"{failure.property}: {failure.reason}" for failure in failures))


@dataclass(frozen=True)
class State:
    """The state entry of one resource; `errors` come from a partial failure."""

    id: str
    inputs: Properties
    outputs: Properties
    errors: tuple[str, ...] = ()


@dataclass
class Stack:
    """One stack on the dynamic host; each command starts a new provider process.

    Attributes:
        owner_id: owner id of the stack; saved before the first copy is made.
        before_writing: called once before the engine saves a new resource.
        replaced: entries pending deletion.
    """

    wire: Wire
    name: str = "prod"
    region: str | None = None
    owner_id: str = field(default_factory=new_owner_id)
    before_writing: Callable[[], object] | None = None
    knows_state: ClassVar[bool] = True
    timeouts: dict[str, float] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    replaced: list[tuple[str, State]] = field(default_factory=list)

    def urn(self, resource: str) -> str:
        return f"urn:pulumi:{self.name}::files::pulumi-python:dynamic/fsx:BackupCopy::{resource}"

    def run(self) -> Run:
        """Start a provider process."""
        run = Run(self.wire, stack_region=self.region)
        provider.start(run)
        return run

    def up(self, program: Program, *, replacing: Iterable[str] = (), run: Run | None = None) -> None:
        """Do what `pulumi up` does, one resource at a time."""
        run = run or self.run()
        for resource, args in program.items():
            self.register(run, resource, args, replacing=resource in replacing)
        for delete in self.deletions(run, program):
            delete()

    def deletions(self, run: Run, declared: Container[str]) -> list[Callable[[], None]]:
        """Return the deletes at the end of a run: first replaced entries, then undeclared ones."""
        undeclared = [resource for resource in self.states if resource not in declared]
        return [partial(self.delete_replaced, run), *(partial(self.destroy_one, run, name) for name in undeclared)]

    def register(self, run: Run, resource: str, args: Properties, *, replacing: bool = False) -> None:
        """Create, update or replace one resource as its arguments require."""
        planned = self.plan(run, resource, args, replacing=replacing)
        if planned.op in ("create", "replace"):
            self.create(run, resource, planned.inputs)
        elif planned.op == "update":
            self._update(run, resource, planned.inputs)

    def plan(self, run: Run, resource: str, args: Properties, *, replacing: bool = False) -> Plan[DiffResult]:
        """Return the planned operation of one resource."""
        old = self.states.get(resource)
        known = Old(old.inputs, is_half_made=bool(old.errors)) if old else None
        check, diff = partial(self.check, run, resource), partial(self.diff, run, resource)
        return plan(known, args, check, diff, replacing=replacing)

    def preview(self, resource: str, args: Properties, *, run: Run | None = None) -> DiffResult:
        """Return the diff that `pulumi preview` shows for a resource in the state."""
        diff = self.plan(run or self.run(), resource, args).diff
        assert diff is not None
        return diff

    def refresh(self) -> None:
        run = self.run()
        for resource, old in list(self.states.items()):
            result = self._call(run, resource, "Read", old.id, old.outputs)
            if result.id is None:
                del self.states[resource]
            else:
                self.states[resource] = State(result.id, _sent(result.inputs), _sent(result.outs))
        for entry in list(self.replaced):
            resource, old = entry
            if self._call(run, resource, "Read", old.id, old.outputs).id is None:
                self.replaced.remove(entry)

    def destroy(self, *, run: Run | None = None) -> None:
        for delete in self.deletions(run or self.run(), ()):
            delete()

    def check(self, run: Run, resource: str, olds: Properties, args: Properties) -> Properties:
        hints = {HINTS: self.hints(resource, args).sent()}
        result = self._call(run, resource, "Check", olds, {"__provider": "pickled", **hints, **args})
        if result.failures:
            raise RefusedError(result.failures)
        return {"__provider": "pickled", **result.inputs}

    def hints(self, resource: str, args: Properties) -> Hints:
        """Return the hints that the program sends: the owner id and state entries of the same copy."""
        state = [
            StateCopy(self.urn(name), entry.id, entry.outputs)
            for name, entry in self.states.items()
            if name == resource or entry.outputs.get("source_backup_id") == args.get("source_backup_id")
        ]
        return Hints(self.owner_id, tuple(state))

    def diff(self, run: Run, resource: str, inputs: Properties) -> DiffResult:
        old = self.states[resource]
        result: DiffResult = self._call(run, resource, "Diff", old.id, old.outputs, inputs)
        return result

    def create(self, run: Run, resource: str, inputs: Properties) -> None:
        result = self._keeping(run, resource, inputs, "Create", inputs)
        if happens := self.before_writing:
            self.before_writing = None
            happens()
        self._made(resource, State(result.id, _sent(inputs), _sent({**result.outs, "__provider": "pickled"})))

    def _made(self, resource: str, new: State) -> None:
        if old := self.states.get(resource):
            self.replaced.append((resource, old))
        self.states[resource] = new

    def _update(self, run: Run, resource: str, inputs: Properties) -> None:
        old = self.states[resource]
        result = self._keeping(run, resource, inputs, "Update", old.id, old.outputs, inputs)
        self.states[resource] = State(old.id, _sent(inputs), _sent({**result.outs, "__provider": "pickled"}))

    def _keeping(self, run: Run, resource: str, inputs: Properties, method: str, *args: Any) -> Any:
        """Make a call and save its partial failure as the engine does."""
        context = Context()
        try:
            return self._call(run, resource, method, *args, context=context)
        except Exception:
            if failed := context.partial_failure():
                kept = State(failed.id, _sent(inputs), MessageToDict(failed.properties), tuple(failed.reasons))
                if method == "Create":
                    self._made(resource, kept)
                else:
                    self.states[resource] = kept
            raise

    def delete_replaced(self, run: Run) -> None:
        """Delete replaced entries that are pending deletion."""
        for entry in list(self.replaced):
            resource, old = entry
            self._call(run, resource, "Delete", old.id, old.outputs)
            self.replaced.remove(entry)

    def destroy_one(self, run: Run, resource: str) -> None:
        old = self.states[resource]
        self._call(run, resource, "Delete", old.id, old.outputs)
        del self.states[resource]

    def _call(self, run: Run, resource: str, method: str, *args: Any, context: Context | None = None) -> Any:
        context = context or Context()
        run.contexts.append(context)
        request = HostRequest(self.urn(resource), self.timeouts.get(method.lower(), 0))
        return getattr(Host(), method)(request, context, *(_sent(arg) for arg in args))


def register_all(
    stack: Stack, run: Run, program: Program, meanwhile: Callable[[], object] = lambda: None
) -> list[BaseException | None]:
    """Make all copies concurrently, call `meanwhile`, and return the errors of the copies."""
    with ThreadPoolExecutor(len(program)) as pool:
        calls: list[Future[None]] = [pool.submit(stack.register, run, name, args) for name, args in program.items()]
        try:
            meanwhile()
        except BaseException:
            run.end()  # without it the pool would never end
            raise
        return [call.exception() for call in calls]


def finish_when_running(service: BaseControl, number: int, region: str = AWAY) -> None:
    """Finish the copies in a Region when so many of them run.

    Copies of a fixed duration may end before others have started, on a busy machine or on a clock that runs ahead.
    """
    eventually(lambda: service.running_copies().get(region) == number, f"{number} running copies", seconds=120)
    service.finish_copies()


def killed_up(stack: Stack, program: Program, action: str, when: When, *, replacing: Iterable[str] = ()) -> None:
    """Run `pulumi up` and kill it just before or after a call; the state keeps no result of that call."""
    run = stack.run()
    stack.wire.at_call[action, when] = run.kill
    with pytest.raises((Killed, CallCancelledError)):
        stack.up(program, replacing=replacing, run=run)
    stack.wire.at_call.clear()


def killed_before_saving(stack: Stack, program: Program, *, replacing: Iterable[str] = ()) -> None:
    """Run `pulumi up` and kill it after create returns, before the engine saves the result."""
    run = stack.run()
    stack.before_writing = run.kill
    with pytest.raises(Killed):
        stack.up(program, replacing=replacing, run=run)


def change_outputs(stack: Stack, resource: str, **changes: Any) -> None:
    """Edit outputs in the state; None removes an output."""
    old = stack.states[resource]
    stack.states[resource] = replace(old, outputs=_sent({**old.outputs, **changes}))


def copy_args(source: str, **changes: Any) -> Properties:
    return {"source_backup_id": source, "source_region": HOME, "region": AWAY, **changes}


def backups_of_file_systems(service: FsxService, number: int) -> list[str]:
    """Return one backup for each of several file systems, so that their copies do not wait for each other."""
    return [service.seed_backup(HOME, service.seed_file_system(HOME)) for _ in range(number)]


def monday(source: str, **changes: Any) -> dict[str, Properties]:
    """Return a program with one copy from `HOME` to `AWAY`."""
    return {"monday": copy_args(source, **changes)}


def _sent(value: Any) -> Any:
    """Return a value as gRPC delivers it."""
    if isinstance(value, Mapping):
        return {key: _sent(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_sent(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

"""Deployments as the engine runs them, in this process: each run a new provider process, each call in a host's frame.

What the provider is given crosses a wire first, as in life: numbers arrive as floats, and nulls do not arrive.
"""

import threading
import time
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, ClassVar, Literal

import pytest
from botocore.config import Config
from google.protobuf.json_format import MessageToDict
from pulumi.dynamic import CheckFailure, DiffResult
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.proto.status_pb2 import Status
from pulumi_fsx_dr import provider
from pulumi_fsx_dr.copies.ownership import new_owner_id
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import CallCancelledError
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials, default_region
from pulumi_fsx_dr.provider import BackupCopyProvider
from pulumi_fsx_dr.runtime.hints import HINTS, Hints
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime

from simulator.fake_engine.planning import Old, Plan, plan
from simulator.fsx import FsxService, ManualClock, in_process
from simulator.fsx.calls import Answer, Request, action_of
from simulator.fsx.fixtures import AWAY, HOME, new_session

POLL_SECONDS = 1.0
_ONE_TRY = Config(retries={"total_max_attempts": 1})  # botocore would wait in real time before its next
Properties = dict[str, Any]
Program = Mapping[str, Properties]
When = Literal["before", "after"]


class SharedClock(ManualClock):
    """A manual clock on which no thread can sleep hours away while another one is about to act."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        time.sleep(0.0003)


class Killed(BaseException):
    """The provider's process ended in the middle of a call."""


class RefusedError(Exception):
    """Check found something wrong with the arguments."""

    def __init__(self, failures: list[CheckFailure]) -> None:
        super().__init__("; ".join(f"{failure.property}: {failure.reason}" for failure in failures))


class Wire:
    """What lies between the provider and AWS; here a run can be killed just before or after a call gets through."""

    def __init__(self, service: FsxService) -> None:
        self.service = service
        self.clock = service.clock
        self.at_call: dict[tuple[str, When], Callable[[], object]] = {}
        self._session = new_session()
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        in_process(self._session, self)  # type: ignore[arg-type]  # answers and has the time, which is all that is asked of it

    def client(self, service: str, region: str) -> Any:
        make: Any = self._session.client
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = make(service, region_name=region, config=_ONE_TRY)
            return self._clients[service, region]

    def answer(self, request: Request) -> Answer:
        self._happens(action_of(request), "before")
        answer = self.service.answer(request)
        self._happens(action_of(request), "after")
        return answer

    def _happens(self, action: str, when: When) -> None:
        happens = self.at_call.pop((action, when), None)
        if happens:
            happens()


@cache
def key_named(name: str) -> str:
    """Return the ARN of a KMS key in `AWAY`, which has the alias `alias/NAME`.

    To make one takes a moment, and moto keeps it as long as this process lives, so that all tests have the same one.
    """
    kms = Wire(FsxService()).client("kms", AWAY)
    arn: str = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=arn)
    return arn


class WiredRegion(FsxRegion):
    """A Region at the other end of a `Wire`."""

    def __init__(self, name: str, wire: Wire) -> None:
        super().__init__(name, Credentials())
        self._wire = wire
        self._wired: dict[str, Any] = {}

    def _client(self, service: str) -> Any:
        if service not in self._wired:
            self._wired[service] = self._wire.client(service, self.name)
        return self._wired[service]


class Run(ProviderRuntime):
    """The provider process of one command of the CLI."""

    def __init__(self, wire: Wire, *, stack_region: str | None = None, chosen_region: str | None = None) -> None:
        super().__init__(
            self._wired,
            stack_region=stack_region,
            environment_region=lambda: chosen_region or default_region(Credentials()),
            clock=wire.clock,
            poll_seconds=POLL_SECONDS,
        )
        self.wire = wire
        self.contexts: list[Context] = []

    def _wired(self, name: str, *, impatient: bool) -> FsxRegion:  # noqa: ARG002  # a wire has all the time
        return WiredRegion(name, self.wire)

    def end(self) -> None:
        """End the run as the second Ctrl-C does."""
        for context in self.contexts:
            context.active = False

    def kill(self) -> None:
        """End the run at once; to be called from the provider's side of the wire."""
        self.end()
        if not threading.current_thread().name.startswith("poll "):
            raise Killed


@dataclass
class Context:
    """The part of gRPC's context that the provider uses."""

    active: bool = True
    trailers: tuple[tuple[str, bytes], ...] = ()
    abort: Any = None

    def is_active(self) -> bool:
        return self.active

    def set_trailing_metadata(self, trailers: tuple[tuple[str, bytes], ...]) -> None:
        self.trailers = trailers

    def partial_failure(self) -> provider_pb2.ErrorResourceInitFailed | None:
        """Return what the engine is to keep of a failed call."""
        partial = provider_pb2.ErrorResourceInitFailed()
        details = Status.FromString(dict(self.trailers).get("grpc-status-details-bin", b"")).details
        return partial if any(detail.Unpack(partial) for detail in details) else None


@dataclass(frozen=True)
class HostRequest:
    """The part of a gRPC request that the provider looks for in the host's frame."""

    urn: str
    timeout: float = 0


class Host:
    """The frames of Pulumi's plugin host, with its names of methods and of variables."""

    provider = BackupCopyProvider()

    def Check(self, request: HostRequest, context: Context, olds: Properties, news: Properties) -> Any:  # noqa: ARG002, N802  # as the host has it
        return self.provider.check(olds, news)

    def Diff(self, request: HostRequest, context: Context, id_: str, olds: Properties, news: Properties) -> Any:  # noqa: ARG002, N802  # as the host has it
        return self.provider.diff(id_, olds, news)

    def Create(self, request: HostRequest, context: Context, props: Properties) -> Any:  # noqa: ARG002, N802  # as the host has it
        return self.provider.create(props)

    def Read(self, request: HostRequest, context: Context, id_: str, props: Properties) -> Any:  # noqa: ARG002, N802  # as the host has it
        return self.provider.read(id_, props)

    def Update(self, request: HostRequest, context: Context, id_: str, olds: Properties, news: Properties) -> Any:  # noqa: ARG002, N802  # as the host has it
        return self.provider.update(id_, olds, news)

    def Delete(self, request: HostRequest, context: Context, id_: str, props: Properties) -> Any:  # noqa: ARG002, N802  # as the host has it
        return self.provider.delete(id_, props)


@dataclass(frozen=True)
class State:
    """What a stack's state holds of one resource; `errors` of a partial failure."""

    id: str
    inputs: Properties
    outputs: Properties
    errors: tuple[str, ...] = ()


@dataclass
class Stack:
    """One stack's state, and the commands that change it, each a new provider process.

    Attributes:
        owner_id: of the stack; it is in the state before the first copy is made.
        before_writing: happens once, before the engine writes a new resource into the state.
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
        """Do what `pulumi up` does, one resource after the other."""
        run = run or self.run()
        for resource, args in program.items():
            self.register(run, resource, args, replacing=resource in replacing)
        for delete in self.deletions(run, program):
            delete()

    def deletions(self, run: Run, declared: Container[str]) -> list[Callable[[], None]]:
        """Return the deletes at the end of a run: what was replaced, then what is not declared any more."""
        gone = [resource for resource in self.states if resource not in declared]
        return [partial(self.delete_replaced, run), *(partial(self.destroy_one, run, resource) for resource in gone)]

    def register(self, run: Run, resource: str, args: Properties, *, replacing: bool = False) -> None:
        """Bring one resource to what its arguments say."""
        planned = self.plan(run, resource, args, replacing=replacing)
        if planned.op in ("create", "replace"):
            self.create(run, resource, planned.inputs)
        elif planned.op == "update":
            self._update(run, resource, planned.inputs)

    def plan(self, run: Run, resource: str, args: Properties, *, replacing: bool = False) -> Plan[DiffResult]:
        """Return what is to become of one resource."""
        old = self.states.get(resource)
        held = Old(old.inputs, is_half_made=bool(old.errors)) if old else None
        check, diff = partial(self.check, run, resource), partial(self.diff, run, resource)
        return plan(held, args, check, diff, replacing=replacing)

    def preview(self, resource: str, args: Properties, *, run: Run | None = None) -> DiffResult:
        """Return what `pulumi preview` finds out about a resource of the state."""
        diff = self.plan(run or self.run(), resource, args).diff
        assert diff is not None
        return diff

    def refresh(self) -> None:
        """Do what `pulumi refresh` does."""
        run = self.run()
        for resource, old in list(self.states.items()):
            result = self._call(run, resource, "Read", old.id, old.outputs)
            if result.id is None:
                del self.states[resource]
            else:
                self.states[resource] = State(result.id, _sent(result.inputs), _sent(result.outs))

    def destroy(self, *, run: Run | None = None) -> None:
        """Do what `pulumi destroy` does."""
        for delete in self.deletions(run or self.run(), ()):
            delete()

    def check(self, run: Run, resource: str, olds: Properties, args: Properties) -> Properties:
        hints = {HINTS: self.hints(resource, args).sent()}
        result = self._call(run, resource, "Check", olds, {"__provider": "pickled", **hints, **args})
        if result.failures:
            raise RefusedError(result.failures)
        return {"__provider": "pickled", **result.inputs}

    def hints(self, resource: str, args: Properties) -> Hints:
        """Return what a program tells the provider: the owner id, and what its state has of the same copy."""
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
        """Make a call whose partial failure the engine records."""
        context = Context()
        try:
            return self._call(run, resource, method, *args, context=context)
        except Exception:
            if failed := context.partial_failure():
                kept = State(failed.id, _sent(inputs), MessageToDict(failed.properties), tuple(failed.reasons))
                self._kept(resource, kept, anew=method == "Create")
            raise

    def _kept(self, resource: str, kept: State, *, anew: bool) -> None:
        if anew:
            self._made(resource, kept)
        else:
            self.states[resource] = kept

    def delete_replaced(self, run: Run) -> None:
        """Delete what was replaced and is still pending deletion."""
        for entry in list(self.replaced):
            resource, old = entry
            self._call(run, resource, "Delete", old.id, old.outputs)
            self.replaced.remove(entry)

    def destroy_one(self, run: Run, resource: str) -> None:
        """Delete one resource."""
        old = self.states[resource]
        self._call(run, resource, "Delete", old.id, old.outputs)
        del self.states[resource]

    def _call(self, run: Run, resource: str, method: str, *args: Any, context: Context | None = None) -> Any:
        context = context or Context()
        run.contexts.append(context)
        request = HostRequest(self.urn(resource), self.timeouts.get(method.lower(), 0))
        return getattr(Host(), method)(request, context, *(_sent(arg) for arg in args))


def killed_up(stack: Stack, program: Program, action: str, when: When, *, replacing: Iterable[str] = ()) -> None:
    """Run `pulumi up` and kill it just before or after a call; the engine's state keeps nothing of a lost call."""
    run = stack.run()
    stack.wire.at_call[action, when] = run.kill
    with pytest.raises((Killed, CallCancelledError)):
        stack.up(program, replacing=replacing, run=run)
    stack.wire.at_call.clear()


def change_outputs(stack: Stack, resource: str, **changes: Any) -> None:
    """Edit what a stack's state holds of a resource; None removes an output."""
    old = stack.states[resource]
    stack.states[resource] = replace(old, outputs=_sent({**old.outputs, **changes}))


def copy_args(source: str, **changes: Any) -> Properties:
    """Return the arguments of a copy from `HOME` to `AWAY`."""
    return {"source_backup_id": source, "source_region": HOME, "region": AWAY, **changes}


def _sent(value: Any) -> Any:
    """Return a value as it arrives at the other end of gRPC."""
    if isinstance(value, Mapping):
        return {key: _sent(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_sent(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

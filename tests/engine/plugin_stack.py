"""A stack on the plugin, which is called as the engine calls it."""

import os
import sys
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

import pytest
from fsx_dr_plugin.server import Provider
from fsx_dr_plugin.values import Properties as Received
from google.protobuf import any_pb2
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pulumi.runtime.proto import provider_pb2, status_pb2
from pulumi_fsx_dr.copies.names import camel_case, snake_case

from .process import Context, Properties, Run
from .stack import Stack

ONLY_DYNAMIC = pytest.mark.parametrize("stack", ["dynamic"], indirect=True)
ONLY_PLUGIN = pytest.mark.parametrize("stack", ["plugin"], indirect=True)


@dataclass
class PluginContext(Context):
    """A call context that raises the original error instead of aborting, so that tests can expect its type."""

    def __post_init__(self) -> None:
        self.abort = _raise_handled_error

    def partial_failure(self) -> provider_pb2.ErrorResourceInitFailed | None:
        failed = Context.partial_failure(self)
        if failed:
            kept = received(failed.properties)
            failed.properties.Clear()
            failed.properties.update(kept)
        return failed


@dataclass
class PluginStack(Stack):
    knows_state: ClassVar[bool] = False
    _providers: dict[int, Provider] = field(default_factory=dict)
    _settings: Struct = field(default_factory=Struct)

    def urn(self, resource: str) -> str:
        return f"urn:pulumi:{self.name}::files::fsx-dr:index:BackupCopy::{resource}"

    def run(self) -> Run:
        native, region = Provider(), os.environ.get("AWS_REGION", os.environ.get("AWS_DEFAULT_REGION"))
        self._settings = Struct.FromString(_checked(self._settings.SerializeToString(), self.region, region))
        settings = received(self._settings)
        run = Run(self.wire, stack_region=settings.get("region"), chosen_region=settings.get("chosen_region"))
        self._providers[id(run)] = native
        native.start(run, self.owner_id)
        return run

    def provider_of(self, run: Run) -> Provider:
        return self._providers[id(run)]

    def _call(self, run: Run, resource: str, method: str, *args: Any, context: Context | None = None) -> Any:
        given = PluginContext()
        run.contexts.append(given)
        try:
            return self._asked(self._providers[id(run)], resource, method, args, given)
        finally:
            if context:
                context.trailers = _with_snake_case_names(given)

    def _asked(self, provider: Provider, resource: str, method: str, args: tuple[Any, ...], context: Context) -> Any:
        urn, timeout = self.urn(resource), self.timeouts.get(method.lower(), 0)
        match method, args:
            case "Check", (olds, news):
                checked = provider.Check(provider_pb2.CheckRequest(urn=urn, olds=sent(olds), news=sent(news)), context)
                failures = [CheckFailure(snake_case(failure.property), failure.reason) for failure in checked.failures]
                return CheckResult(received(checked.inputs), failures)
            case "Diff", (id_, outputs, news):
                old_inputs = sent(self.states[resource].inputs)
                diff = provider_pb2.DiffRequest(
                    id=id_, urn=urn, olds=sent(outputs), news=sent(news), old_inputs=old_inputs
                )
                found = provider.Diff(diff, context)
                changes = found.changes == provider_pb2.DiffResponse.DIFF_SOME
                replaces = [snake_case(name) for name in found.replaces]
                return DiffResult(changes=changes, replaces=replaces, delete_before_replace=found.deleteBeforeReplace)
            case "Create", (inputs,):
                create = provider_pb2.CreateRequest(urn=urn, properties=sent(inputs), timeout=timeout)
                made = provider.Create(create, context)
                return CreateResult(made.id, received(made.properties))
            case "Read", (id_, outputs):
                entries = [*self.states.items(), *self.replaced]
                inputs = next(sent(entry.inputs) for name, entry in entries if (name, entry.id) == (resource, id_))
                read = provider_pb2.ReadRequest(
                    id=id_, urn=urn, properties=sent(outputs), inputs=inputs, timeout=timeout
                )
                found = provider.Read(read, context)
                return ReadResult(found.id or None, received(found.properties), received(found.inputs))
            case "Update", (id_, outputs, news):
                update = provider_pb2.UpdateRequest(
                    id=id_, urn=urn, olds=sent(outputs), news=sent(news), timeout=timeout
                )
                return UpdateResult(received(provider.Update(update, context).properties))
            case "Delete", (id_, outputs):
                delete = provider_pb2.DeleteRequest(id=id_, urn=urn, properties=sent(outputs), timeout=timeout)
                return provider.Delete(delete, context)
        raise AssertionError(method)


@cache
def _checked(olds: bytes, region: str | None, _environment: str | None) -> bytes:
    """Return the checked settings; cached, because looking up the Region of the environment is slow."""
    request = provider_pb2.CheckRequest(olds=Struct.FromString(olds), news=sent({"region": region}))
    inputs: Struct = Provider().CheckConfig(request, PluginContext()).inputs
    return inputs.SerializeToString()


def sent(bag: Properties) -> Struct:
    """Return properties as the engine sends them, without internal properties and nulls."""
    own = {camel_case(name): value for name, value in bag.items() if not name.startswith("__") and value is not None}
    return ParseDict(own, Struct())


def received(bag: Struct) -> Properties:
    return Received.of(bag).values


def _with_snake_case_names(context: Context) -> tuple[tuple[str, bytes], ...]:
    failed = context.partial_failure()
    if failed is None:
        return ()
    detail = any_pb2.Any()
    detail.Pack(failed)
    return (("grpc-status-details-bin", status_pb2.Status(details=[detail]).SerializeToString()),)


def _raise_handled_error(_code: object, _sentence: str) -> None:
    error = sys.exc_info()[1]
    assert error
    raise error

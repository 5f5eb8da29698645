"""The component DrRegion for programs in every language."""

import asyncio
import contextvars
from collections.abc import Mapping
from typing import Any, cast

import pulumi
from pulumi.output import Unknown
from pulumi.provider import ConstructResult, Provider
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2
from pulumi_fsx_dr.copies.arguments import BackupCopyArgs
from pulumi_fsx_dr.copies.copy import NATIVE_COPY_TYPE, NATIVE_DR_REGION_TYPE
from pulumi_fsx_dr.copies.names import camel_case, snake_case
from pulumi_fsx_dr.copies.outputs import OUTPUTS
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.copies.urns import child_urn, name_of, stack_part, types_of
from pulumi_fsx_dr.dr_region import DrRegion, DrRegionArgs
from pulumi_fsx_dr.errors import FsxDrError
from pulumi_fsx_dr.program.coordinator import DrRegionCoordinator
from pulumi_fsx_dr.program.lookup import Lookup
from pulumi_fsx_dr.rules.dr_arguments import Source
from pulumi_fsx_dr.rules.naming import is_name_of
from pulumi_fsx_dr.rules.specs import DrRegionSpec
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime

from .names import for_all_languages


def construct(
    request: provider_pb2.ConstructRequest, runtime: ProviderRuntime, owner_id: str, engine: str
) -> provider_pb2.ConstructResponse:
    """Register a DrRegion with its copies, and return its outputs.

    Calls may run in parallel, so each has its own event loop and its own context of the SDK.
    """
    if request.type != NATIVE_DR_REGION_TYPE:
        raise FsxDrError(f"fsx-dr has no component {request.type}. Use fsx-dr:index:DrRegion.")
    servicer = ProviderServicer(_Components(request, runtime, owner_id), [], engine)
    # The public method of the SDK adds a traceback to every error.
    work = servicer._construct(request, None)  # noqa: SLF001  # as above
    return contextvars.Context().run(asyncio.run, work)


class _Components(Provider):
    """The interface through which the SDK constructs a component."""

    def __init__(self, request: provider_pb2.ConstructRequest, runtime: ProviderRuntime, owner_id: str) -> None:
        super().__init__(version="")
        self._request, self._runtime, self._owner_id = request, runtime, owner_id

    def construct(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        del resource_type  # there is only one
        options = options or pulumi.ResourceOptions()
        options.custom_timeouts = _timeouts(self._request)  # the SDK drops them
        component = _DrRegion(name, _args(inputs), options, self._runtime, self._owner_id)
        state = {"region": component.region, "copies": component.copies, "latest": component.latest}
        return ConstructResult(component.urn, state)


class _BackupCopy(pulumi.CustomResource):
    """A BackupCopy of this plugin."""

    def __init__(self, name: str, args: BackupCopyArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__(NATIVE_COPY_TYPE, name, dict.fromkeys(OUTPUTS) | dict(args), opts)

    def translate_input_property(self, prop: str) -> str:
        return camel_case(prop)

    def translate_output_property(self, prop: str) -> str:
        return snake_case(prop)


class _DrRegion(DrRegion):
    """A DrRegion with copies of this plugin.

    It cannot see the other resources of the program. It therefore manages only its own copies: those in the state with
    its URN, or with a URN from its aliases.
    """

    _type = NATIVE_DR_REGION_TYPE
    _copy_type = NATIVE_COPY_TYPE

    def __init__(
        self, name: str, args: DrRegionArgs, opts: pulumi.ResourceOptions, runtime: ProviderRuntime, owner_id: str
    ) -> None:
        self._runtime, self._opts, self._owner_id = runtime, opts, owner_id
        self._urns: list[str] = []  # its own URN, and those of its aliases
        super().__init__(name, args, opts)

    def _spelled(self, name: str) -> str:
        return camel_case(name)

    def _coordinator_of_this_run(self) -> DrRegionCoordinator:
        return DrRegionCoordinator(Lookup(self._runtime, self._owner_id), self._owns, for_all_languages)

    async def _wait_for_owner_id(self) -> None:
        """Return immediately: this provider has its owner id."""

    async def _spec(self) -> DrRegionSpec:
        spec = await super()._spec()
        self._urns = [spec.urn, *(_former_urn(spec.urn, alias) for alias in self._opts.aliases or ())]
        return spec

    def _owns(self, copy: StateCopy) -> bool:
        """Whether a copy in the state belongs to this component, by the URN of its parent and its name."""
        return copy.is_native and any(_is_child(copy, urn) for urn in self._urns)

    def _register(self, name: str, args: BackupCopyArgs, opts: pulumi.ResourceOptions) -> Any:
        lookup = self._coordinator.lookup
        hints = lookup.hints("", name, args["source_backup_id"], lookup.planned.pop(name, None))
        # The create of this copy runs in this process, so it can read the hints there.
        self._runtime.checked.hints[child_urn(self._urns[0], NATIVE_COPY_TYPE, name)] = hints
        opts.custom_timeouts, opts.ignore_changes = self._opts.custom_timeouts, self._opts.ignore_changes
        return _BackupCopy(name, args, opts)


def _is_child(copy: StateCopy, urn: str) -> bool:
    return copy.urn == child_urn(urn, NATIVE_COPY_TYPE, copy.name) and is_name_of(name_of(urn), copy)


def _former_urn(urn: str, alias: Any) -> str:
    if isinstance(alias, str):
        return alias
    name = alias.name if isinstance(alias.name, str) else name_of(urn)
    if isinstance(alias.parent, str) and alias.parent:
        types = f"{types_of(alias.parent)}${NATIVE_DR_REGION_TYPE}"
    else:
        types = NATIVE_DR_REGION_TYPE if alias.parent is None else types_of(urn)
    return f"{stack_part(urn)}::{types}::{name}"


def _args(inputs: Mapping[str, Any]) -> DrRegionArgs:
    """Return the arguments with the names and types of the Python component."""
    args = {snake_case(name): _value(value) for name, value in inputs.items()}
    if isinstance(sources := args.get("sources"), list):
        args["sources"] = [_source(source) if isinstance(source, Mapping) else source for source in sources]
    return cast("DrRegionArgs", args)


def _source(source: Mapping[str, Any]) -> dict[str, Any]:
    # An error shows an unknown name as the program spells it.
    return {core if (core := snake_case(name)) in Source.__annotations__ else name: source[name] for name in source}


def _value(value: Any) -> Any:
    """Return a value with ints for whole numbers, which arrive as floats, and outputs for unknown values."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: _value(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_value(item) for item in value]
    return pulumi.Output.from_input(value) if isinstance(value, Unknown) else value


def _timeouts(request: provider_pb2.ConstructRequest) -> pulumi.CustomTimeouts | None:
    given = request.customTimeouts
    if not (given.create or given.update or given.delete):
        return None
    return pulumi.CustomTimeouts(given.create or None, given.update or None, given.delete or None)

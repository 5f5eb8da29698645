"""The provider process of one run, and the frames of Pulumi's host in which the provider looks for its request."""

import threading
from dataclasses import dataclass
from typing import Any

from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.proto.status_pb2 import Status
from pulumi_fsx_dr.fsx.credentials import Credentials, default_region
from pulumi_fsx_dr.provider import BackupCopyProvider
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime

from .wire import Killed, Wire, WiredRegion

Properties = dict[str, Any]


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
        """Return the partial failure that the engine would save."""
        partial = provider_pb2.ErrorResourceInitFailed()
        details = Status.FromString(dict(self.trailers).get("grpc-status-details-bin", b"")).details
        return partial if any(detail.Unpack(partial) for detail in details) else None


@dataclass(frozen=True)
class HostRequest:
    """The part of a gRPC request that the provider reads."""

    urn: str
    timeout: float = 0


class Host:
    """The methods of Pulumi's plugin host, with the same names and local variables."""

    provider = BackupCopyProvider()

    def Check(self, request: HostRequest, context: Context, olds: Properties, news: Properties) -> Any:  # noqa: ARG002, N802  # the signature of Pulumi's host
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


class Run(ProviderRuntime):
    """The provider process of one CLI command."""

    def __init__(self, wire: Wire, *, stack_region: str | None = None, chosen_region: str | None = None) -> None:
        super().__init__(
            lambda name, **_how: WiredRegion(name, wire),
            stack_region=stack_region,
            environment_region=lambda: chosen_region or default_region(Credentials()),
            clock=wire.clock,
            poll_seconds=3.0,
        )
        self.wire = wire
        self.contexts: list[Context] = []
        self.killed = False

    def end(self) -> None:
        """End the run as a second Ctrl-C does."""
        for context in self.contexts:
            context.active = False

    def kill(self) -> None:
        """End the run immediately; called from inside a request."""
        self.killed = True
        self.end()
        if not threading.current_thread().name.startswith("poll "):
            raise Killed

"""A resource monitor for one plugin: it registers declared resources and calls the plugin for copies."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from fsx_dr_plugin.server import Provider
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc

from tests.engine.process import Context

STACK, PROJECT = "prod", "files"
COPY, REGION = "fsx-dr:index:BackupCopy", "fsx-dr:index:DrRegion"


@dataclass
class Entry:
    """A copy in the state."""

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@dataclass
class Monitor(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Registers resources and saves copies by URN; `said` has the logged messages."""

    provider: Provider
    preview: bool = False
    state: dict[str, Entry] = field(default_factory=dict)
    registered: dict[str, resource_pb2.RegisterResourceRequest] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def GetDeploymentInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        features = resource_pb2.ResourceMonitorFeature.values()
        return resource_pb2.DeploymentInfo(supportedFeatures=features)

    def Log(self, request: Any, _context: Any) -> Empty:  # noqa: N802  # Pulumi's name
        self.said.append(request.message)
        return Empty()

    def RegisterResourceOutputs(self, _request: Any, _context: Any) -> Empty:  # noqa: N802  # Pulumi's name
        return Empty()

    def RegisterResource(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        urn = urn_of(request.name, request.type, request.parent)
        self.registered[urn] = request
        if request.type != COPY:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        known_as = (urn, *(alias.urn for alias in request.aliases))
        former = next((self.state.pop(name) for name in known_as if name in self.state), None)
        entry = former or self._created(urn, request)
        if entry is None:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        self.state[urn] = entry
        return resource_pb2.RegisterResourceResponse(urn=urn, id=entry.id, object=struct(entry.outputs))

    def Invoke(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        assert request.tok == "pulumi:pulumi:readStackResourceOutputs"
        state = {
            urn: {"type": urn.split("::", 3)[2].rpartition("$")[2], "outputs": entry.outputs}
            for urn, entry in self.state.items()
        }
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(struct({"outputs": state}))
        return response

    def _created(self, urn: str, request: Any) -> Entry | None:
        checked = self.provider.Check(provider_pb2.CheckRequest(urn=urn, news=request.object), Context())
        assert not checked.failures
        create = provider_pb2.CreateRequest(urn=urn, properties=checked.inputs, preview=self.preview)
        made = self.provider.Create(create, Context())
        return None if self.preview else Entry(made.id, plain(checked.inputs), plain(made.properties))


def urn_of(name: str, type_: str, parent: str = "") -> str:
    types = parent.split("::", 3)[2] if parent else ""
    types = "" if types == "pulumi:pulumi:Stack" else types
    return f"urn:pulumi:{STACK}::{PROJECT}::{f'{types}$' if types else ''}{type_}::{name}"


def struct(values: Mapping[str, Any]) -> Struct:
    return ParseDict(dict(values), Struct())


def plain(values: Struct) -> dict[str, Any]:
    found: dict[str, Any] = MessageToDict(values)
    return found


@contextmanager
def monitoring(monitor: Monitor) -> Iterator[str]:
    """Serve a monitor, and yield its address."""
    server = grpc.server(ThreadPoolExecutor(50))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(monitor, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()

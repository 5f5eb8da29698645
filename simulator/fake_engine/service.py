"""The engine's gRPC services (ResourceMonitor for the program, Engine for logs) and the process of the program."""
# ruff: noqa: N802 - methods have the names, and the documentation, of Pulumi's services

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc

from simulator.fake_engine.deployment import Deployment
from simulator.fake_engine.plugin import plain, spawn, to_struct


class Service(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Serves one program and its plugin host; secrets are plain text, because the engine does not offer secrets."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment, self.over = deployment, Event()

    def GetDeploymentInfo(self, _request: Any, _context: Any) -> Any:  # older SDKs do not have it
        return resource_pb2.DeploymentInfo()

    def SupportsFeature(self, _request: Any, _context: Any) -> resource_pb2.SupportsFeatureResponse:
        return resource_pb2.SupportsFeatureResponse()  # called by older SDKs

    def RegisterResource(self, request: Any, context: grpc.ServicerContext) -> resource_pb2.RegisterResourceResponse:
        if not (state := self.deployment.register(request)):
            self.over.wait()  # after an answer the program would print a traceback
            context.abort(grpc.StatusCode.CANCELLED, "the run has stopped")
        outputs = to_struct(state.get("outputs", {}))
        return resource_pb2.RegisterResourceResponse(urn=state["urn"], id=state.get("id", ""), object=outputs)

    def RegisterResourceOutputs(self, request: Any, _context: Any) -> Empty:
        with self.deployment.stack.change():
            state = next(state for state in self.deployment.stack.new if state["urn"] == request.urn)
            state["outputs"] = plain(request.outputs)
        return Empty()

    def SignalAndWaitForShutdown(self, _request: Any, _context: Any) -> Empty:
        return Empty()

    def Log(self, request: Any, _context: Any) -> Empty:
        if request.severity > engine_pb2.DEBUG:
            severity = engine_pb2.LogSeverity.Name(request.severity).lower()
            self.deployment.display.log(request.urn, request.message, severity)
        return Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        if request.tok != "pulumi:pulumi:readStackResourceOutputs":
            self.Call(request, context)
        found = {
            state["urn"]: {"type": state["type"], "outputs": state.get("outputs", {})}
            for state in self.deployment.stack.all()
            if not state.get("delete")
        }
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct({"outputs": found}))
        return response

    def Call(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002 - the name is the base class's
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "The fake engine cannot call functions of other providers.")

    ReadResource = RegisterPackage = Call


@contextmanager
def serving(deployment: Deployment) -> Iterator[Service]:
    """Serve a deployment, then end its plugins."""
    # Each registration waits in a thread of the server. The real engine does not limit their number.
    server, service = grpc.server(ThreadPoolExecutor(1000), options=_GRPC_CHANNEL_OPTIONS), Service(deployment)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(service, server)
    engine_pb2_grpc.add_EngineServicer_to_server(service, server)
    deployment.engine = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield service
    finally:
        service.over.set()
        server.stop(0)
        deployment.end_plugins()


def run_program(deployment: Deployment, service: Service) -> bool:
    """Run the program; if the run stops, kill it after the running steps. Return whether everything succeeded."""
    project, stack, parallel = deployment.project, deployment.stack, deployment.parallel
    values = [deployment.engine, project.name, stack.name, str(parallel), str(stack.frozen).lower()]
    command = [sys.executable, "-u", "-P", str(Path(__file__).with_name("program.py")), *values]
    environment = {**os.environ, "PULUMI_CONFIG": json.dumps(project.config(stack.name))}
    program = spawn(command, project.root, environment, sys.stderr if deployment.display.as_json else None)
    while program.poll() is None and not deployment.stopping:
        service.over.wait(0.05)
    for _ in range(parallel):
        deployment.slots.acquire()
    if deployment.stopping:
        program.kill()
    deployment.slots.release(parallel)
    deployment.stopping |= program.wait() != 0
    return not deployment.stopping

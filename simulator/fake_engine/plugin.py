"""Pulumi's host of Python dynamic providers in its own process, and calls to it."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO, Any, cast

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub
from pulumi.runtime.proto.status_pb2 import Status

from simulator.fake_engine.display import name_of


class StepError(Exception):
    """A step failed; users see the text. ``partial`` means that the resource exists but is incomplete."""

    def __init__(self, text: str, partial: proto.ErrorResourceInitFailed | None = None) -> None:
        super().__init__(text)
        self.partial = partial


class Plugin:
    """One plugin host, configured once."""

    def __init__(self, root: Path, project: str, config: dict[str, str], engine: str) -> None:
        command = [sys.executable, "-u", "-m", "pulumi.dynamic", engine]
        environment = {**os.environ, "PULUMI_PROJECT": project, "PULUMI_CONFIG": "{}"}
        self.process = spawn(command, root, environment, subprocess.PIPE)
        output = cast("IO[str]", self.process.stdout)
        address = f"127.0.0.1:{int(output.readline())}"
        Thread(target=sys.stderr.writelines, args=(output,), daemon=True).start()
        self.stub = ResourceProviderStub(grpc.insecure_channel(address, options=_GRPC_CHANNEL_OPTIONS))
        self.stub.Configure(proto.ConfigureRequest(args=to_struct(config)))

    def call(self, method: str, state: dict[str, Any], **bags: dict[str, Any]) -> Any:
        """Call a method for a resource; ``bags`` are its properties, by their names in the request."""
        make = getattr(proto, f"{method}Request")
        names = {"urn": state["urn"], "name": name_of(state["urn"]), "type": state["type"]}
        timeout = state.get("customTimeouts", {}).get(method.lower())
        known = {"id": state.get("id"), "timeout": timeout, **names}
        fields = {key: value for key, value in known.items() if key in make.DESCRIPTOR.fields_by_name}
        try:
            return getattr(self.stub, method)(make(**fields, **{key: to_struct(bag) for key, bag in bags.items()}))
        except grpc.RpcError as error:
            raise _failure(error) from None

    def end(self) -> None:
        """End the host as the engine does: SIGINT to its group, then SIGKILL after 5 seconds."""
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def spawn(command: list[str], root: Path, environment: dict[str, str], stdout: Any) -> subprocess.Popen[str]:
    """Start a child in its own process group, so that only the engine gets the terminal's Ctrl-C."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter
        command, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=stdout, text=True, start_new_session=True
    )


def to_struct(bag: dict[str, Any]) -> Struct:
    """Return properties as a protobuf Struct."""
    return ParseDict(bag, Struct())


def plain(value: Any) -> Any:
    """Return a property value as it is in the state: whole numbers as ints, mappings without nulls."""
    if isinstance(value, Struct):
        return plain(MessageToDict(value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _failure(error: Any) -> StepError:
    trailers, partial = dict(error.trailing_metadata() or ()), proto.ErrorResourceInitFailed()
    for detail in Status.FromString(trailers.get("grpc-status-details-bin", b"")).details:
        if detail.Unpack(partial):
            return StepError("; ".join(partial.reasons), partial)
    return StepError((error.details() or str(error.code())).strip().splitlines()[-1])

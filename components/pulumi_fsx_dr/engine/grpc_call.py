"""What both hosts have in common: messages to the engine, partial failures, and the end of the process."""

import functools
import logging
import math
import os
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import any_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, status_pb2

from pulumi_fsx_dr.runtime.call import Call

_STATUS_SECONDS = 2
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class EngineCall(Call):
    """A call that came over gRPC.

    Attributes:
        context: the gRPC context of the call.
        engine: takes log messages; if None they go to Python's own log.
    """

    context: Any = None
    engine: engine_pb2_grpc.EngineStub | None = None
    _started: float = field(default_factory=time.monotonic)
    _shown: tuple[str, float] = ("", -math.inf)

    @property
    def is_abandoned(self) -> bool:
        """Whether the second Ctrl-C came, or the engine has gone."""
        return self.context is not None and not self.context.is_active()

    def status(self, message: str, seconds: float = _STATUS_SECONDS) -> None:
        """Show a passing message in the resource's own row of `pulumi up`."""
        last, at = self._shown
        now = time.monotonic()
        # Output that is not a terminal gets a line for each message: the longer the call runs, the fewer are sent.
        if message != last and now - at >= max(seconds, (now - self._started) / 20):
            self._shown = message, now
            self._log(message, engine_pb2.INFO, ephemeral=True)

    def warn(self, message: str) -> None:
        """Leave a lasting warning under the resource."""
        self._log(message, engine_pb2.WARNING, ephemeral=False)

    def fail_partially(self, backup_id: str, properties: struct_pb2.Struct, reason: str) -> None:
        """Make the failure that follows a partial failure (`ErrorResourceInitFailed`)."""
        failed = provider_pb2.ErrorResourceInitFailed(id=backup_id, properties=properties, reasons=[reason])
        detail = any_pb2.Any()
        detail.Pack(failed)
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=reason, details=[detail])
        self.context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))

    def _log(self, message: str, severity: "engine_pb2.LogSeverity.ValueType", *, ephemeral: bool) -> None:
        if self.engine is None or not self.urn:
            if not ephemeral:
                _log.warning("%s", message)
            return
        request = engine_pb2.LogRequest(severity=severity, message=message, urn=self.urn, ephemeral=ephemeral)
        try:
            self.engine.Log(request, timeout=5)
        except grpc.RpcError:
            # A message that is lost must not fail a copy of hours.
            _log.debug("the engine took no log message")


@functools.cache
def engine_at(address: str) -> engine_pb2_grpc.EngineStub | None:
    """Return the engine at an address; None if that is not an address."""
    if not address.rpartition(":")[2].isdecimal():
        return None
    return engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))


def end_with_the_engine(address: str) -> None:
    """End this process once nobody listens at the engine's address: an engine that is killed does not end it."""
    threading.Thread(target=_end_with, args=(address,), daemon=True).start()


def _end_with(address: str) -> None:
    host, _, port = address.rpartition(":")
    while port.isdecimal():
        time.sleep(1)
        try:
            socket.create_connection((host, int(port)), timeout=5).close()
        except ConnectionRefusedError:
            # Nobody listens any more, so the engine is gone. sys.exit would only end this thread.
            os._exit(0)
        except OSError:
            # A timeout, for instance, is no proof that the engine is gone.
            continue

"""A call over gRPC, shared by dynamic provider and plugin: messages, partial failures, and the end of the process."""

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
    """A call over gRPC. Without an `engine`, its messages go to Python's logging."""

    context: Any = None
    engine: engine_pb2_grpc.EngineStub | None = None
    _started: float = field(default_factory=time.monotonic)
    _shown: tuple[str, float] = ("", -math.inf)

    @property
    def is_abandoned(self) -> bool:
        """Whether the user pressed Ctrl-C twice, or the engine has ended."""
        return self.context is not None and not self.context.is_active()

    def status(self, message: str, seconds: float = _STATUS_SECONDS) -> None:
        last, at = self._shown
        now = time.monotonic()
        # Without a terminal, every message is a line of output. So the interval grows with the duration of the call.
        if message != last and now - at >= max(seconds, (now - self._started) / 20):
            self._shown = message, now
            self._log(message, engine_pb2.INFO, ephemeral=True)

    def warn(self, message: str) -> None:
        self._log(message, engine_pb2.WARNING, ephemeral=False)

    def fail_partially(self, backup_id: str, properties: struct_pb2.Struct, reason: str) -> None:
        """Turn the error that follows into a partial failure (`ErrorResourceInitFailed`)."""
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
            # A lost message must not fail a copy that has run for hours.
            _log.debug("Could not send a log message to the engine.")


@functools.cache
def engine_at(address: str) -> engine_pb2_grpc.EngineStub | None:
    """Return the client of the engine at an address; None if the text is not an address."""
    if not address.rpartition(":")[2].isdecimal():
        return None
    return engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))


def end_with_the_engine(address: str) -> None:
    """End this process when the engine has ended, because a killed engine leaves its plugins running."""
    threading.Thread(target=_end_with, args=(address,), daemon=True).start()


def _end_with(address: str) -> None:
    host, _, port = address.rpartition(":")
    while port.isdecimal():
        time.sleep(1)
        try:
            socket.create_connection((host, int(port)), timeout=5).close()
        except ConnectionRefusedError:
            # Nothing listens at the address, so the engine has ended. sys.exit would end only this thread.
            os._exit(0)
        except OSError:
            # Other errors, such as a timeout, do not show that the engine has ended.
            continue

"""The time from the start of a provider's process until it has answered the engine's first calls."""

import subprocess
import sys
import time
from statistics import median
from typing import IO, Any, cast

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub
from pulumi_fsx_dr.copies.copy import BACKUP_COPY_TYPE, NATIVE_COPY_TYPE
from pulumi_fsx_dr.copies.names import camel_case
from pulumi_fsx_dr.provider import BackupCopyProvider

from simulator.project import ROOT

_NATIVE = [sys.executable, str(ROOT / "plugin")]
_DYNAMIC = [sys.executable, "-u", "-m", "pulumi.dynamic", ""]
_ARGUMENTS = {"source_backup_id": "backup-0123456789abcdef0", "source_region": "us-east-1", "region": "eu-west-1"}


def median_starts(times: int) -> tuple[float, float]:
    """Start both hosts several times, and return the median seconds until a copy is checked: native, dynamic."""
    native = {camel_case(name): value for name, value in _ARGUMENTS.items()}
    dynamic = {**_ARGUMENTS, "__provider": serialize_provider(BackupCopyProvider())}
    rounds = [
        (_seconds(_NATIVE, NATIVE_COPY_TYPE, native), _seconds(_DYNAMIC, BACKUP_COPY_TYPE, dynamic))
        for _ in range(times)
    ]
    natives, dynamics = zip(*rounds, strict=True)
    return median(natives), median(dynamics)


def _seconds(command: list[str], kind: str, arguments: dict[str, Any]) -> float:
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as host:  # noqa: S603 - our own
        try:
            port = int(cast("IO[str]", host.stdout).readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                _check(ResourceProviderStub(channel), kind, arguments)
            return time.monotonic() - began
        finally:
            host.kill()


def _check(host: ResourceProviderStub, kind: str, arguments: dict[str, Any]) -> None:
    news = Struct()
    news.update(arguments)
    host.GetPluginInfo(Empty())
    provider = "urn:pulumi:dev::copies::pulumi:providers:fsx-dr::default"
    host.Configure(provider_pb2.ConfigureRequest(id="0f0c2bb4", urn=provider))
    host.Check(provider_pb2.CheckRequest(urn=f"urn:pulumi:dev::copies::{kind}::nightly", news=news))

"""A fake pulumi-aws plugin: file systems are files in the folder FAKE_CLOUD.

It imitates what matters to a restore: how long a file system takes, which inputs replace it (ForceNew), and that a
cancelled create returns the id from FSx together with an error (pulumi-terraform-bridge, pkg/tfbridge/provider.go,
Create: initializationError). Each operation adds a line to the journal.
"""

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

CLOUD = Path(os.environ["FAKE_CLOUD"])
SECONDS = float(os.environ["FAKE_SECONDS"])  # per restore
FORCE_NEW = {"backupId", "kmsKeyId", "securityGroupIds", "subnetIds"}


def note(line: str) -> None:
    with (CLOUD / "journal").open("a") as journal:
        journal.write(f"{line}\n")


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(values)
    return made


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self) -> None:
        self.cancelled = Event()

    def GetPluginInfo(self, _request: Any, _context: Any) -> plugin_pb2.PluginInfo:  # noqa: N802  # the name in the gRPC service
        return plugin_pb2.PluginInfo(version="7.51.1")

    def CheckConfig(self, request: Any, _context: Any) -> provider_pb2.CheckResponse:  # noqa: N802  # as above
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, _request: Any, _context: Any) -> provider_pb2.DiffResponse:  # noqa: N802  # as above
        return provider_pb2.DiffResponse()

    def Configure(self, _request: Any, _context: Any) -> provider_pb2.ConfigureResponse:  # noqa: N802  # as above
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Check(self, request: Any, _context: Any) -> provider_pb2.CheckResponse:  # noqa: N802  # as above
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, _context: Any) -> provider_pb2.DiffResponse:  # noqa: N802  # as above
        olds, news = (json_format.MessageToDict(bag) for bag in (request.old_inputs, request.news))
        changed = {name for name in olds.keys() | news.keys() if olds.get(name) != news.get(name)}
        changes = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=changes, diffs=changed, replaces=changed & FORCE_NEW)

    def Create(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:  # noqa: N802  # as above
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        id_ = f"fs-{time.time_ns():x}"
        (CLOUD / id_).touch()
        note("restoring")
        given = json_format.MessageToDict(request.properties)
        outputs = struct({**given, "arn": f"arn:{id_}", "dnsName": f"{id_}.example.com"})
        if self.cancelled.wait(SECONDS):
            failure = any_pb2.Any()
            failure.Pack(provider_pb2.ErrorResourceInitFailed(id=id_, properties=outputs, inputs=request.properties))
            status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], details=[failure])
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(grpc.StatusCode.UNKNOWN, "context canceled")
        note("restored")
        return provider_pb2.CreateResponse(id=id_, properties=outputs)

    def Update(self, request: Any, _context: Any) -> provider_pb2.UpdateResponse:  # noqa: N802  # as above
        note("updated")
        olds, news = (json_format.MessageToDict(bag) for bag in (request.olds, request.news))
        return provider_pb2.UpdateResponse(properties=struct({**olds, **news}))

    def Delete(self, request: Any, _context: Any) -> empty_pb2.Empty:  # noqa: N802  # as above
        note("removing")
        time.sleep(SECONDS / 4)
        (CLOUD / request.id).unlink()
        return empty_pb2.Empty()

    def Cancel(self, _request: Any, _context: Any) -> empty_pb2.Empty:  # noqa: N802  # as above
        self.cancelled.set()
        return empty_pb2.Empty()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the engine sends Cancel instead
    server, plugin = grpc.server(ThreadPoolExecutor(4)), Plugin()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    sys.stdout.write(f"{server.add_insecure_port('127.0.0.1:0')}\n")
    sys.stdout.flush()
    server.start()
    plugin.cancelled.wait()  # set at the end of each run, which waits for the plugin to exit
    server.stop(grace=1).wait()

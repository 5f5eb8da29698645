"""The provider in Pulumi's real plugin host, called as the engine calls it."""

import itertools
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc
from pulumi.runtime.proto.status_pb2 import Status
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, Ownership, RequestToken, new_owner_id, ownership_of
from pulumi_fsx_dr.engine import grpc_call, host
from pulumi_fsx_dr.errors import CallCancelledError, FsxDrError
from pulumi_fsx_dr.provider import BackupCopyProvider
from pulumi_fsx_dr.runtime.hints import HINTS, Hints
from pulumi_fsx_dr.runtime.work import Work

from simulator.fsx import FsxService, listening
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.process import Context, Host, HostRequest, Properties, Run
from tests.engine.stack import backups_of_file_systems, copy_args
from tests.engine.wire import Wire
from tests.provider.exiting import ExitingProvider

ROOT = Path(__file__).parents[2]
ELSEWHERE = "eu-north-1"
LONG = 100_000.0  # seconds; the copy does not finish by itself
OWNER_ID = new_owner_id()
WHOLE = "whole"  # a stack without failed copies, so that deletes are allowed

pytestmark = pytest.mark.timeout(200)


def urn(resource: str, stack: str = "prod") -> str:
    return f"urn:pulumi:{stack}::files::pulumi-python:dynamic/fsx:BackupCopy::{resource}"


class Engine(engine_pb2_grpc.EngineServicer):
    """Records the messages shown to the user."""

    def __init__(self) -> None:
        self.shown: list[engine_pb2.LogRequest] = []

    def Log(self, request: Any, context: Any) -> Empty:  # noqa: ARG002, N802  # Pulumi's names
        self.shown.append(request)
        return Empty()

    def of(self, resource: str, stack: str = "prod") -> list[engine_pb2.LogRequest]:
        return [request for request in self.shown if request.urn == urn(resource, stack)]


@contextmanager
def serving(engine: Engine) -> Iterator[str]:
    """Serve an engine, and yield its address."""
    server = grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


@dataclass
class Plugin:
    """The host in a separate process."""

    process: subprocess.Popen[str]
    stub: provider_pb2_grpc.ResourceProviderStub


@contextmanager
def plugin(address: str) -> Iterator[Plugin]:
    """Run the host for the engine at this address."""
    command = [sys.executable, "-u", "-m", "pulumi.dynamic", address]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own interpreter
        try:
            assert process.stdout
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                stub.Configure(provider_pb2.ConfigureRequest())
                yield Plugin(process, stub)
        finally:
            process.kill()


def to_struct(bag: Properties) -> Struct:
    return ParseDict(bag, Struct())


@pytest.fixture(scope="module")
def module_service() -> Iterator[FsxService]:
    """Yield one service, served over HTTP to all hosts of this module."""
    service = FsxService()
    with listening(service) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        patch.setenv("AWS_ACCESS_KEY_ID", "simulator")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "simulator")
        patch.setenv("PULUMI_FSX_DR_POLL_SECONDS", "0.1")
        yield service


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


@pytest.fixture(scope="module")
def running(module_service: FsxService, engine: Engine) -> Iterator[Plugin]:  # noqa: ARG001  # sets the endpoint
    """Yield one host for the whole module, as the engine uses one for a deployment."""
    with serving(engine) as address, plugin(address) as started:
        yield started


@pytest.fixture
def service(module_service: FsxService) -> Iterator[FsxService]:
    """Yield the service with copies that do not finish by themselves."""
    module_service.set_copy_seconds(LONG)
    module_service.clear_journal()
    yield module_service
    module_service.finish_copies()


@pytest.fixture
def source(service: FsxService) -> str:
    return service.seed_backup(HOME, service.seed_file_system(HOME))


def properties(args: Properties, provider: BackupCopyProvider | None = None) -> Properties:
    pickled = serialize_provider(provider or BackupCopyProvider())
    return {"__provider": pickled, "copy_tags": False, "deletion_protection": False, "tags": {}, **args}


def check(running: Plugin, resource: str, args: Properties, *, stack: str = "prod") -> Any:
    """Check arguments and the hints of the program, as before each create."""
    news = to_struct({**properties(args), HINTS: Hints(OWNER_ID).sent()})
    return running.stub.Check(provider_pb2.CheckRequest(urn=urn(resource, stack), news=news))


def create(running: Plugin, resource: str, args: Properties, *, stack: str = "prod", **request: Any) -> Any:
    """Start a create and return its future."""
    bag = check(running, resource, args, stack=stack).inputs
    return running.stub.Create.future(provider_pb2.CreateRequest(urn=urn(resource, stack), properties=bag, **request))


def until(holds: Any) -> None:
    """Wait until a condition holds."""
    while not holds():
        threading.Event().wait(0.02)


def running_copies(service: FsxService) -> int:
    return sum(service.running_copies().values())


def partial_failure(error: grpc.RpcError) -> provider_pb2.ErrorResourceInitFailed | None:
    trailers: Any = error.trailing_metadata()
    return Context(trailers=tuple((key, value) for key, value in trailers)).partial_failure()


def test_host_serves_calls_while_creates_run_and_wait(running: Plugin, service: FsxService, source: str) -> None:
    sources = backups_of_file_systems(service, 9)
    programs = [copy_args(one, region=AWAY if n < 7 else ELSEWHERE) for n, one in enumerate(sources)]
    asked = [create(running, f"many-{n}", args) for n, args in enumerate(programs)]
    until(lambda: running_copies(service) == 7)

    assert not check(running, "other", copy_args(source)).failures
    assert not any(one.done() for one in asked)
    service.set_copy_seconds(0.1)
    service.finish_copies()
    assert len({one.result().id for one in asked}) == 9
    assert service.max_running()[AWAY] == 5


def test_create_tags_copy_with_owner_token_and_urn(running: Plugin, service: FsxService, source: str) -> None:
    service.set_copy_seconds(0.1)

    made = create(running, "urn", copy_args(source)).result()

    own = Ownership(OWNER_ID, RequestToken.of(OWNER_ID, urn("urn"), AWAY, source, HOME, None))
    assert service.backup(AWAY, made.id)["tags"] == own.tag(urn("urn"))
    assert MessageToDict(made.properties)["managed_by"] == str(own)


def test_create_timeout_is_a_partial_failure(running: Plugin, service: FsxService, source: str) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        create(running, "slow", copy_args(source), timeout=0.3).result()

    partial = partial_failure(failure.value)
    assert partial is not None
    outputs = MessageToDict(partial.properties)
    copy = service.backup(AWAY, partial.id)
    assert copy["lifecycle"] == "COPYING"
    assert (outputs["managed_by"], outputs["lifecycle"]) == (str(ownership_of(copy["tags"])), "COPYING")
    assert outputs["__provider"] == serialize_provider(BackupCopyProvider())
    assert partial.id in partial.reasons[0]


def test_update_resumes_partial_failure(running: Plugin, service: FsxService, source: str) -> None:
    def update(kept: provider_pb2.ErrorResourceInitFailed, timeout: float) -> Any:
        news = to_struct(properties(copy_args(source)))
        return running.stub.Update(
            provider_pb2.UpdateRequest(id=kept.id, urn=urn("kept"), olds=kept.properties, news=news, timeout=timeout)
        )

    with pytest.raises(grpc.RpcError) as failure:
        create(running, "kept", copy_args(source), timeout=0.3).result()
    first = partial_failure(failure.value)
    assert first is not None

    with pytest.raises(grpc.RpcError) as failure:
        update(first, timeout=0.3)
    second = partial_failure(failure.value)
    assert second is not None
    assert (second.id, second.properties["__provider"]) == (first.id, first.properties["__provider"])
    assert service.backup(AWAY, first.id)["lifecycle"] == "COPYING"

    service.finish_copies()
    outputs = MessageToDict(update(second, timeout=0).properties)
    own = ownership_of(service.backup(AWAY, first.id)["tags"])
    assert (outputs["lifecycle"], outputs["managed_by"]) == ("AVAILABLE", str(own))


def test_progress_is_an_ephemeral_message(running: Plugin, engine: Engine, service: FsxService, source: str) -> None:
    asked = create(running, "shown", copy_args(source))
    until(lambda: any("copying, " in shown.message for shown in engine.of("shown")))
    service.finish_copies()
    asked.result()

    assert {(shown.ephemeral, shown.severity) for shown in engine.of("shown")} == {(True, engine_pb2.INFO)}


def test_warning_is_a_lasting_message(running: Plugin, engine: Engine, service: FsxService, source: str) -> None:
    service.set_copy_seconds(0.1)
    made = create(running, "warned", copy_args(source), stack=WHOLE).result()
    service.set_tags(AWAY, made.id, {OWNERSHIP_TAG: "terraform"})

    running.stub.Delete(provider_pb2.DeleteRequest(id=made.id, urn=urn("warned", WHOLE), properties=made.properties))

    (warning,) = [shown for shown in engine.of("warned", WHOLE) if not shown.ephemeral]
    assert warning.severity == engine_pb2.WARNING
    assert made.id in warning.message
    assert "terraform" in warning.message


def test_cancelled_create_stops_and_is_resumed(running: Plugin, service: FsxService, source: str) -> None:
    sources = [source, service.seed_backup(HOME, service.seed_file_system(HOME))]
    asked, other = (create(running, f"cancelled-{n}", copy_args(one)) for n, one in enumerate(sources))
    until(lambda: running_copies(service) == 2)
    (copy,) = [copy for copy in service.backups(AWAY) if copy["source_backup_id"] == source]
    until(lambda: len(_polled(service)) == 2)

    asked.cancel()

    until(lambda: copy["id"] not in _polled(service))  # the other create still polls
    service.finish_copies()
    other.result()
    made = create(running, "cancelled-0", copy_args(source)).result()
    assert made.id == copy["id"]
    assert len([copy for copy in service.backups(AWAY) if copy["source_backup_id"] == source]) == 1


def _polled(service: FsxService) -> list[str]:
    """Return the ids in the last poll; one call polls all copies in a Region."""
    polls = (
        entry["parameters"].get("BackupIds") for entry in service.journal() if entry["action"] == "DescribeBackups"
    )
    return next((ids for ids in reversed([*polls]) if ids), [])


def test_error_has_no_traceback(running: Plugin, service: FsxService) -> None:
    assert service.backups(ELSEWHERE) is not None
    with pytest.raises(grpc.RpcError) as failure:
        create(running, "missing", copy_args("backup-0fedcba9876543210")).result()

    message = str(failure.value.details())
    assert "backup-0fedcba9876543210" in message
    assert "Traceback" not in message
    assert "\n" not in message
    assert partial_failure(failure.value) is None


def test_create_read_diff_and_delete_over_grpc(running: Plugin, service: FsxService, source: str) -> None:
    service.set_copy_seconds(0.1)
    args = properties(copy_args(source, tags={"team": "a"}))
    made = create(running, "life", args, stack=WHOLE).result()
    life = urn("life", WHOLE)

    read = running.stub.Read(provider_pb2.ReadRequest(id=made.id, urn=life, properties=made.properties))
    diff = running.stub.Diff(provider_pb2.DiffRequest(id=made.id, urn=life, olds=read.properties, news=to_struct(args)))
    running.stub.Delete(provider_pb2.DeleteRequest(id=made.id, urn=life, properties=read.properties))

    assert read.properties == made.properties
    assert MessageToDict(read.inputs) == args
    assert diff.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert service.backup(AWAY, made.id)["deleted"]


@pytest.mark.parametrize("source_backup_id", ["backup-0123456789abcdef0", "backup-0123456789abcdeff"])
def test_exit_in_provider_fails_call_but_not_host(running: Plugin, source_backup_id: str) -> None:
    bag = to_struct(properties(copy_args(source_backup_id), ExitingProvider()))

    with pytest.raises(grpc.RpcError) as failure:
        running.stub.Create(provider_pb2.CreateRequest(urn=urn("exit"), properties=bag), timeout=120)

    assert "create" in str(failure.value.details())


@pytest.mark.usefixtures("service")
def test_host_process_exits_when_engine_is_gone(source: str) -> None:
    engine, ending = Engine(), ExitStack()
    with plugin(ending.enter_context(serving(engine))) as started:
        asked = create(started, "orphaned", copy_args(source))
        until(lambda: engine.of("orphaned"))
        assert not asked.done()

        ending.close()

        assert started.process.wait(120) == 0


# --- without a host ---


def test_call_without_host_is_empty() -> None:
    call = host.current_call()

    call.status("copying")
    call.save_partially("backup-0123456789abcdef0", {}, "no reason")

    assert (call.urn, call.timeout, call.is_abandoned) == ("", 0, False)


def test_prepare_without_host_does_not_end_with_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    engines: list[str] = []
    monkeypatch.setattr(host, "end_with_the_engine", engines.append)
    monkeypatch.setattr(sys, "argv", ["program", "127.0.0.1:9"])

    host.prepare()

    assert engines == []


def test_warning_without_engine_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        host.HostCall(urn=urn("monday")).warn("Look here.")

    assert caplog.messages == ["Look here."]


def test_failed_log_call_is_ignored() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        channel = grpc.insecure_channel(f"127.0.0.1:{nobody.getsockname()[1]}")
        engine = engine_pb2_grpc.EngineStub(channel)

        host.HostCall(urn=urn("monday"), engine=engine).status("copying")
        host.HostCall(urn=urn("monday"), engine=engine).warn("Look here.")
    channel.close()


def test_status_is_limited_to_one_per_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    tenths = itertools.count()
    monkeypatch.setattr(grpc_call, "time", SimpleNamespace(monotonic=lambda: next(tenths) / 10))

    class Stub:
        def Log(self, request: engine_pb2.LogRequest, timeout: float) -> None:  # noqa: N802  # Pulumi's name
            assert timeout
            shown.append(request.message)

    engine: Any = Stub()
    call = host.HostCall(urn=urn("monday"), engine=engine)
    for percent in range(60):
        call.status(f"copying {percent} %")

    assert shown == ["copying 0 %", "copying 20 %", "copying 40 %"]


def test_error_of_abandoned_call_names_the_resource() -> None:
    class Asking(Host):
        def Create(self, request: HostRequest, context: Context, props: Properties) -> Any:  # noqa: ARG002, N802  # Pulumi's names
            run = Run(Wire(FsxService()))
            return Work(call=host.current_call(), runtime=run, region=run.region(AWAY)).raise_if_abandoned()

    with pytest.raises(CallCancelledError, match="monday"):
        Asking().Create(HostRequest(urn("monday")), Context(active=False), {})


@pytest.mark.parametrize("interruption", [SystemExit, KeyboardInterrupt])
def test_entry_point_turns_interruption_into_error(interruption: type[BaseException]) -> None:
    @host.entry_point
    def create() -> None:
        raise interruption

    with pytest.raises(FsxDrError, match="create"):
        create()


def test_partial_failure_is_sent_in_grpc_trailers() -> None:
    context = Context()

    host.HostCall(urn=urn("monday"), context=context, pickle="p").save_partially("id", {"arn": "a", "x": None}, "why")

    ((name, value),) = context.trailers
    assert name == "grpc-status-details-bin"
    assert Status.FromString(value).message == "why"

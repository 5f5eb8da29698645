"""The plugin in a separate process, called as the engine calls it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import engine_pb2, provider_pb2, provider_pb2_grpc

from simulator.fsx import FsxService, listening
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.plugin_stack import received, sent
from tests.engine.stack import backups_of_file_systems, copy_args
from tests.provider.test_host import ROOT, Engine, partial_failure, running_copies, serving, until

LONG = 100_000.0  # seconds; the copy does not finish by itself

pytestmark = pytest.mark.timeout(200)


def urn(resource: str) -> str:
    return f"urn:pulumi:prod::files::fsx-dr:index:BackupCopy::{resource}"


@dataclass
class Plugin:
    """A plugin started and configured by an engine."""

    process: subprocess.Popen[str]
    stub: provider_pb2_grpc.ResourceProviderStub

    def create(self, resource: str, args: Mapping[str, Any], **request: Any) -> Any:
        """Start a create and return its future."""
        inputs = sent({"copy_tags": False, "tags": {}, **args})
        return self.stub.Create.future(provider_pb2.CreateRequest(urn=urn(resource), properties=inputs, **request))


def configure_request(stack: str = "prod", id_: str | None = "0f0c2bb4") -> provider_pb2.ConfigureRequest:
    """Return the request that configures the provider."""
    provider = f"urn:pulumi:{stack}::files::pulumi:providers:fsx-dr::default"
    return provider_pb2.ConfigureRequest(id=id_, urn=provider, args=sent({"poll_seconds": 0.1}))


@contextmanager
def started(address: str) -> Iterator[Plugin]:
    command = [sys.executable, str(ROOT / "plugin"), address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own interpreter
        try:
            assert process.stdout
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address=address))
                stub.Configure(configure_request())
                yield Plugin(process, stub)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def module_service() -> Iterator[FsxService]:
    service = FsxService()
    with listening(service) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        patch.setenv("AWS_ACCESS_KEY_ID", "simulator")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "simulator")
        yield service


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


@pytest.fixture(scope="module")
def plugin(module_service: FsxService, engine: Engine) -> Iterator[Plugin]:  # noqa: ARG001  # sets the endpoint
    with serving(engine) as address, started(address) as running:
        yield running


@pytest.fixture
def service(module_service: FsxService) -> Iterator[FsxService]:
    module_service.set_copy_seconds(LONG)
    yield module_service
    module_service.finish_copies()


@pytest.fixture
def source(service: FsxService) -> str:
    return service.seed_backup(HOME, service.seed_file_system(HOME))


def test_handshake_accepts_secrets_resources_and_outputs(plugin: Plugin) -> None:
    agreed = plugin.stub.Handshake(provider_pb2.ProviderHandshakeRequest())
    configured = plugin.stub.Configure(configure_request())

    assert (agreed.accept_secrets, agreed.accept_resources, agreed.accept_outputs) == (True, True, True)
    assert (configured.acceptSecrets, configured.acceptResources, configured.acceptOutputs) == (True, True, True)
    assert configured.supportsPreview


def test_schema_has_name_and_version(plugin: Plugin) -> None:
    schema = json.loads(plugin.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)

    assert (schema["name"], schema["version"]) == ("fsx-dr", plugin.stub.GetPluginInfo(Empty()).version)


def test_sixty_creates_do_not_block_a_check(plugin: Plugin, service: FsxService, source: str) -> None:
    regions = [AWAY, "eu-north-1", "us-west-2"]
    sources = backups_of_file_systems(service, 60)
    asked = [plugin.create(f"many-{n}", copy_args(one, region=regions[n % 3])) for n, one in enumerate(sources)]
    until(lambda: running_copies(service) == 15)

    checked = plugin.stub.Check(provider_pb2.CheckRequest(urn=urn("other"), news=sent(copy_args(source))), timeout=60)

    assert not checked.failures
    assert not any(one.done() for one in asked)
    service.set_copy_seconds(0.1)
    service.finish_copies()
    assert len({one.result().id for one in asked}) == 60


def test_preview_of_create_calls_no_api(plugin: Plugin, service: FsxService, source: str) -> None:
    service.clear_journal()

    foreseen = plugin.create("foreseen", copy_args(source), preview=True).result()

    outputs = received(foreseen.properties)
    assert (foreseen.id, outputs["source_backup_id"], outputs["region"]) == ("", source, AWAY)
    assert MessageToDict(foreseen.properties)["arn"] == "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    assert service.journal() == []


def test_create_timeout_is_a_partial_failure(plugin: Plugin, service: FsxService, source: str) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        plugin.create("slow", copy_args(source), timeout=0.3).result()

    kept = partial_failure(failure.value)
    assert kept is not None
    outputs = received(kept.properties)
    assert service.backup(AWAY, kept.id)["lifecycle"] == outputs["lifecycle"] == "COPYING"
    assert "`pulumi up`" in kept.reasons[0]


def test_progress_is_shown_in_row_of_resource(plugin: Plugin, engine: Engine, service: FsxService, source: str) -> None:
    def shown() -> list[engine_pb2.LogRequest]:
        return [request for request in engine.shown if request.urn == urn("shown")]

    asked = plugin.create("shown", copy_args(source))
    until(lambda: any("copying, " in request.message for request in shown()))
    service.finish_copies()
    asked.result()

    assert {(request.ephemeral, request.severity) for request in shown()} == {(True, engine_pb2.INFO)}


@pytest.mark.usefixtures("service")
def test_error_uses_schema_names(plugin: Plugin) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        plugin.create("missing", copy_args("backup-0fedcba9876543210")).result()

    details = str(failure.value.details())
    assert {each in details for each in ("backup-0fedcba9876543210", HOME, "sourceBackupId", "sourceRegion")} == {True}
    assert "Traceback" not in details


def test_check_reports_wrong_arguments(plugin: Plugin) -> None:
    news = sent(copy_args("backup-x", tags={"aws:x": "y"}, copy_tags="yes"))

    checked = plugin.stub.Check(provider_pb2.CheckRequest(urn=urn("wrong"), news=news))

    assert [(failure.property, failure.reason.split(" ")[0]) for failure in checked.failures] == [
        ("", "sourceBackupId"),
        ("", "copyTags"),
        ("", "tags:"),
    ]


def test_configure_requires_provider_id(plugin: Plugin) -> None:
    with pytest.raises(grpc.RpcError, match="Pulumi CLI"):
        plugin.stub.Configure(configure_request(id_=None))


def test_changed_configuration_does_not_replace(plugin: Plugin) -> None:
    found = plugin.stub.DiffConfig(
        provider_pb2.DiffRequest(old_inputs=sent({"region": AWAY}), news=sent({"region": HOME}))
    )

    assert (found.changes, list(found.replaces)) == (provider_pb2.DiffResponse.DIFF_SOME, [])


def test_cancel_keeps_running_copies_and_starts_no_new_ones(service: FsxService, source: str) -> None:
    sources = backups_of_file_systems(service, 7)
    service.clear_journal()
    with serving(Engine()) as address, started(address) as cancelled:
        asked = [cancelled.create(f"cancelled-{n}", copy_args(one)) for n, one in enumerate(sources)]
        until(lambda: running_copies(service) == 5)
        cancelled.stub.Cancel(Empty())
        failures = [one.exception(timeout=60) for one in [*asked, cancelled.create("late", copy_args(source))]]

    kept = {partial.id for failure in failures if (partial := partial_failure(failure))}
    assert len(failures) == 8
    assert kept == {entry["made"] for entry in service.journal(AWAY, "CopyBackup")}
    assert len(kept) == 5


@pytest.mark.usefixtures("service")
def test_process_exits_when_engine_is_gone(source: str) -> None:
    engine, ending = Engine(), ExitStack()
    with started(ending.enter_context(serving(engine))) as running:
        asked = running.create("orphaned", copy_args(source))
        until(lambda: engine.shown)
        assert not asked.done()

        ending.close()

        assert running.process.wait(60) == 0

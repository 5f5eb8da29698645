"""Fixtures for the tests of the provider."""

from collections.abc import Iterator

import pytest
from pulumi_fsx_dr import provider

from simulator.fsx import FsxService
from simulator.fsx.fixtures import HOME
from tests.engine.plugin_stack import PluginStack
from tests.engine.stack import Stack, copy_args, monday
from tests.engine.wire import SharedClock, Wire, key_named

COPY_SECONDS = 10.0


@pytest.fixture(autouse=True)
def no_aws_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the AWS settings of this machine."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "PULUMI_FSX_DR_POLL_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True)
def own_process() -> Iterator[None]:
    """Restore the runtime of the provider after each test."""
    former = provider.current()
    yield
    provider.start(former)


@pytest.fixture
def service() -> FsxService:
    """Return a service with copies that take `COPY_SECONDS`."""
    return FsxService(SharedClock(), copy_seconds=COPY_SECONDS)


@pytest.fixture
def source(service: FsxService) -> str:
    """Return a backup in `HOME`, made an hour ago."""
    file_system = service.seed_file_system(HOME)
    return service.seed_backup(HOME, file_system, created=service.now() - 3600, tags={"team": "storage"})


@pytest.fixture
def newer(service: FsxService, source: str) -> str:
    """Return a newer backup of the same file system."""
    return service.seed_backup(HOME, service.backup(HOME, source)["file_system_id"])


@pytest.fixture
def wire(service: FsxService) -> Wire:
    return Wire(service)


@pytest.fixture(params=["dynamic", "plugin"])
def stack(request: pytest.FixtureRequest, wire: Wire) -> Stack:
    """Return an empty stack on each host."""
    return {"dynamic": Stack, "plugin": PluginStack}[request.param](wire)


@pytest.fixture
def made(stack: Stack, source: str) -> str:
    """Return the id of the stack's only copy, `monday`."""
    stack.up(monday(source))
    stack.wire.service.clear_journal()
    return stack.states["monday"].id


@pytest.fixture
def other(wire: Wire, source: str) -> Stack:
    """Return another stack with a copy of the same source, `theirs`."""
    other = Stack(wire, name="other")
    other.up({"theirs": copy_args(source)})
    return other


@pytest.fixture
def theirs(other: Stack) -> str:
    return other.states["theirs"].id


@pytest.fixture
def key() -> str:
    """Return the ARN of a KMS key in `AWAY` with the alias `alias/dr`."""
    return key_named("dr")

"""What the tests of the provider start from."""

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
    """Keep the machine's own AWS settings out."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "PULUMI_FSX_DR_POLL_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True)
def own_process() -> Iterator[None]:
    """Give the former collaborators back, whichever a test put in."""
    former = provider.current()
    yield
    provider.start(former)


@pytest.fixture
def service() -> FsxService:
    """Return a service whose copies take `COPY_SECONDS`."""
    return FsxService(SharedClock(), copy_seconds=COPY_SECONDS)


@pytest.fixture
def source(service: FsxService) -> str:
    """Return the id of a backup in `HOME`, made an hour before its copies."""
    file_system = service.seed_file_system(HOME)
    return service.seed_backup(HOME, file_system, created=service.now() - 3600, tags={"team": "storage"})


@pytest.fixture
def newer(service: FsxService, source: str) -> str:
    """Return a newer backup of the same file system."""
    return service.seed_backup(HOME, service.backup(HOME, source)["file_system_id"])


@pytest.fixture
def wire(service: FsxService) -> Wire:
    """Return the way to the service."""
    return Wire(service)


@pytest.fixture(params=["dynamic", "plugin"])
def stack(request: pytest.FixtureRequest, wire: Wire) -> Stack:
    """Return an empty stack whose copies the one host makes, or the other."""
    return {"dynamic": Stack, "plugin": PluginStack}[request.param](wire)


@pytest.fixture
def made(stack: Stack, source: str) -> str:
    """Return the id of the stack's one copy, `monday`."""
    stack.up(monday(source))
    stack.wire.service.clear_journal()
    return stack.states["monday"].id


@pytest.fixture
def other(wire: Wire, source: str) -> Stack:
    """Return another stack, with the copy `theirs` of the same source."""
    other = Stack(wire, name="other")
    other.up({"theirs": copy_args(source)})
    return other


@pytest.fixture
def theirs(other: Stack) -> str:
    """Return the id of the copy of another stack."""
    return other.states["theirs"].id


@pytest.fixture
def key() -> str:
    """Return the ARN of a KMS key in `AWAY` that has the alias `alias/dr`."""
    return key_named("dr")

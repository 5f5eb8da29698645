"""Short sequences of faults that could leave a copy without an entry."""

from collections.abc import Iterator
from typing import Any

import pytest
from pulumi_fsx_dr import provider
from pulumi_fsx_dr.copies.copy import UnfinishedCopyError
from pulumi_fsx_dr.errors import AccessDeniedError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.plugin_stack import PluginStack
from tests.engine.stack import Stack, copy_args, killed_up
from tests.engine.wire import SharedClock, Wire


@pytest.fixture
def service() -> FsxService:
    return FsxService(SharedClock(), copy_seconds=10_000)


@pytest.fixture(params=[Stack, PluginStack])
def stack(service: FsxService, request: pytest.FixtureRequest) -> Iterator[Stack]:
    former = provider.current()
    yield request.param(Wire(service), timeouts={"create": 30.0})
    provider.start(former)


@pytest.fixture
def plugin(service: FsxService) -> PluginStack:
    """Return a stack of the plugin. Its provider does not know the state, so it tags resumed copies."""
    return PluginStack(Wire(service), timeouts={"create": 30.0})


@pytest.fixture
def program(service: FsxService) -> dict[str, dict[str, Any]]:
    return {"monday": copy_args(service.seed_backup(HOME, service.seed_file_system(HOME)))}


def test_destroy_deletes_resumed_and_unfinished_copy(
    service: FsxService, stack: Stack, program: dict[str, dict[str, Any]]
) -> None:
    killed_up(stack, program, "CopyBackup", "after")
    with pytest.raises(UnfinishedCopyError):
        stack.up(program)
    service.finish_copies()

    stack.destroy()

    assert service.backups(AWAY) == []


def test_destroy_deletes_resumed_copy_after_lost_tag_answer(
    service: FsxService, plugin: PluginStack, program: dict[str, dict[str, Any]]
) -> None:
    killed_up(plugin, program, "CopyBackup", "after")
    service.finish_copies()
    service.add_fault("lost", "TagResource", region=AWAY, times=1)
    plugin.up(program)

    plugin.destroy()

    assert service.backups(AWAY) == []


def test_resumed_copy_without_tag_permission_is_not_duplicated(
    service: FsxService, plugin: PluginStack, program: dict[str, dict[str, Any]]
) -> None:
    killed_up(plugin, program, "CopyBackup", "after")
    service.finish_copies()
    service.add_fault("access_denied", "TagResource", region=AWAY)
    with pytest.raises(AccessDeniedError):
        plugin.up(program)
    service.lift_fault()

    plugin.up(program)

    assert [copy["id"] for copy in service.backups(AWAY)] == [plugin.states["monday"].id]

"""Faults in a row that once left a copy behind, each as short as it gets."""

from collections.abc import Iterator
from typing import Any

import pytest
from pulumi_fsx_dr import process
from pulumi_fsx_dr.errors import FsxDrError

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY, HOME
from tests.provider.deploying import Killed, SharedClock, Stack, Wire, copy_args


@pytest.fixture
def service() -> FsxService:
    return FsxService(SharedClock(), copy_seconds=10_000)


@pytest.fixture
def stack(service: FsxService) -> Iterator[Stack]:
    former = process.current()
    yield Stack(Wire(service), timeouts={"create": 30.0})
    process.start(former)


@pytest.fixture
def program(service: FsxService) -> dict[str, dict[str, Any]]:
    return {"monday": copy_args(service.seed_backup(HOME, service.seed_file_system(HOME)))}


@pytest.mark.parametrize("kind", ["lost", "access_denied"])
def test_destroy_removes_a_resumed_copy_whether_or_not_its_new_mark_was_set(
    service: FsxService, stack: Stack, program: dict[str, dict[str, Any]], kind: Any
) -> None:
    """A killed run left the copy; the next one marks it anew, hears no word of it, and runs out of time."""
    run = stack.run()
    stack.wire.at_call["CopyBackup", "after"] = run.kill
    with pytest.raises(Killed):
        stack.up(program, run=run)
    stack.wire.at_call.clear()
    service.add_fault(kind, "TagResource", region=AWAY)
    with pytest.raises(FsxDrError, match="the next pulumi up resumes it"):
        stack.up(program)
    service.lift_fault()
    service.finish_copies()

    stack.destroy()

    assert service.backups(AWAY) == []

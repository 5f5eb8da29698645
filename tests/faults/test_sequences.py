"""Faults in a row that once left a copy behind, each as short as it gets."""

from collections.abc import Iterator
from typing import Any

import pytest
from pulumi_fsx_dr import provider
from pulumi_fsx_dr.errors import FsxDrError

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY, HOME
from tests.provider.deploying import SharedClock, Stack, Wire, copy_args, killed_up


@pytest.fixture
def service() -> FsxService:
    return FsxService(SharedClock(), copy_seconds=10_000)


@pytest.fixture
def stack(service: FsxService) -> Iterator[Stack]:
    former = provider.current()
    yield Stack(Wire(service), timeouts={"create": 30.0})
    provider.start(former)


@pytest.fixture
def program(service: FsxService) -> dict[str, dict[str, Any]]:
    return {"monday": copy_args(service.seed_backup(HOME, service.seed_file_system(HOME)))}


def test_destroy_removes_a_resumed_copy_of_whose_new_mark_no_word_was_heard(
    service: FsxService, stack: Stack, program: dict[str, dict[str, Any]]
) -> None:
    """A killed run left the copy; the next one runs out of time and marks it anew, but the answer is lost."""
    killed_up(stack, program, "CopyBackup", "after")
    service.add_fault("lost", "TagResource", region=AWAY)
    with pytest.raises(FsxDrError, match="the next pulumi up resumes it"):
        stack.up(program)
    service.lift_fault()
    service.finish_copies()

    stack.destroy()

    assert service.backups(AWAY) == []


def test_a_resumed_copy_that_may_not_be_marked_is_kept_and_finished_by_the_next_up(
    service: FsxService, stack: Stack, program: dict[str, dict[str, Any]]
) -> None:
    """No older entry of the state can hold it too: a create is told what the state holds."""
    killed_up(stack, program, "CopyBackup", "after")
    service.finish_copies()
    service.add_fault("access_denied", "TagResource", region=AWAY)
    with pytest.raises(
        FsxDrError, match=r"is AVAILABLE but not recorded yet; run pulumi up again: The AWS credentials lack"
    ):
        stack.up(program)
    (begun,) = service.backups(AWAY)
    assert stack.states["monday"].id == begun["id"]
    service.lift_fault()

    stack.up(program)

    assert [copy["id"] for copy in service.backups(AWAY)] == [stack.states["monday"].id]

"""Not shown is not gone: what FSx has accepted and does not show yet is waited for (R21)."""

import pytest
from pulumi_fsx_dr.copies.copy import UnfinishedCopyError
from pulumi_fsx_dr.errors import CopyError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY
from tests.engine.stack import Stack, copy_args


@pytest.fixture
def unseen(service: FsxService, stack: Stack, source: str) -> str:
    """Return a copy whose create ran out of time before FSx showed it; the state holds it as `monday`."""
    service.configure(shown_after_seconds=100.0)
    stack.timeouts["create"] = 20.0
    with pytest.raises(UnfinishedCopyError):
        stack.up({"monday": copy_args(source)})
    stack.timeouts.clear()
    return stack.states["monday"].id


def test_destroy_waits_for_it_and_deletes_it(service: FsxService, stack: Stack, unseen: str) -> None:
    stack.destroy()

    assert service.backup(AWAY, unseen)["deleted"]
    assert stack.states == {}


def test_destroy_says_that_it_is_not_shown_if_time_is_up_before(service: FsxService, stack: Stack, unseen: str) -> None:
    stack.timeouts["delete"] = 10.0

    with pytest.raises(CopyError, match=f"FSx does not show {unseen} in {AWAY} yet"):
        stack.destroy()

    assert list(stack.states) == ["monday"]
    assert not service.backup(AWAY, unseen)["deleted"]


def test_refresh_waits_for_it_and_does_not_forget_it(stack: Stack, unseen: str) -> None:
    stack.refresh()

    assert stack.states["monday"].id == unseen


def test_up_waits_for_it_and_finishes_it(service: FsxService, stack: Stack, source: str, unseen: str) -> None:
    stack.up({"monday": copy_args(source)})

    assert [copy["id"] for copy in service.backups(AWAY)] == [unseen] == [stack.states["monday"].id]
    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"


def test_refresh_forgets_nothing_while_fsx_may_still_show_it(service: FsxService, stack: Stack, unseen: str) -> None:
    service.remove_backup(AWAY, unseen)

    with pytest.raises(CopyError, match=f"FSx does not show {unseen} in {AWAY} yet"):
        stack.refresh()

    assert list(stack.states) == ["monday"]


def test_what_is_not_shown_after_ten_minutes_is_gone(service: FsxService, stack: Stack, unseen: str) -> None:
    service.remove_backup(AWAY, unseen)
    service.clock.sleep(600)

    stack.refresh()

    assert stack.states == {}


def test_a_copy_that_was_shown_once_and_is_no_more_is_gone_at_once(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})
    service.remove_backup(AWAY, stack.states["monday"].id)
    before = service.now()

    stack.refresh()

    assert stack.states == {}
    assert service.now() - before < 60

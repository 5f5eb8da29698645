"""A copy that FSx has accepted but does not show yet is not gone."""

import pytest
from pulumi_fsx_dr.errors import CopyError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY
from tests.engine.checks import copies, only_copy, refused, timed_out_up
from tests.engine.stack import Stack, monday


@pytest.fixture
def invisible(service: FsxService, stack: Stack, source: str) -> str:
    """Return a copy that was invisible until its create timed out; the state has it as `monday`."""
    service.configure(shown_after_seconds=100.0)
    begun = timed_out_up(stack, monday(source))
    service.finish_copies()
    return begun


def test_destroy_deletes_copy_that_is_visible_late(service: FsxService, stack: Stack, invisible: str) -> None:
    stack.destroy()

    assert service.backup(AWAY, invisible)["deleted"]
    assert stack.states == {}


def test_destroy_that_times_out_deletes_nothing(service: FsxService, stack: Stack, invisible: str) -> None:
    stack.timeouts["delete"] = 10.0

    with refused(CopyError, invisible, AWAY):
        stack.destroy()

    assert list(stack.states) == ["monday"]
    assert not service.backup(AWAY, invisible)["deleted"]


@pytest.mark.parametrize("after_refresh", [True, False])
def test_up_waits_for_copy_that_is_visible_late(
    stack: Stack, source: str, invisible: str, *, after_refresh: bool
) -> None:
    if after_refresh:
        stack.refresh()
        assert stack.states["monday"].id == invisible

    stack.up(monday(source))

    assert only_copy(stack) == invisible


def test_refresh_drops_invisible_copy_only_after_ten_minutes(service: FsxService, stack: Stack, invisible: str) -> None:
    service.remove_backup(AWAY, invisible)
    with refused(CopyError, invisible, AWAY):
        stack.refresh()
    assert list(stack.states) == ["monday"]
    service.clock.sleep(600)

    stack.refresh()

    assert stack.states == {}


def test_create_waits_for_copy_that_is_visible_late(service: FsxService, stack: Stack, source: str) -> None:
    service.configure(shown_after_seconds=80.0)

    stack.up(monday(source))

    only_copy(stack)
    assert service.counts(AWAY)["CopyBackup"] == 1


def test_create_waits_through_outage_for_invisible_copy(service: FsxService, stack: Stack, source: str) -> None:
    """A single "not found" before an outage does not mean that the copy is gone."""
    service.configure(shown_after_seconds=3.0)

    def outage() -> None:
        service.add_fault("hang", "DescribeBackups", region=AWAY, seconds=900)

    stack.wire.at_call["CopyBackup", "after"] = lambda: stack.wire.after_calls(0, "DescribeBackups", "after", outage)

    stack.up(monday(source))

    only_copy(stack)
    assert service.counts(AWAY)["CopyBackup"] == 1


def test_create_gives_up_invisible_copy_and_its_token(service: FsxService, stack: Stack, source: str) -> None:
    """FSx may repeat its first answer although the copy was deleted."""
    service.configure(shown_after_seconds=1e9, copy_seconds=1e9)
    with refused(CopyError, AWAY):
        stack.up(monday(source))
    assert service.counts(AWAY)["CopyBackup"] == 1
    (first,) = copies(service)
    service.configure(shown_after_seconds=0.0, copy_seconds=1.0)

    stack.up(monday(source))

    assert [str(entry["token"])[-2:] for entry in service.journal(AWAY, "CopyBackup")] == ["-0", "-0", "-1"]
    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"
    assert stack.states["monday"].id != first

"""A delete removes the copy that its state owns, waits while it is in use, and touches no other."""

from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import AccessDeniedError, CopyError, ServiceError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY
from tests.engine.stack import Stack, change_outputs, copy_args
from tests.engine.wire import Wire


@pytest.fixture
def made(stack: Stack, source: str) -> str:
    """Return the id of the stack's one copy, `monday`."""
    stack.up({"monday": copy_args(source)})
    stack.wire.service.clear_journal()
    return stack.states["monday"].id


def test_a_delete_returns_once_the_copy_is_gone(service: FsxService, stack: Stack, made: str) -> None:
    service.configure(delete_lag=20.0, delete_lag_lifecycle="AVAILABLE")

    stack.destroy()

    assert service.backup(AWAY, made)["deleted"]
    last = service.journal(AWAY)[-1]
    assert (last["action"], last["error"]) == ("DescribeBackups", "BackupNotFound")


@pytest.mark.usefixtures("made")
def test_a_copy_that_fsx_still_shows_as_deleted_is_gone(service: FsxService, stack: Stack) -> None:
    service.configure(delete_lag=1e9)
    state = stack.states["monday"]

    stack.destroy()
    stack.states["monday"] = state
    stack.destroy()

    assert service.counts(AWAY)["DeleteBackup"] == 1


def test_a_copy_that_is_gone_already_is_success(service: FsxService, stack: Stack, made: str) -> None:
    service.remove_backup(AWAY, made)

    stack.destroy()

    assert stack.states == {}
    assert "DeleteBackup" not in service.counts(AWAY)


def test_not_found_by_credentials_of_another_account_is_an_error(service: FsxService, stack: Stack, made: str) -> None:
    change_outputs(stack, "monday", owner_id="999999999999")
    service.remove_backup(AWAY, made)

    with pytest.raises(CopyError, match=f"{made} in {AWAY} belongs to account 999999999999"):
        stack.destroy()

    assert list(stack.states) == ["monday"]


@pytest.mark.parametrize("tag", ["terraform", f"{'0' * 32}/{'0' * 40}-0/files/test/monday"])
def test_delete_leaves_the_copy_of_another_owner_and_says_so(
    service: FsxService, stack: Stack, made: str, tag: str, caplog: pytest.LogCaptureFixture
) -> None:
    service.set_tags(AWAY, made, {OWNERSHIP_TAG: tag})

    stack.destroy()

    assert [copy["id"] for copy in service.backups(AWAY)] == [made]
    assert stack.states == {}
    assert f"{made} in {AWAY}" in caplog.text
    assert tag.rpartition("-0/")[2] in caplog.text


def test_a_copy_that_is_itself_being_restored_is_deleted_once_it_is_free(
    service: FsxService, stack: Stack, made: str
) -> None:
    service.mark_restoring(AWAY, made, "fs-0123456789abcdef0")
    stack.wire.at_call["DeleteBackup", "after"] = lambda: service.mark_restoring(AWAY, made, None)

    stack.destroy()

    assert service.backups(AWAY) == []
    assert [entry["error"] for entry in service.journal(AWAY, "DeleteBackup")] == ["BackupRestoring", None]


@pytest.mark.parametrize("shape", ["BackupBeingCopied", "BadRequest"])
def test_a_copy_that_is_being_copied_on_is_deleted_once_it_is_free(
    service: FsxService, stack: Stack, wire: Wire, made: str, shape: str
) -> None:
    service.configure(being_copied_error=shape)
    wire.client("fsx", "eu-north-1").copy_backup(SourceBackupId=made, SourceRegion=AWAY)

    stack.destroy()

    assert service.backups(AWAY) == []
    errors = [entry["error"] for entry in service.journal(AWAY, "DeleteBackup")]
    assert (errors[0], errors[-1]) == (shape, None)


def test_a_copy_that_stays_in_use_is_an_error_that_leaves_it_in_the_state(
    service: FsxService, stack: Stack, made: str
) -> None:
    service.mark_restoring(AWAY, made, "fs-0123456789abcdef0")
    stack.timeouts["delete"] = 20.0

    with pytest.raises(CopyError, match=f"{made} in {AWAY} is still in use"):
        stack.destroy()

    assert list(stack.states) == ["monday"]


def test_a_copy_that_another_stack_adopts_while_the_delete_waits_is_left_to_it(
    service: FsxService, stack: Stack, source: str, made: str
) -> None:
    other = Stack(stack.wire, name="other")
    run = stack.run()
    service.mark_restoring(AWAY, made, "fs-0123456789abcdef0")

    def adopted() -> None:
        other.up({"theirs": copy_args(source, adopt_backup_id=made)})
        service.mark_restoring(AWAY, made, None)

    stack.wire.at_call["DeleteBackup", "after"] = adopted

    stack.destroy(run=run)

    assert [copy["id"] for copy in service.backups(AWAY)] == [other.states["theirs"].id]


@pytest.mark.parametrize("kind", ["throttled", "internal", "expired", "lost", "malformed", "refuse"])
@pytest.mark.parametrize("action", ["DeleteBackup", "DescribeBackups"])
def test_trouble_that_passes_fails_no_delete(
    service: FsxService, stack: Stack, made: str, action: str, kind: Any
) -> None:
    service.add_fault(kind, action, times=2)

    stack.destroy()

    assert service.backup(AWAY, made)["deleted"]


def test_a_missing_permission_is_named_and_the_copy_stays_in_the_state(
    service: FsxService, stack: Stack, made: str
) -> None:
    service.add_fault("access_denied", "DeleteBackup")

    with pytest.raises(AccessDeniedError, match=f"lack permission for fsx:DeleteBackup in {AWAY}"):
        stack.destroy()

    assert stack.states["monday"].id == made


def test_any_other_refusal_is_an_error(service: FsxService, stack: Stack, made: str) -> None:
    service.add_fault("not_enabled", "DeleteBackup")

    with pytest.raises(ServiceError, match="fsx:DeleteBackup in eu-central-1 answered UnrecognizedClientException"):
        stack.destroy()

    assert stack.states["monday"].id == made


def test_a_failed_copy_is_removed_too(service: FsxService, stack: Stack, made: str) -> None:
    service.set_lifecycle(AWAY, made, "FAILED", "no luck")

    stack.destroy()

    assert service.backups(AWAY) == []

"""Delete removes the copy of its state entry, waits while the copy is in use, and changes no other copy."""

from typing import Any

import pytest
from pulumi_fsx_dr.errors import AccessDeniedError, CopyError, ServiceError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY
from tests.engine.checks import copies, refused, write_tag
from tests.engine.stack import Stack, change_outputs, copy_args
from tests.engine.wire import Wire


def errors(service: FsxService) -> list[str | None]:
    return [entry["error"] for entry in service.journal(AWAY, "DeleteBackup")]


def test_delete_returns_once_copy_is_gone(service: FsxService, stack: Stack, made: str) -> None:
    service.configure(delete_lag=20.0, delete_lag_lifecycle="AVAILABLE")

    stack.destroy()

    assert service.backup(AWAY, made)["deleted"]
    last = service.journal(AWAY)[-1]
    assert (last["action"], last["error"]) == ("DescribeBackups", "BackupNotFound")


@pytest.mark.usefixtures("made")
def test_delete_accepts_lifecycle_deleted(service: FsxService, stack: Stack) -> None:
    service.configure(delete_lag=1e9)
    state = stack.states["monday"]

    stack.destroy()
    stack.states["monday"] = state
    stack.destroy()

    assert service.counts(AWAY)["DeleteBackup"] == 1


def test_delete_of_missing_copy_succeeds(service: FsxService, stack: Stack, made: str) -> None:
    service.remove_backup(AWAY, made)

    stack.destroy()

    assert stack.states == {}
    assert "DeleteBackup" not in service.counts(AWAY)


def test_delete_of_failed_copy_succeeds(service: FsxService, stack: Stack, made: str) -> None:
    service.set_lifecycle(AWAY, made, "FAILED", "no luck")

    stack.destroy()

    assert copies(service) == []


def test_delete_with_other_account_keeps_state_entry(service: FsxService, stack: Stack, made: str) -> None:
    change_outputs(stack, "monday", owner_id="999999999999")
    service.remove_backup(AWAY, made)

    with refused(CopyError, made, AWAY, "999999999999"):
        stack.destroy()

    assert list(stack.states) == ["monday"]


@pytest.mark.parametrize("tag", ["terraform", f"{'0' * 32}/{'0' * 40}-0/files/test/monday"])
def test_delete_keeps_copy_of_other_owner_and_warns(
    service: FsxService, stack: Stack, made: str, tag: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_tag(service, made, tag)

    stack.destroy()

    assert copies(service) == [made]
    assert stack.states == {}
    assert f"{made} in {AWAY}" in caplog.text
    assert tag.rpartition("-0/")[2] in caplog.text


def test_delete_keeps_copy_adopted_during_delete(service: FsxService, stack: Stack, source: str, made: str) -> None:
    other, run = Stack(stack.wire, name="other"), stack.run()
    service.mark_restoring(AWAY, made, "fs-0123456789abcdef0")

    def adopted() -> None:
        other.up({"theirs": copy_args(source, adopt_backup_id=made)})
        service.mark_restoring(AWAY, made, None)

    stack.wire.at_call["DeleteBackup", "after"] = adopted

    stack.destroy(run=run)

    assert copies(service) == [other.states["theirs"].id]


def test_delete_waits_for_restore(service: FsxService, stack: Stack, made: str) -> None:
    service.mark_restoring(AWAY, made, "fs-0123456789abcdef0")
    stack.wire.at_call["DeleteBackup", "after"] = lambda: service.mark_restoring(AWAY, made, None)

    stack.destroy()

    assert copies(service) == []
    assert errors(service) == ["BackupRestoring", None]


@pytest.mark.parametrize("shape", ["BackupBeingCopied", "BadRequest"])
def test_delete_waits_while_copy_is_being_copied(
    service: FsxService, stack: Stack, wire: Wire, made: str, shape: str
) -> None:
    service.configure(being_copied_error=shape)
    wire.client("fsx", "eu-north-1").copy_backup(SourceBackupId=made, SourceRegion=AWAY)

    stack.destroy()

    assert copies(service) == []
    assert (errors(service)[0], errors(service)[-1]) == (shape, None)


def test_delete_times_out_if_copy_stays_in_use(service: FsxService, stack: Stack, made: str) -> None:
    service.mark_restoring(AWAY, made, "fs-0123456789abcdef0")
    stack.timeouts["delete"] = 20.0

    with refused(CopyError, made, AWAY):
        stack.destroy()

    assert list(stack.states) == ["monday"]


@pytest.mark.parametrize(
    ("kind", "error", "fact"),
    [
        ("access_denied", AccessDeniedError, "fsx:DeleteBackup"),
        ("not_enabled", ServiceError, "UnrecognizedClientException"),
    ],
)
def test_delete_names_action_and_region_of_refusal(  # noqa: PLR0913, PLR0917  # fixtures and parameters
    service: FsxService, stack: Stack, made: str, kind: Any, error: type[Exception], fact: str
) -> None:
    service.add_fault(kind, "DeleteBackup")

    with refused(error, fact, AWAY):
        stack.destroy()

    assert stack.states["monday"].id == made

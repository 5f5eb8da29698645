"""A resource adopts an existing copy if it matches the program; the tag is written last."""

from datetime import datetime
from typing import Any

import pytest
from pulumi_fsx_dr.errors import CopyError, InvalidStateError, ServiceError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, only_copy, other_tags, own_copy, refused, tag_of, timed_out_up
from tests.engine.stack import RefusedError, Stack, copy_args, killed_up, monday
from tests.engine.wire import Wire


def copied_by_hand(wire: Wire, source: str, **request: Any) -> str:
    made: str = wire.client("fsx", AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME, **request)["Backup"][
        "BackupId"
    ]
    return made


@pytest.fixture
def manual(service: FsxService, wire: Wire, source: str) -> str:
    """Return a copy made by a script."""
    made = copied_by_hand(wire, source, Tags=[{"Key": "by", "Value": "hand"}])
    service.finish_copies()
    service.clear_journal()
    return made


def require_refused(stack: Stack, args: dict[str, Any], **facts: str) -> None:
    """Require that an adoption is refused without changes."""
    before = stack.wire.service.backups(AWAY)
    with refused(RefusedError, args["adopt_backup_id"], **facts):
        stack.up({"monday": args})
    assert stack.wire.service.backups(AWAY) == before
    assert stack.states == {}


def test_adopt_keeps_existing_copy_and_tags(service: FsxService, stack: Stack, source: str, manual: str) -> None:
    stack.up(monday(source, adopt_backup_id=manual, tags={"team": "storage"}))

    assert only_copy(stack) == manual
    assert other_tags(stack) == {"by": "hand", "team": "storage"}
    assert "CopyBackup" not in service.counts(AWAY)
    created = stack.states["monday"].outputs["source_creation_time"]
    assert datetime.fromisoformat(created).timestamp() == int(service.backup(HOME, source)["created"])
    stack.destroy()
    assert copies(service) == []


@pytest.mark.parametrize("kind", ["refuse", "unavailable", "access_denied"])
def test_adopt_works_without_source_region(
    service: FsxService, stack: Stack, source: str, manual: str, kind: Any
) -> None:
    service.make_unreachable(HOME, kind)

    stack.up(monday(source, adopt_backup_id=manual))

    assert only_copy(stack) == manual
    outputs = stack.states["monday"].outputs
    assert outputs["source_creation_time"] == outputs["creation_time"], "the time of the source is unknown"


def test_adopt_waits_for_running_copy(service: FsxService, stack: Stack, wire: Wire, source: str) -> None:
    made = copied_by_hand(wire, source)

    stack.up(monday(source, adopt_backup_id=made))

    assert only_copy(stack) == made
    assert service.journal(AWAY)[-1]["action"] == "TagResource"


def test_adopt_refuses_copy_that_does_not_match_program(
    service: FsxService, stack: Stack, source: str, manual: str, key: str
) -> None:
    file_system = service.seed_file_system(AWAY)
    not_copies = [service.seed_backup(AWAY, file_system, type=type_) for type_ in ("USER_INITIATED", "AWS_BACKUP")]
    other_source = service.seed_backup(HOME, service.seed_file_system(HOME))

    for backup_id in ("backup-0fedcba9876543210", *not_copies):
        require_refused(stack, copy_args(source, adopt_backup_id=backup_id))
    require_refused(stack, copy_args(other_source, adopt_backup_id=manual))
    require_refused(stack, copy_args(source, adopt_backup_id=manual, kms_key_id=key), unsaid=key)
    service.set_lifecycle(AWAY, manual, "FAILED", "no luck")
    require_refused(stack, copy_args(source, adopt_backup_id=manual))


def test_adopt_resolves_key_alias(service: FsxService, stack: Stack, wire: Wire, source: str, key: str) -> None:
    made = copied_by_hand(wire, source, KmsKeyId=key)
    service.finish_copies()

    stack.up(monday(source, adopt_backup_id=made, kms_key_id="alias/dr"))

    assert only_copy(stack) == made


def test_adopt_refuses_second_resource_for_same_copy(stack: Stack, source: str, manual: str) -> None:
    args = copy_args(source, adopt_backup_id=manual)

    with refused(CopyError, manual):
        stack.up({"monday": args, "tuesday": args})

    assert list(stack.states) == ["monday"]


def test_adopt_names_missing_permission(service: FsxService, stack: Stack, source: str, manual: str) -> None:
    service.add_fault("access_denied", "DescribeBackups", region=AWAY)

    with refused(ServiceError, "fsx:DescribeBackups", AWAY):
        stack.up(monday(source, adopt_backup_id=manual))


def test_adopt_keeps_copy_that_fails(service: FsxService, stack: Stack, wire: Wire, source: str) -> None:
    begun, run = copied_by_hand(wire, source), stack.run()
    inputs = stack.check(run, "monday", {}, copy_args(source, adopt_backup_id=begun))
    service.finish_copies(failure="no luck")

    with refused(CopyError, begun):
        stack.create(run, "monday", inputs)

    assert copies(service) == [begun]
    assert stack.states == {}


# --- copies with an owner ---


def test_adopt_names_former_owner_in_preview(
    stack: Stack, other: Stack, source: str, theirs: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack.check(stack.run(), "monday", {}, copy_args(source, adopt_backup_id=theirs))  # the only call of a preview

    assert theirs in caplog.text
    assert "files/other/theirs" in caplog.text
    assert own_copy(other, "theirs") == theirs


def test_adopt_without_former_owner_is_silent(
    stack: Stack, source: str, manual: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack.up(monday(source, adopt_backup_id=manual))

    assert caplog.messages == []


def test_former_owner_keeps_adopted_copy_and_warns(  # noqa: PLR0913, PLR0917  # fixtures
    service: FsxService, stack: Stack, other: Stack, source: str, theirs: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack.up(monday(source, adopt_backup_id=theirs))
    before = service.backup(AWAY, theirs)["tags"]
    for command in (
        lambda: other.up({"theirs": copy_args(source, tags={"team": "storage"})}),
        lambda: other.up({"theirs": copy_args(source, tags={"team": "storage"})}),
        lambda: other.preview("theirs", copy_args(source)),
        other.destroy,
    ):
        caplog.clear()
        command()
        assert theirs in caplog.text
        assert "files/prod/monday" in caplog.text
    assert service.backup(AWAY, theirs)["tags"] == before
    assert only_copy(stack) == theirs


def test_adopt_killed_before_tagging_adopts_nothing(
    stack: Stack, other: Stack, source: str, theirs: str, caplog: pytest.LogCaptureFixture
) -> None:
    killed_up(stack, monday(source, adopt_backup_id=theirs), "TagResource", "before")
    caplog.clear()

    stack.up(monday(source))

    other.up({"theirs": copy_args(source)})
    assert caplog.messages == []
    assert own_copy(other, "theirs") == theirs != own_copy(stack)


def test_adopt_without_tag_permission_is_finished_later(
    service: FsxService, stack: Stack, other: Stack, source: str, theirs: str
) -> None:
    program = monday(source, adopt_backup_id=theirs)
    service.add_fault("access_denied", "TagResource")
    with refused(CopyError, theirs):
        stack.up(program)
    assert own_copy(other, "theirs") == theirs
    with refused(InvalidStateError, "pulumi up"):
        stack.destroy()
    service.lift_fault()

    stack.up(program)

    assert only_copy(stack) == theirs


def test_adopt_that_times_out_is_finished_later(service: FsxService, stack: Stack, wire: Wire, source: str) -> None:
    other = Stack(wire, name="other")
    service.set_copy_seconds(10_000)
    killed_up(other, {"theirs": copy_args(source)}, "CopyBackup", "after")
    (theirs,) = copies(service)
    program = monday(source, adopt_backup_id=theirs)
    timed_out_up(stack, program)
    own = tag_of(service, theirs)
    assert own
    assert own.owner_id == other.owner_id
    service.finish_copies()

    stack.up(program)

    assert only_copy(stack) == theirs
    stack.destroy()
    assert copies(service) == []

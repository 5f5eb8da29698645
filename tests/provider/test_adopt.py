"""A resource can adopt a copy that exists already, if it is what the program describes; the tag comes last."""

from datetime import datetime
from typing import Any

import pytest
from pulumi_fsx_dr.copies.copy import UnfinishedCopyError
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import CopyError, InvalidStateError, ServiceError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, only_copy, out_of_time, own_copy, tag_of
from tests.engine.stack import RefusedError, Stack, copy_args, killed_up
from tests.engine.wire import Wire


@pytest.fixture
def foreign(service: FsxService, wire: Wire, source: str) -> str:
    """Return the id of a copy that somebody made by hand."""
    request = {"SourceBackupId": source, "SourceRegion": HOME, "Tags": [{"Key": "by", "Value": "hand"}]}
    made: str = wire.client("fsx", AWAY).copy_backup(**request)["Backup"]["BackupId"]
    service.finish_copies()
    service.clear_journal()
    return made


def refused(stack: Stack, args: dict[str, Any]) -> str:
    """Return why an adoption was refused; nothing may have changed."""
    service = stack.wire.service
    before = service.backups(AWAY)
    with pytest.raises(RefusedError) as refusal:
        stack.up({"monday": args})
    assert service.backups(AWAY) == before
    assert stack.states == {}
    return str(refusal.value)


def test_a_copy_made_by_hand_becomes_the_resource_s_own_without_being_copied_again(
    service: FsxService, stack: Stack, source: str, foreign: str
) -> None:
    stack.up({"monday": copy_args(source, adopt_backup_id=foreign, tags={"team": "storage"})})

    assert only_copy(stack) == foreign
    tags = service.backup(AWAY, foreign)["tags"]
    assert {key: tag for key, tag in tags.items() if key != OWNERSHIP_TAG} == {"by": "hand", "team": "storage"}
    assert "CopyBackup" not in service.counts(AWAY)


def test_an_adopted_copy_tells_when_its_source_was_made(
    service: FsxService, stack: Stack, source: str, foreign: str
) -> None:
    stack.up({"monday": copy_args(source, adopt_backup_id=foreign)})

    outputs, made = stack.states["monday"].outputs, service.backup(HOME, source)["created"]
    assert datetime.fromisoformat(outputs["source_creation_time"]).timestamp() == int(made)


@pytest.mark.parametrize("kind", ["refuse", "unavailable", "access_denied"])
def test_a_source_region_that_does_not_answer_keeps_nobody_from_adopting(
    service: FsxService, stack: Stack, source: str, foreign: str, kind: Any
) -> None:
    service.make_unreachable(HOME, kind)

    stack.up({"monday": copy_args(source, adopt_backup_id=foreign)})

    assert stack.states["monday"].id == foreign
    outputs = stack.states["monday"].outputs
    assert outputs["source_creation_time"] == outputs["creation_time"], "nothing better is known"


def test_an_adopted_copy_is_destroyed_like_any_other(
    service: FsxService, stack: Stack, source: str, foreign: str
) -> None:
    stack.up({"monday": copy_args(source, adopt_backup_id=foreign)})

    stack.destroy()

    assert service.backups(AWAY) == []


def test_a_running_copy_is_waited_for_before_it_is_adopted(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    made = wire.client("fsx", AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME)["Backup"]["BackupId"]

    stack.up({"monday": copy_args(source, adopt_backup_id=made)})

    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"
    last = [entry["action"] for entry in service.journal(AWAY)][-1]
    assert last == "TagResource"


def test_a_backup_that_is_not_there_is_refused(stack: Stack, source: str) -> None:
    missing = "backup-0fedcba9876543210"

    assert missing in refused(stack, copy_args(source, adopt_backup_id=missing))


def test_a_backup_that_does_not_match_is_refused(service: FsxService, stack: Stack, source: str, foreign: str) -> None:
    (file_system,) = service.file_systems(HOME)
    other = service.seed_backup(HOME, file_system["FileSystemId"])
    manual = service.seed_backup(AWAY, service.seed_file_system(AWAY))

    assert foreign in refused(stack, copy_args(other, adopt_backup_id=foreign))
    assert manual in refused(stack, copy_args(source, adopt_backup_id=manual))


def test_a_backup_of_aws_backup_is_refused(service: FsxService, stack: Stack, source: str) -> None:
    theirs = service.seed_backup(AWAY, service.seed_file_system(AWAY), type="AWS_BACKUP")

    assert theirs in refused(stack, copy_args(source, adopt_backup_id=theirs))


def test_a_copy_under_another_key_is_refused(stack: Stack, source: str, foreign: str, key: str) -> None:
    why = refused(stack, copy_args(source, adopt_backup_id=foreign, kms_key_id=key))

    assert foreign in why
    assert key not in why


def test_the_key_may_be_written_in_any_way(
    service: FsxService, stack: Stack, wire: Wire, source: str, key: str
) -> None:
    request = {"SourceBackupId": source, "SourceRegion": HOME, "KmsKeyId": key}
    made = wire.client("fsx", AWAY).copy_backup(**request)["Backup"]["BackupId"]
    service.finish_copies()

    stack.up({"monday": copy_args(source, adopt_backup_id=made, kms_key_id="alias/dr")})

    assert stack.states["monday"].id == made


def test_a_failed_copy_is_refused(service: FsxService, stack: Stack, source: str, foreign: str) -> None:
    service.set_lifecycle(AWAY, foreign, "FAILED", "no luck")

    assert foreign in refused(stack, copy_args(source, adopt_backup_id=foreign))


def test_two_resources_of_one_run_cannot_adopt_the_same_copy(stack: Stack, source: str, foreign: str) -> None:
    args = copy_args(source, adopt_backup_id=foreign)

    with pytest.raises(CopyError, match="is adopted by another resource of this run"):
        stack.up({"monday": args, "tuesday": args})

    assert list(stack.states) == ["monday"]


# --- copies with an owner ---------------------------------------------------------------------------------------------


@pytest.fixture
def other(wire: Wire, source: str) -> Stack:
    """Return another stack, with the copy `theirs`."""
    other = Stack(wire, name="other")
    other.up({"theirs": copy_args(source)})
    return other


def test_the_owner_is_named_before_its_copy_is_adopted(
    stack: Stack, other: Stack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = other.states["theirs"].id
    stack.check(stack.run(), "monday", {}, copy_args(source, adopt_backup_id=theirs))  # all that a preview does

    assert theirs in caplog.text
    assert "files/other/theirs" in caplog.text
    assert own_copy(other, "theirs") == theirs


def test_a_copy_without_an_owner_is_adopted_without_a_word(
    stack: Stack, source: str, foreign: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack.up({"monday": copy_args(source, adopt_backup_id=foreign)})

    assert caplog.messages == []


def test_the_former_owner_says_so_in_each_run_and_its_destroy_leaves_the_copy(
    service: FsxService, stack: Stack, other: Stack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = other.states["theirs"].id
    stack.up({"monday": copy_args(source, adopt_backup_id=theirs)})
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


def test_adoption_that_is_cut_off_before_its_tag_is_written_takes_the_copy_from_nobody(
    stack: Stack, other: Stack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = other.states["theirs"].id
    killed_up(stack, {"monday": copy_args(source, adopt_backup_id=theirs)}, "TagResource", "before")
    caplog.clear()

    stack.up({"monday": copy_args(source)})

    other.up({"theirs": copy_args(source)})
    assert caplog.messages == []
    assert own_copy(other, "theirs") == theirs != own_copy(stack)


def test_adoption_that_may_not_write_its_tag_is_kept_and_finished_by_the_next_run(
    service: FsxService, stack: Stack, other: Stack, source: str
) -> None:
    theirs = other.states["theirs"].id
    program = {"monday": copy_args(source, adopt_backup_id=theirs)}
    fault = service.add_fault("access_denied", "TagResource")
    with pytest.raises(UnfinishedCopyError):
        stack.up(program)
    assert own_copy(other, "theirs") == theirs
    with pytest.raises(InvalidStateError, match="Run `pulumi up` first"):
        stack.destroy()
    service.lift_fault(fault)

    stack.up(program)

    assert only_copy(stack) == theirs


def test_running_copy_of_another_stack_that_is_adopted_and_runs_out_of_time_is_finished(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    other = Stack(wire, name="other")
    service.set_copy_seconds(10_000)
    killed_up(other, {"theirs": copy_args(source)}, "CopyBackup", "after")
    (theirs,) = copies(service)
    program = {"monday": copy_args(source, adopt_backup_id=theirs)}
    out_of_time(stack, program)
    own = tag_of(service, theirs)
    assert own
    assert own.owner_id == other.owner_id
    service.finish_copies()

    stack.up(program)

    assert only_copy(stack) == theirs
    stack.destroy()
    assert copies(service) == []


def test_a_running_copy_that_fails_while_it_is_adopted_is_not_deleted(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    theirs = wire.client("fsx", AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME)["Backup"]["BackupId"]
    run = stack.run()
    inputs = stack.check(run, "monday", {}, copy_args(source, adopt_backup_id=theirs))
    service.finish_copies(failure="no luck")

    with pytest.raises(CopyError, match=theirs):
        stack.create(run, "monday", inputs)

    assert copies(service) == [theirs]
    assert stack.states == {}


def test_a_missing_permission_to_look_at_the_copy_is_named(
    service: FsxService, stack: Stack, source: str, foreign: str
) -> None:
    service.add_fault("access_denied", "DescribeBackups", region=AWAY)

    with pytest.raises(ServiceError, match=f"lack permission for fsx:DescribeBackups in {AWAY}"):
        stack.up({"monday": copy_args(source, adopt_backup_id=foreign)})

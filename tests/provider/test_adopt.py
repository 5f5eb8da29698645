"""A resource can take over a copy that exists already, if it is what the program describes."""

from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Recorded, parse_mark
from pulumi_fsx_dr.errors import CopyError, ServiceError

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY, HOME
from tests.provider.deploying import Stack, Wire, copy_args
from tests.provider.plugin_stack import ON_THE_DYNAMIC_HOST


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
    with pytest.raises(CopyError) as refusal:
        stack.up({"monday": args})
    assert service.backups(AWAY) == before
    assert stack.states == {}
    return str(refusal.value)


def test_a_copy_made_by_hand_becomes_the_resource_s_own_without_being_copied_again(
    service: FsxService, stack: Stack, source: str, foreign: str
) -> None:
    stack.up({"monday": copy_args(source, adopt_backup_id=foreign, tags={"team": "storage"})})

    (copy,) = service.backups(AWAY)
    mark = parse_mark(copy["tags"].pop(MARK_TAG))
    assert isinstance(mark, Recorded)
    assert (copy["id"], copy["tags"]) == (foreign, {"by": "hand", "team": "storage"})
    assert (stack.states["monday"].id, stack.states["monday"].outputs["nonce"]) == (foreign, mark.nonce)
    assert "CopyBackup" not in service.counts(AWAY)


def test_an_adopted_copy_tells_when_its_source_was_made(
    service: FsxService, stack: Stack, source: str, foreign: str
) -> None:
    stack.up({"monday": copy_args(source, adopt_backup_id=foreign)})

    mark = parse_mark(service.backup(AWAY, foreign)["tags"][MARK_TAG])
    assert mark is not None
    assert mark.source_creation_time is not None
    assert mark.source_creation_time.timestamp() == service.backup(HOME, source)["created"]


@pytest.mark.parametrize("kind", ["refuse", "unavailable", "access_denied"])
def test_a_source_region_that_does_not_answer_keeps_nobody_from_adopting(
    service: FsxService, stack: Stack, source: str, foreign: str, kind: Any
) -> None:
    service.darken(HOME, kind)

    stack.up({"monday": copy_args(source, adopt_backup_id=foreign)})

    assert stack.states["monday"].id == foreign
    assert "source_creation_time" not in stack.states["monday"].outputs


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


def test_a_backup_that_is_not_there_is_named(stack: Stack, source: str) -> None:
    assert refused(stack, copy_args(source, adopt_backup_id="backup-0fedcba9876543210")) == (
        f"There is no backup backup-0fedcba9876543210 in {AWAY} to adopt: check adopt_backup_id and region."
    )


def test_a_copy_of_another_source_is_refused(service: FsxService, stack: Stack, source: str, foreign: str) -> None:
    (file_system,) = service.file_systems(HOME)
    other = service.seed_backup(HOME, file_system["FileSystemId"])

    why = refused(stack, copy_args(other, adopt_backup_id=foreign))

    assert f"{foreign} in {AWAY} is a copy of {source}, not of {other}" in why


def test_a_backup_that_is_no_copy_is_refused(service: FsxService, stack: Stack, source: str) -> None:
    own = service.seed_backup(AWAY, service.seed_file_system(AWAY))

    assert f"{own} in {AWAY} is a copy of nothing" in refused(stack, copy_args(source, adopt_backup_id=own))


def test_a_backup_of_aws_backup_is_refused(service: FsxService, stack: Stack, source: str) -> None:
    theirs = service.seed_backup(AWAY, service.seed_file_system(AWAY), type="AWS_BACKUP")

    why = refused(stack, copy_args(source, adopt_backup_id=theirs))

    assert why == f"{theirs} in {AWAY} belongs to AWS Backup, which alone can delete it: it cannot be adopted."


def test_a_copy_under_another_key_is_refused(stack: Stack, source: str, foreign: str, key: str) -> None:
    why = refused(stack, copy_args(source, adopt_backup_id=foreign, kms_key_id=key))

    assert "encrypted with another key than that in kms_key_id: correct kms_key_id, or remove adopt_backup_id" in why
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

    assert refused(stack, copy_args(source, adopt_backup_id=foreign)) == (
        f"{foreign} in {AWAY} is FAILED: it cannot be adopted."
    )


def test_two_resources_of_one_run_cannot_adopt_the_same_copy(stack: Stack, source: str, foreign: str) -> None:
    args = copy_args(source, adopt_backup_id=foreign)

    with pytest.raises(CopyError, match="is adopted by another resource of this run"):
        stack.up({"monday": args, "tuesday": args})

    assert list(stack.states) == ["monday"]


def test_a_copy_that_another_stack_recorded_changes_hands(
    service: FsxService, stack: Stack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = Stack(stack.wire, name="other")
    other.up({"theirs": copy_args(source)})
    made = service.backup(HOME, source)["created"]
    service.remove_backup(HOME, source)
    copy = other.states["theirs"].id

    stack.up({"monday": copy_args(source, adopt_backup_id=copy)})
    other.destroy()

    mark = parse_mark(service.backup(AWAY, copy)["tags"][MARK_TAG])
    assert mark is not None
    assert mark.source_creation_time is not None
    assert mark.source_creation_time.timestamp() == made
    assert [backup["id"] for backup in service.backups(AWAY)] == [copy]
    assert f"{copy} in {AWAY} now belongs to files/prod/monday, so it was not deleted." in caplog.text


@ON_THE_DYNAMIC_HOST
def test_an_adoption_whose_copy_cannot_be_marked_is_kept_and_finished_by_the_next_run(
    service: FsxService, stack: Stack, source: str, foreign: str
) -> None:
    fault = service.add_fault("access_denied", "TagResource")
    with pytest.raises(CopyError, match="lack permission for fsx:TagResource"):
        stack.up({"monday": copy_args(source, adopt_backup_id=foreign)})
    service.lift_fault(fault)

    stack.up({"monday": copy_args(source, adopt_backup_id=foreign)})

    mark = parse_mark(service.backup(AWAY, foreign)["tags"][MARK_TAG])
    assert isinstance(mark, Recorded)
    assert (stack.states["monday"].id, stack.states["monday"].outputs["nonce"]) == (foreign, mark.nonce)


def test_a_missing_permission_to_look_at_the_copy_is_named(
    service: FsxService, stack: Stack, source: str, foreign: str
) -> None:
    service.add_fault("access_denied", "DescribeBackups", region=AWAY)

    with pytest.raises(ServiceError, match=f"lack permission for fsx:DescribeBackups in {AWAY}"):
        stack.up({"monday": copy_args(source, adopt_backup_id=foreign)})

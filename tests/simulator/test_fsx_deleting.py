"""DeleteBackup refuses what is in use, and what it deletes is gone."""

import pytest
from botocore.exceptions import ClientError

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY, COPY_SECONDS, HOME, Clients

pytest_plugins = ["simulator.fsx.fixtures"]


def refusal_code(client: Clients, region: str, backup: str) -> str:
    with pytest.raises(ClientError) as refusal:
        client(region).delete_backup(BackupId=backup)
    return refusal.value.response["Error"]["Code"]


def start_copy(client: Clients, source: str) -> str:
    made: str = client().copy_backup(SourceBackupId=source, SourceRegion=HOME)["Backup"]["BackupId"]
    return made


@pytest.mark.parametrize("lifecycle", ["AVAILABLE", "FAILED"])
def test_a_settled_backup_is_deleted_and_gone(fsx_client: Clients, fsx_service: FsxService, lifecycle: str) -> None:
    backup = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME), lifecycle=lifecycle)

    answer = fsx_client(HOME).delete_backup(BackupId=backup)

    assert (answer["BackupId"], answer["Lifecycle"]) == (backup, "DELETED")
    assert fsx_client(HOME).describe_backups()["Backups"] == []
    assert refusal_code(fsx_client, HOME, backup) == "BackupNotFound"


def test_a_copy_cannot_be_deleted_before_it_is_done(
    fsx_client: Clients, fsx_clock: ManualClock, fsx_source: str
) -> None:
    made = start_copy(fsx_client, fsx_source)

    assert refusal_code(fsx_client, AWAY, made) == "BackupInProgress"
    fsx_clock.sleep(COPY_SECONDS)
    assert fsx_client().delete_backup(BackupId=made)["Lifecycle"] == "DELETED"


@pytest.mark.parametrize("code", ["BackupBeingCopied", "BadRequest"])
def test_a_source_cannot_be_deleted_while_it_is_copied(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock, fsx_source: str, code: str
) -> None:
    fsx_service.configure(being_copied_error=code)
    start_copy(fsx_client, fsx_source)

    with pytest.raises(ClientError, match="is being copied, can't be deleted") as refusal:
        fsx_client(HOME).delete_backup(BackupId=fsx_source)
    fsx_clock.sleep(COPY_SECONDS)

    assert refusal.value.response["Error"]["Code"] == code
    assert fsx_client(HOME).delete_backup(BackupId=fsx_source)["Lifecycle"] == "DELETED"


@pytest.mark.parametrize("is_ended_early", [False, True])
def test_a_source_may_be_busy_a_while_longer_than_its_copy(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock, fsx_source: str, *, is_ended_early: bool
) -> None:
    fsx_service.configure(source_busy_seconds=30)
    start_copy(fsx_client, fsx_source)
    if is_ended_early:
        fsx_service.finish_copies()
    else:
        fsx_clock.sleep(COPY_SECONDS)

    assert fsx_service.backups(AWAY)[0]["lifecycle"] == "AVAILABLE"
    assert refusal_code(fsx_client, HOME, fsx_source) == "BackupBeingCopied"
    fsx_clock.sleep(30)
    assert fsx_client(HOME).delete_backup(BackupId=fsx_source)["Lifecycle"] == "DELETED"


def test_a_backup_cannot_be_deleted_while_it_is_restored(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    fsx_service.mark_restoring(HOME, fsx_source, "fs-0123456789abcdef0")
    assert refusal_code(fsx_client, HOME, fsx_source) == "BackupRestoring"

    fsx_service.mark_restoring(HOME, fsx_source, None)

    assert fsx_client(HOME).delete_backup(BackupId=fsx_source)["Lifecycle"] == "DELETED"


def test_what_aws_backup_made_is_not_deleted_here(fsx_client: Clients, fsx_service: FsxService) -> None:
    backup = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME), type="AWS_BACKUP")

    assert refusal_code(fsx_client, HOME, backup) == "BadRequest"
    assert [view["id"] for view in fsx_service.backups(HOME)] == [backup]


def test_a_backup_may_be_made_to_disappear_behind_the_clients_back(
    fsx_client: Clients, fsx_service: FsxService, fsx_source: str
) -> None:
    fsx_service.configure(delete_lag=60)
    fsx_service.remove_backup(HOME, fsx_source)

    assert fsx_client(HOME).describe_backups()["Backups"] == []
    assert refusal_code(fsx_client, HOME, fsx_source) == "BackupNotFound"


@pytest.mark.parametrize("shown", ["DELETED", "AVAILABLE"])
def test_a_deleted_backup_may_be_seen_for_a_while(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock, fsx_source: str, shown: str
) -> None:
    fsx_service.configure(delete_lag=60, delete_lag_lifecycle=shown)
    client = fsx_client(HOME)
    client.delete_backup(BackupId=fsx_source)

    meanwhile = client.describe_backups(BackupIds=[fsx_source])["Backups"]
    fsx_clock.sleep(60)
    afterwards = client.describe_backups()["Backups"]

    assert [backup["Lifecycle"] for backup in meanwhile] == [shown]
    assert afterwards == []

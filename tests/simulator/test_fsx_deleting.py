"""DeleteBackup refuses backups that are in use, and deletes others."""

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
def test_finished_backup_is_deleted(fsx_client: Clients, fsx_service: FsxService, lifecycle: str) -> None:
    backup = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME), lifecycle=lifecycle)

    answer = fsx_client(HOME).delete_backup(BackupId=backup)

    assert (answer["BackupId"], answer["Lifecycle"]) == (backup, "DELETED")
    assert fsx_client(HOME).describe_backups()["Backups"] == []
    assert refusal_code(fsx_client, HOME, backup) == "BackupNotFound"


def test_running_copy_is_not_deleted(fsx_client: Clients, fsx_clock: ManualClock, fsx_source: str) -> None:
    made = start_copy(fsx_client, fsx_source)

    assert refusal_code(fsx_client, AWAY, made) == "BackupInProgress"
    fsx_clock.sleep(COPY_SECONDS)
    assert fsx_client().delete_backup(BackupId=made)["Lifecycle"] == "DELETED"


@pytest.mark.parametrize("code", ["BackupBeingCopied", "BadRequest"])
def test_source_of_running_copy_is_not_deleted(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock, fsx_source: str, code: str
) -> None:
    fsx_service.configure(being_copied_error=code)
    start_copy(fsx_client, fsx_source)

    assert refusal_code(fsx_client, HOME, fsx_source) == code
    fsx_clock.sleep(COPY_SECONDS)
    assert fsx_client(HOME).delete_backup(BackupId=fsx_source)["Lifecycle"] == "DELETED"


@pytest.mark.parametrize("is_ended_early", [False, True])
def test_source_can_stay_busy_after_copy(
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


def test_backup_being_restored_is_not_deleted(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.mark_restoring(HOME, fsx_source, "fs-0123456789abcdef0")
    assert refusal_code(fsx_client, HOME, fsx_source) == "BackupRestoring"

    fsx_service.mark_restoring(HOME, fsx_source, None)

    assert fsx_client(HOME).delete_backup(BackupId=fsx_source)["Lifecycle"] == "DELETED"


def test_backup_of_aws_backup_is_not_deleted(fsx_client: Clients, fsx_service: FsxService) -> None:
    backup = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME), type="AWS_BACKUP")

    assert refusal_code(fsx_client, HOME, backup) == "BadRequest"
    assert [view["id"] for view in fsx_service.backups(HOME)] == [backup]


def test_removed_backup_disappears_immediately(fsx_client: Clients, fsx_service: FsxService, fsx_source: str) -> None:
    fsx_service.configure(delete_lag=60)
    fsx_service.remove_backup(HOME, fsx_source)

    assert fsx_client(HOME).describe_backups()["Backups"] == []
    assert refusal_code(fsx_client, HOME, fsx_source) == "BackupNotFound"


@pytest.mark.parametrize("shown", ["DELETED", "AVAILABLE"])
def test_deleted_backup_can_stay_visible(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock, fsx_source: str, shown: str
) -> None:
    fsx_service.configure(delete_lag=60, delete_lag_lifecycle=shown)
    client = fsx_client(HOME)
    client.delete_backup(BackupId=fsx_source)

    meanwhile = client.describe_backups(BackupIds=[fsx_source])["Backups"]
    fsx_clock.sleep(60)

    assert [backup["Lifecycle"] for backup in meanwhile] == [shown]
    assert client.describe_backups()["Backups"] == []

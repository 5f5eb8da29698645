"""Recorded answers of AWS, read through a real botocore client."""

import json
import logging
from collections import Counter
from datetime import UTC, datetime

import pytest
from pulumi_fsx_dr.fsx.backup import Backup, CopyRequest
from pulumi_fsx_dr.fsx.parsing import parse_backup

from tests.fsx.replaying import RECORDINGS, ReplayedRegion, recordings

ONTAP_LISTING = "c7n-fsx_backup_count_filter-fsx.DescribeBackups_1.json"
FILE_SYSTEMS = "c7n-fsx_backup_count_filter-fsx.DescribeFileSystems_1.json"
VOLUMES = "c7n-fsx_backup_count_filter-fsx.DescribeVolumes_1.json"
KEY_2018 = "arn:aws:kms:us-east-1:111122223333:key/7d30a034-2787-478a-85e7-1a2b85205fbc"


def test_every_recording_has_an_origin() -> None:
    origins = json.loads((RECORDINGS / "origins.json").read_text())

    assert origins.keys() | {"origins.json"} == {file.name for file in RECORDINGS.glob("*.json")}
    assert all(entry["origin"] for entry in origins.values())


# The excluded recording is a table with few columns. The last test reads its incomplete entries.
@pytest.mark.parametrize("file", recordings("DescribeBackups", besides="cli-table-ontap-DescribeBackups.json"))
def test_recorded_listing_is_parsed_completely(file: str, caplog: pytest.LogCaptureFixture) -> None:
    recorded = json.loads((RECORDINGS / file).read_text())["body"]["Backups"]

    backups = list(ReplayedRegion.of(file).backups())

    assert [backup.id for backup in backups] == [entry["BackupId"] for entry in recorded]
    assert {backup.owner_id for backup in backups} <= {"111122223333"}
    assert all(backup.subject and backup.copy_obstacle is None for backup in backups)
    assert caplog.messages == []


def test_ontap_backup_belongs_to_volume() -> None:
    backup = next(iter(ReplayedRegion.of(ONTAP_LISTING).backups()))

    assert backup == Backup(
        id="backup-04698ebfae0844ad2",
        arn="arn:aws:fsx:us-west-2:111122223333:backup/backup-04698ebfae0844ad2",
        lifecycle="AVAILABLE",
        type="AUTOMATIC",
        creation_time=datetime(2022, 6, 27, 13, 43, 14, 675000, tzinfo=UTC),
        owner_id="111122223333",
        region="us-east-1",
        kms_key_arn="arn:aws:kms:us-west-2:111122223333:key/9b2b5d4d-d785-4106-b28c-c461906c1362",
        tags={},
        progress_percent=100,
        file_system_id="fs-04e75277bcf51008f",
        file_system_type="ONTAP",
        volume_id="fsvol-0302fda18a354bdbf",
        volume={
            "FileSystemId": "fs-04e75277bcf51008f",
            "Lifecycle": "ACTIVE",
            "Name": "vol1",
            "OntapConfiguration": {
                "JunctionPath": "/vol1",
                "SizeInMegabytes": 1048576,
                "StorageEfficiencyEnabled": False,
                "StorageVirtualMachineId": "svm-0ac181378113c17fb",
                "TieringPolicy": {"Name": "AUTO"},
            },
            "ResourceARN": "arn:aws:fsx:us-west-2:111122223333:volume/fsvol-0302fda18a354bdbf",
            "VolumeId": "fsvol-0302fda18a354bdbf",
            "VolumeType": "ONTAP",
        },
    )


def test_ontap_backups_are_grouped_by_volume() -> None:
    volumes = ReplayedRegion.of(VOLUMES).client.describe_volumes()["Volumes"]

    backups = list(ReplayedRegion.of(ONTAP_LISTING).backups())

    assert Counter(backup.subject for backup in backups) == {volume["VolumeId"]: 8 for volume in volumes}
    assert {backup.file_system_id for backup in backups} == {"fs-04e75277bcf51008f"}


def test_windows_backup_of_2018_is_parsed() -> None:
    (backup,) = ReplayedRegion.of("c7n-fsx_backup_delete-fsx.DescribeBackups_1.json").backups()

    assert backup == Backup(
        id="backup-0d1fb25003287b260",
        arn="arn:aws:fsx:us-east-1:111122223333:backup/backup-0d1fb25003287b260",
        lifecycle="AVAILABLE",
        type="AUTOMATIC",
        creation_time=datetime(2018, 12, 12, 11, 2, 36, 906000, tzinfo=UTC),
        owner_id="111122223333",
        region="us-east-1",
        kms_key_arn=KEY_2018,
        tags={},
        progress_percent=100,
        file_system_id="fs-002ccbccdcf032728",
        file_system_type=None,
        file_system={
            "FileSystemId": "fs-002ccbccdcf032728",
            "StorageCapacity": 300,
            "WindowsConfiguration": {
                "ActiveDirectoryId": "d-9067141d9e",
                "WeeklyMaintenanceStartTime": "4:10:30",
                "DailyAutomaticBackupStartTime": "04:00",
                "AutomaticBackupRetentionDays": 7,
                "CopyTagsToBackups": False,
            },
        },
    )


@pytest.mark.parametrize(
    ("file", "progress", "tags"),
    [
        ("c7n-fsx_create_backup-fsx.CreateBackup_1.json", None, {"test-tag": "backup-tag", "Name": "test"}),
        ("c7n-fsx_create_backup_without_copy_tags-fsx.CreateBackup_1.json", None, {"test-tag": "backup-tag"}),
        ("botocore-example-CreateBackup.json", 0, {"Name": "MyBackup"}),
    ],
)
def test_new_backup_may_lack_progress(file: str, progress: int | None, tags: dict[str, str]) -> None:
    answer = ReplayedRegion.of(file).client.create_backup(FileSystemId="fs-002ccbccdcf032728")

    backup = parse_backup(answer["Backup"], "us-east-1", "aws")

    assert (backup.lifecycle, backup.progress_percent, backup.is_running_copy) == ("CREATING", progress, False)
    assert (backup.owner_id, backup.tags) == ("111122223333", tags)


def test_copy_backup_answer_lacks_source() -> None:
    request = CopyRequest(
        source_backup_id="backup-03e3c82e0183b7b6b", source_region="us-east-2", token="token", tags={"Name": "MyBackup"}
    )

    copy = ReplayedRegion.of("botocore-example-CopyBackup.json").copy(request)

    assert isinstance(copy, Backup)
    assert (copy.id, copy.lifecycle, copy.type) == ("backup-0a3364eded1014b28", "COPYING", "USER_INITIATED")
    assert (copy.source_backup_id, copy.source_region, copy.progress_percent) == (None, None, None)
    assert (copy.subject, copy.file_system_type, copy.volume_id) == ("fs-0498eed5fe91001ec", "LUSTRE", None)
    assert (copy.owner_id, copy.tags) == ("111122223333", {"Name": "MyBackup"})
    assert copy.file_system["LustreConfiguration"]["DeploymentType"] == "PERSISTENT_1"


def test_openzfs_backup_belongs_to_file_system() -> None:
    # No recording has an OpenZFS backup; backups describe file systems as DescribeFileSystems does.
    described = next(
        file_system
        for file_system in json.loads((RECORDINGS / FILE_SYSTEMS).read_text())["body"]["FileSystems"]
        if file_system["FileSystemType"] == "OPENZFS"
    )
    entry = {"BackupId": "backup-0123456789abcdef0", "Lifecycle": "AVAILABLE", "Type": "AUTOMATIC", "CreationTime": 0}

    (backup,) = ReplayedRegion({"Backups": [entry | {"FileSystem": described}]}).backups()

    assert (backup.subject, backup.file_system_type, backup.volume_id) == ("fs-004e50ac24c350e4a", "OPENZFS", None)
    assert backup.copy_obstacle is None


@pytest.mark.parametrize("file", recordings("DeleteBackup"))
def test_recorded_deletion_succeeds(file: str) -> None:
    recorded = json.loads((RECORDINGS / file).read_text())["body"]

    ReplayedRegion.of(file).delete(recorded["BackupId"])

    assert recorded["Lifecycle"] == "DELETED"


@pytest.mark.parametrize("file", recordings("DescribeFileSystems"))
def test_recorded_file_system_is_found(file: str) -> None:
    (first, *_) = json.loads((RECORDINGS / file).read_text())["body"]["FileSystems"]

    assert ReplayedRegion.of(file).file_system_exists(first["FileSystemId"])


def test_incomplete_descriptions_are_skipped_with_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        backups = list(ReplayedRegion.of("cli-table-ontap-DescribeBackups.json").backups())

    assert backups == []
    assert [message.split()[4] for message in caplog.messages] == [
        "backup-0eac1234565e31820",
        "backup-0123cef1239a726e9",
        "backup-005a111af5e86d3da",
    ]

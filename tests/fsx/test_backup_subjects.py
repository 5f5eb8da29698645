"""What a backup is of, and whether FSx copies such a backup at all."""

from datetime import UTC, datetime
from typing import Any

from tests.backups import copy
from tests.fsx.replaying import ReplayedRegion

DESCRIBED = {
    "BackupId": "backup-04698ebfae0844ad2",
    "Lifecycle": "AVAILABLE",
    "Type": "AUTOMATIC",
    "CreationTime": 1656337394.675,
}


def volume(**ontap: Any) -> dict[str, Any]:
    return {
        "VolumeId": "fsvol-0302fda18a354bdbf",
        "FileSystemId": "fs-04e75277bcf51008f",
        "VolumeType": "ONTAP",
        "OntapConfiguration": ontap,
    }


def test_a_volumes_backup_has_its_ids_and_type_from_the_volume() -> None:
    first, second, *_ = ReplayedRegion.of("c7n-fsx_backup_count_filter-fsx.DescribeBackups_1.json").backups()

    assert (first.id, first.volume_id, first.file_system_id, first.file_system_type) == (
        "backup-04698ebfae0844ad2",
        "fsvol-0302fda18a354bdbf",
        "fs-04e75277bcf51008f",
        "ONTAP",
    )
    assert (first.volume["Name"], first.volume["OntapConfiguration"]["JunctionPath"]) == ("vol1", "/vol1")
    assert first.file_system == {}
    assert (second.volume_id, second.file_system_id) == ("fsvol-0907832d8cc29ccba", "fs-04e75277bcf51008f")


def test_retention_counts_by_the_volume_else_by_the_file_system() -> None:
    of_a_volume = copy(volume_id="fsvol-0302fda18a354bdbf", file_system_id="fs-04e75277bcf51008f")
    of_a_file_system = copy(file_system_id="fs-04e75277bcf51008f")
    of_neither = copy(file_system_id=None)

    subjects = [of_a_volume.subject, of_a_file_system.subject, of_neither.subject]

    assert subjects == ["fsvol-0302fda18a354bdbf", "fs-04e75277bcf51008f", ""]


def test_a_file_systems_backup_has_no_volume() -> None:
    (backup,) = ReplayedRegion.of("c7n-fsx_create_backup-fsx.DescribeBackups_1.json").backups()

    assert (backup.volume_id, backup.volume, backup.file_system_id) == (None, {}, "fs-002ccbccdcf032728")


def test_the_account_of_a_backup_without_owner_is_that_of_its_arn() -> None:
    (backup,) = ReplayedRegion.of("c7n-fsx_create_backup-fsx.DescribeBackups_1.json").backups()
    (nowhere,) = ReplayedRegion({"Backups": [DESCRIBED]}).backups()

    assert backup.arn == "arn:aws:fsx:us-east-1:111122223333:backup/backup-0f759586d0481aeeb"
    assert (backup.owner_id, nowhere.owner_id) == ("111122223333", "")


def test_flexgroup_volumes_and_intelligent_tiering_cannot_be_copied_and_the_reason_is_given() -> None:
    # FSx for ONTAP User Guide, Copying backups: "Amazon FSx doesn't support copying backups of FlexGroup volumes."
    # FSx for Lustre User Guide, Copying backups: "Backups of file systems using the Intelligent-Tiering storage
    # class do not support backup copies." The members and values are those of the service model.
    (flex_group,) = ReplayedRegion({"Backups": [DESCRIBED | {"Volume": volume(VolumeStyle="FLEXGROUP")}]}).backups()
    tiered_file_system = {"FileSystemId": "fs-0498eed5fe91001ec", "StorageType": "INTELLIGENT_TIERING"}
    (tiered,) = ReplayedRegion({"Backups": [DESCRIBED | {"FileSystem": tiered_file_system}]}).backups()

    assert flex_group.copy_obstacle == "FSx copies no backups of FlexGroup volumes"
    assert tiered.copy_obstacle == "FSx copies no backups of file systems with Intelligent-Tiering storage"


def test_nothing_stands_in_the_way_of_copying_any_other_backup() -> None:
    (flex_vol,) = ReplayedRegion({"Backups": [DESCRIBED | {"Volume": volume(VolumeStyle="FLEXVOL")}]}).backups()
    recorded = [*ReplayedRegion.of("c7n-fsx_backup_count_filter-fsx.DescribeBackups_1.json").backups()]

    assert [backup.copy_obstacle for backup in [flex_vol, copy(), *recorded]] == [None] * 18
    assert recorded[0].creation_time == datetime(2022, 6, 27, 13, 43, 14, 675000, tzinfo=UTC)

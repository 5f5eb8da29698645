"""Descriptions of backups and file systems; incomplete ones are never treated as missing backups."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_fsx_dr.copies.verification import Facts, mismatch
from pulumi_fsx_dr.errors import ServiceError, TransientError
from pulumi_fsx_dr.fsx.backup import FileSystem
from pulumi_fsx_dr.fsx.file_system import with_storage_types

from tests.backups import copy
from tests.fsx.replaying import AnsweringRegion, ReplayedRegion, described, recorded_body, recordings

ODD, SOUND = "backup-0123456789abcdef0", "backup-0fedcba9876543210"
ONTAP_LISTING = "c7n-fsx_backup_count_filter-fsx.DescribeBackups_1.json"
FILE_SYSTEM_BACKUP = "c7n-fsx_create_backup-fsx.DescribeBackups_1.json"


def region(*backups: dict[str, Any] | None) -> ReplayedRegion:
    return ReplayedRegion({"Backups": backups}, name="eu-west-1")


def volume(**ontap: Any) -> dict[str, Any]:
    return {
        "VolumeId": "fsvol-0302fda18a354bdbf",
        "FileSystemId": "fs-04e75277bcf51008f",
        "VolumeType": "ONTAP",
        "OntapConfiguration": ontap,
    }


# --- file system and volume of a backup ---


def test_file_system_backup_has_no_volume() -> None:
    (backup,) = ReplayedRegion.of(FILE_SYSTEM_BACKUP).backups()

    assert (backup.volume_id, backup.volume, backup.file_system_id) == (None, {}, "fs-002ccbccdcf032728")


def test_subject_is_volume_or_file_system() -> None:
    of_volume = copy(volume_id="fsvol-0302fda18a354bdbf", file_system_id="fs-04e75277bcf51008f")
    of_file_system = copy(file_system_id="fs-04e75277bcf51008f")

    subjects = [of_volume.subject, of_file_system.subject, copy(file_system_id=None).subject]

    assert subjects == ["fsvol-0302fda18a354bdbf", "fs-04e75277bcf51008f", ""]


def test_owner_id_falls_back_to_account_of_arn() -> None:
    (backup,) = ReplayedRegion.of(FILE_SYSTEM_BACKUP).backups()
    (nowhere,) = region(described(ResourceARN=None)).backups()

    assert backup.arn == "arn:aws:fsx:us-east-1:111122223333:backup/backup-0f759586d0481aeeb"
    assert (backup.owner_id, nowhere.owner_id) == ("111122223333", "")


def test_arn_falls_back_to_region_and_account() -> None:
    without_arn = described(SOUND, ResourceARN=None, OwnerId="111122223333")

    (listed,) = ReplayedRegion({"Backups": [without_arn]}, name="cn-north-1").backups()

    assert listed.arn == f"arn:aws-cn:fsx:cn-north-1:111122223333:backup/{SOUND}"


def test_tags_may_be_empty_or_without_value() -> None:
    with_tags = described(ODD, Tags=[{"Key": "team"}, {"Key": "tier", "Value": "gold"}])

    listed = list(region(with_tags, described(Tags=[])).backups())

    assert [backup.tags for backup in listed] == [{"team": "", "tier": "gold"}, {}]


# FSx for ONTAP User Guide, Copying backups: "Amazon FSx doesn't support copying backups of FlexGroup volumes."
# FSx for Lustre User Guide, Copying backups: "Backups of file systems using the Intelligent-Tiering storage class do
# not support backup copies." The members and values are those of the service model.
@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"Volume": volume(VolumeStyle="FLEXGROUP")}, "FlexGroup"),
        ({"FileSystem": {"FileSystemId": "fs-1", "StorageType": "INTELLIGENT_TIERING"}}, "Intelligent-Tiering"),
    ],
)
def test_uncopyable_backup_has_obstacle(members: dict[str, Any], reason: str) -> None:
    (backup,) = region(described(**members)).backups()

    assert reason in str(backup.copy_obstacle)


def test_other_backups_have_no_obstacle() -> None:
    (flex_vol,) = region(described(Volume=volume(VolumeStyle="FLEXVOL"))).backups()
    recorded = [*ReplayedRegion.of(ONTAP_LISTING).backups()]

    assert {backup.copy_obstacle for backup in [flex_vol, copy(), *recorded]} == {None}


# --- incomplete descriptions ---


@pytest.mark.parametrize("missing", ["CreationTime", "Lifecycle", "Type"])
def test_listing_skips_incomplete_backup_with_warning(missing: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        listed = list(region(described(ODD, **{missing: None}), described()).backups())

    assert [backup.id for backup in listed] == [SOUND]
    assert [(ODD in message, missing in message) for message in caplog.messages] == [(True, True)]


def test_backup_without_id_is_reported_by_arn(caplog: pytest.LogCaptureFixture) -> None:
    without_id = described(ODD, BackupId=None)

    listed = list(region(without_id, without_id | {"ResourceARN": ""}, None, described()).backups())

    assert [backup.id for backup in listed] == [SOUND]
    assert [ODD in message for message in caplog.messages] == [True, False, False]


def test_lookup_of_incomplete_backup_is_an_error() -> None:
    with pytest.raises(ServiceError, match=ODD) as refusal:
        region(described(ODD, CreationTime=None)).find([ODD])

    assert not isinstance(refusal.value, TransientError)


def test_lookup_fails_only_for_incomplete_backup() -> None:
    found = region(described(ODD, Lifecycle=None), described()).find_or_error([ODD, SOUND])

    assert isinstance(found[ODD], ServiceError)
    assert (getattr(found[SOUND], "id", None), len(found)) == (SOUND, 2)


def test_lookup_fails_if_answer_has_backup_without_id() -> None:
    """The backup without an id may be any of the requested ones."""
    with pytest.raises(ServiceError):
        region(described(ODD, BackupId=None, ResourceARN=None), described()).find([ODD, SOUND])


def test_invalid_time_is_a_transient_error() -> None:
    with pytest.raises(TransientError, match="eu-west-1"):
        list(region(described(CreationTime="yesterday")).backups())


# --- file systems ---


def test_file_systems_reads_all_pages() -> None:
    def answer(request: Mapping[str, Any]) -> dict[str, Any]:
        page = int(request.get("NextToken", 0))
        described_tags = [{"Key": "n", "Value": str(page)}]
        last = {"NextToken": str(page + 1)} if page < 2 else {}
        return {"FileSystems": [{"FileSystemId": f"fs-{page}", "Tags": described_tags}], **last}

    found = AnsweringRegion(answer).file_systems().values()

    assert [(one.id, one.tags) for one in found] == [(f"fs-{page}", {"n": str(page)}) for page in range(3)]


def test_file_systems_fails_if_page_fails() -> None:
    def answer(request: Mapping[str, Any]) -> dict[str, Any]:
        if "NextToken" not in request:
            return {"FileSystems": [{"FileSystemId": "fs-1"}], "NextToken": "1"}
        broken._status = 400  # noqa: SLF001  # the attribute of a replayed Region
        return {"__type": "ThrottlingException", "Message": "Rate exceeded"}

    broken = AnsweringRegion(answer)

    with pytest.raises(TransientError, match="DescribeFileSystems in eu-west-1"):
        broken.file_systems()


@pytest.mark.parametrize("file", recordings("DescribeFileSystems"))
def test_recorded_file_systems_have_tags(file: str) -> None:
    """Reading the tags needs no further permission and no further call."""
    recorded = {
        described["FileSystemId"]: {tag["Key"]: tag["Value"] for tag in described["Tags"]}
        for described in recorded_body(file)["FileSystems"]
    }

    found = ReplayedRegion.of(file).file_systems()

    assert {name: one.tags for name, one in found.items()} == recorded
    assert [name for name, tags in recorded.items() if "Name" not in tags] == []


@pytest.mark.parametrize("file", recordings("DescribeVolumes"))
def test_recorded_volumes_are_parsed(file: str) -> None:
    members = ("VolumeId", "FileSystemId", "VolumeType", "Name", "Lifecycle")
    recorded = [tuple(described[member] for member in members) for described in recorded_body(file)["Volumes"]]

    found = ReplayedRegion.of(file).volumes()

    assert [(v.id, v.file_system_id, v.type, v.name, v.lifecycle) for v in found] == recorded


def test_recorded_volumes_of_ontap_name_the_root_volume() -> None:
    found = ReplayedRegion.of("c7n-fsx_backup_count_filter-fsx.DescribeVolumes_1.json").volumes()

    assert [(volume.name, volume.ontap_type, volume.is_root) for volume in found] == [
        ("vol1", "RW", False),
        ("fsx_root", "RW", True),
    ]


def test_missing_tags_differ_from_empty_tags() -> None:
    listed = {"FileSystems": [{"FileSystemId": "fs-0123456789abcdef0"}, {"FileSystemId": "fs-1", "Tags": []}]}

    assert [one.tags for one in ReplayedRegion(listed).file_systems().values()] == [None, {}]


def test_backup_gets_storage_type_of_file_system() -> None:
    """Recorded file systems have a storage type; recorded backups do not."""
    zfs, gone, windows = (
        copy(id=f"backup-0000000000000000{n}", file_system_id=f"fs-{n}", file_system_type=kind, file_system={"a": "b"})
        for n, kind in enumerate(("OPENZFS", "OPENZFS", "WINDOWS"))
    )
    tiered = {name: FileSystem(id=name, storage_type="INTELLIGENT_TIERING") for name in ("fs-0", "fs-2")}

    found = with_storage_types([zfs, gone, windows], lambda: tiered)

    assert "Intelligent-Tiering" in str(found[0].copy_obstacle)
    assert found[1:] == [gone, windows]


def test_storage_types_are_looked_up_only_if_needed() -> None:
    known = copy(file_system_type="OPENZFS", file_system={"StorageType": "SSD"})
    windows, volume = copy(file_system_type="WINDOWS"), copy(file_system_type="ONTAP", volume_id="fsvol-1")

    assert with_storage_types([known, windows, volume], pytest.fail) == [known, windows, volume]


def test_recorded_file_systems_have_storage_type() -> None:
    found = ReplayedRegion.of("c7n-fsx_backup_count_filter-fsx.DescribeFileSystems_1.json").file_systems()

    assert [one.storage_type for one in found.values()] == ["SSD"] * 3


def test_copying_backup_without_source_takes_slot() -> None:
    """The copy in the documented example of CopyBackup is COPYING and has no SourceBackupId."""
    copying, creating = (copy(source_backup_id=None, lifecycle=lifecycle) for lifecycle in ("COPYING", "CREATING"))

    assert (copying.takes_slot, copying.is_running_copy) == (True, True)
    assert (creating.takes_slot, creating.is_running_copy) == (False, False)
    assert mismatch(copying, Facts(source_backup_id="", region=copying.region)) is not None

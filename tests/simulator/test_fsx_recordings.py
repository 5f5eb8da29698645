"""The rehearsal's descriptions have the members that recorded answers of AWS have, no fewer and no more.

Where nothing was recorded, what the rehearsal tells all the same is listed here by name.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.fsx import FsxService, ManualClock, model
from simulator.fsx.fixtures import AWAY, HOME, Clients

pytest_plugins = ["simulator.fsx.fixtures"]

RECORDED = Path(__file__).parents[1] / "recorded" / "aws"
NAMES = (
    "botocore-example-CopyBackup",
    "c7n-fsx_backup_count_filter-fsx.DescribeBackups_1",
    "c7n-fsx_backup_count_filter-fsx.DescribeFileSystems_1",
    "c7n-fsx_backup_count_filter-fsx.DescribeVolumes_1",
    "c7n-fsx_backup_delete-fsx.DeleteBackup_1",
    "c7n-fsx_backup_delete-fsx.DescribeBackups_1",
    "c7n-fsx_backup_tag-fsx.DescribeBackups_2",
    "c7n-fsx_backup_tag-fsx.TagResource_1",
    "c7n-fsx_create_backup-fsx.CreateBackup_1",
    "c7n-fsx_create_backup-fsx.DescribeBackups_1",
    "c7n-fsx_create_backup-fsx.DescribeFileSystems_1",
    "c7n-fsx_delete_file_system-fsx.DeleteFileSystem_1",
    "c7n-fsx_delete_file_system-fsx.DescribeBackups_1",
    "c7n-fsx_delete_file_system-fsx.DescribeFileSystems_2",
    "c7n-fsx_delete_file_system_lustre-fsx.DeleteFileSystem_1",
    "c7n-fsx_delete_file_system_lustre-fsx.DescribeFileSystems_1",
    "c7n-fsx_delete_file_system_lustre-fsx.DescribeFileSystems_2",
    "c7n-fsx_metrics_filter-fsx.DescribeFileSystems_1",
)
ANSWERS = {name: json.loads((RECORDED / f"{name}.json").read_text()) for name in NAMES}
MADE_UP_NAMES = "c7n-fsx_metrics_filter-fsx.DescribeFileSystems_1"
CONFIGURATIONS = {
    "WindowsConfiguration": "WINDOWS",
    "LustreConfiguration": "LUSTRE",
    "OpenZFSConfiguration": "OPENZFS",
    "OntapConfiguration": "ONTAP",
}
# Members of backups that only documents have: the service model, and for Windows what its file systems got since the
# recordings of 2018 (deployment types, storage types).
ASSUMED_OF_ALL = {"SizeInBytes"}
ASSUMED = {
    "WINDOWS": {
        "OwnerId",
        "ResourceType",
        "FileSystem.FileSystemType",
        "FileSystem.ResourceARN",
        "FileSystem.StorageType",
        "FileSystem.WindowsConfiguration.DeploymentType",
        "FileSystem.WindowsConfiguration.ThroughputCapacity",
    },
    "LUSTRE": {
        "ResourceType",
        "FileSystem.LustreConfiguration.CopyTagsToBackups",
        "FileSystem.LustreConfiguration.DailyAutomaticBackupStartTime",
        "FileSystem.LustreConfiguration.DataCompressionType",
    },
}
ASSUMED_OF_COPIES = {"SourceBackupId", "SourceBackupRegion"}


def members(value: Any, path: str = "") -> set[str]:
    """Return the names of all members, at any depth; of tags there is one name only."""
    if isinstance(value, list):
        return set().union(*(members(item, path) for item in value))
    if not isinstance(value, dict) or path.endswith("Tags."):
        return set()
    return {f"{path}{name}" for name in value}.union(*(members(value[name], f"{path}{name}.") for name in value))


def kind_of(described: dict[str, Any]) -> str:
    if "Volume" in described:
        return "ONTAP"
    return next(kind for name, kind in CONFIGURATIONS.items() if name in described.get("FileSystem", described))


def recorded(*names: str) -> Iterator[dict[str, Any]]:
    for answer in ANSWERS.values():
        for name in names:
            found = answer["body"].get(name, [])
            yield from found if isinstance(found, list) else [found]


def recorded_members(*names: str) -> dict[tuple[str, str], list[set[str]]]:
    found = defaultdict(list)
    for described in recorded(*names):
        found[kind_of(described), described["Lifecycle"]].append(members(described))
    return found


BACKUPS = recorded_members("Backup", "Backups")
FILE_SYSTEMS = recorded_members("FileSystems")


def seeded(service: FsxService, kind: str) -> str:
    return service.seed_backup(HOME, service.seed_file_system(HOME, kind))


def described(client: Clients, backup: str, region: str = HOME) -> dict[str, Any]:
    found: dict[str, Any] = client(region).describe_backups(BackupIds=[backup])["Backups"][0]
    return found


def test_the_recordings_are_of_these_kinds() -> None:
    assert BACKUPS.keys() == {
        ("WINDOWS", "AVAILABLE"),
        ("WINDOWS", "CREATING"),
        ("ONTAP", "AVAILABLE"),
        ("LUSTRE", "COPYING"),
    }
    kinds = {(kind, "AVAILABLE") for kind in CONFIGURATIONS.values()}
    assert FILE_SYSTEMS.keys() == {*kinds, ("WINDOWS", "DELETING"), ("LUSTRE", "DELETING")}


@pytest.mark.parametrize("name", [name for name in NAMES if name != MADE_UP_NAMES])
def test_recorded_answers_pass_for_right(name: str) -> None:
    action = model.operation(name.rpartition("-")[2].removeprefix("fsx.").split("_")[0])

    assert [str(found) for found in model.answer_violations(action, 200, ANSWERS[name]["body"])] == []


@pytest.mark.parametrize("kind", ["WINDOWS", "ONTAP"])
def test_an_available_backup_tells_what_recorded_ones_tell(
    fsx_client: Clients, fsx_service: FsxService, kind: str
) -> None:
    fsx_service.configure(terse_windows_backups=True)

    told = members(described(fsx_client, seeded(fsx_service, kind)))

    assert [told] == [*map(set, {frozenset(one) for one in BACKUPS[kind, "AVAILABLE"]})]


def test_a_backup_that_was_just_begun_tells_what_recorded_ones_tell(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock
) -> None:
    fsx_service.configure(terse_windows_backups=True)
    made = fsx_client(HOME).create_backup(FileSystemId=fsx_service.seed_file_system(HOME))["Backup"]
    seen = [members(described(fsx_client, made["BackupId"]))]
    fsx_clock.sleep(15)
    seen.append(members(described(fsx_client, made["BackupId"])))

    assert [members(made), seen[0]] == [BACKUPS["WINDOWS", "CREATING"][0]] * 2
    assert seen[1] - seen[0] == {"ProgressPercent"}


def test_a_copy_that_was_just_begun_tells_what_the_documented_one_tells(
    fsx_client: Clients, fsx_service: FsxService
) -> None:
    source = seeded(fsx_service, "LUSTRE")

    made = fsx_client(AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME)["Backup"]

    (documented,) = BACKUPS["LUSTRE", "COPYING"]
    assert documented - members(made) == set()
    assert members(made) - documented == ASSUMED["LUSTRE"] | ASSUMED_OF_ALL | ASSUMED_OF_COPIES


def test_what_was_not_recorded_of_windows_backups_is_what_windows_got_since(
    fsx_client: Clients, fsx_service: FsxService
) -> None:
    told = members(described(fsx_client, seeded(fsx_service, "WINDOWS")))

    assert told - BACKUPS["WINDOWS", "AVAILABLE"][0] == ASSUMED["WINDOWS"] | ASSUMED_OF_ALL


def test_openzfs_backups_of_which_none_was_recorded_are_like_the_others(
    fsx_client: Clients, fsx_service: FsxService
) -> None:
    openzfs = members(described(fsx_client, seeded(fsx_service, "OPENZFS")))
    lustre = members(described(fsx_client, seeded(fsx_service, "LUSTRE")))

    def general(told: set[str]) -> set[str]:
        return {name for name in told if "Configuration" not in name}

    def configured(told: set[str]) -> set[str]:
        return {name.partition("OpenZFSConfiguration.")[2] for name in told if "OpenZFSConfiguration." in name}

    assert general(openzfs) == general(lustre)
    assert configured(openzfs) <= configured(FILE_SYSTEMS["OPENZFS", "AVAILABLE"][0])


def test_a_backup_tells_in_numbers_and_lists_what_recorded_ones_tell(
    fsx_client: Clients, fsx_service: FsxService
) -> None:
    for kind in ("WINDOWS", "ONTAP"):
        told = described(fsx_client, seeded(fsx_service, kind))

        assert {one["ProgressPercent"] for one in recorded("Backups") if "ProgressPercent" in one} == {100}
        assert (told["ProgressPercent"], told["Tags"]) == (100, [])


def test_the_volume_in_a_backup_has_the_words_of_recorded_ones(fsx_client: Clients, fsx_service: FsxService) -> None:
    volume = described(fsx_client, seeded(fsx_service, "ONTAP"))["Volume"]
    (of_aws, *_) = (one["Volume"] for one in recorded("Backups") if "Volume" in one)

    assert {one["ResourceType"] for one in recorded("Backups") if "Volume" in one} == {"VOLUME"}
    assert volume["Lifecycle"] == of_aws["Lifecycle"] == "ACTIVE"
    assert of_aws["ResourceARN"].endswith(f":volume/{of_aws['VolumeId']}")
    assert volume["ResourceARN"].endswith(f":volume/{volume['VolumeId']}")


@pytest.mark.parametrize("kind", CONFIGURATIONS.values())
def test_a_file_system_tells_what_recorded_ones_tell(fsx_client: Clients, fsx_service: FsxService, kind: str) -> None:
    fsx_service.seed_file_system(HOME, kind)

    told = members(fsx_client(HOME).describe_file_systems()["FileSystems"])

    every = FILE_SYSTEMS[kind, "AVAILABLE"]
    assert set.intersection(*every) - told == set()
    assert told <= {name for one in every for name in one}


@pytest.mark.parametrize("kind", ["WINDOWS", "LUSTRE"])
def test_the_deletion_of_a_file_system_is_told_as_recorded(
    fsx_client: Clients, fsx_service: FsxService, kind: str
) -> None:
    file_system = fsx_service.seed_file_system(HOME, kind)

    answer = fsx_client(HOME).delete_file_system(FileSystemId=file_system)
    after = fsx_client(HOME).describe_file_systems()["FileSystems"][0]

    answer.pop("ResponseMetadata")
    assert members(answer) in [members(one["body"]) for name, one in ANSWERS.items() if "DeleteFileSystem" in name]
    assert ("WindowsResponse" in answer) == (kind == "WINDOWS")
    assert (answer["Lifecycle"], after["Lifecycle"]) == ("DELETING", "DELETING")
    assert set.intersection(*FILE_SYSTEMS[kind, "DELETING"]) - members(after) == set()


def test_volumes_tell_what_recorded_ones_tell(fsx_client: Clients, fsx_service: FsxService) -> None:
    fsx_service.seed_file_system(HOME, "ONTAP")

    told = {one["Name"]: one for one in fsx_client(HOME).describe_volumes()["Volumes"]}

    of_aws = {one["Name"]: one for one in recorded("Volumes")}
    assert {name: members(one) for name, one in told.items()} == {name: members(one) for name, one in of_aws.items()}
    assert {one["Lifecycle"] for one in [*told.values(), *of_aws.values()]} == {"CREATED"}
    assert of_aws["vol1"]["ResourceARN"].endswith(":volume/fs-04e75277bcf51008f/fsvol-0302fda18a354bdbf")
    volume = told["vol1"]
    assert volume["ResourceARN"].endswith(f":volume/{volume['FileSystemId']}/{volume['VolumeId']}")

"""The simulator's descriptions have exactly the members of AWS's recorded answers.

Members that were not recorded are listed here by name.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.fsx import FsxService, model
from simulator.fsx.fixtures import AWAY, HOME, Clients

pytest_plugins = ["simulator.fsx.fixtures"]

RECORDED = Path(__file__).parents[1] / "recorded" / "aws"
NAMES = (
    "botocore-example-CopyBackup",
    "c7n-fsx_backup_count_filter-fsx.DescribeBackups_1",
    "c7n-fsx_backup_count_filter-fsx.DescribeFileSystems_1",
    "c7n-fsx_backup_delete-fsx.DeleteBackup_1",
    "c7n-fsx_backup_delete-fsx.DescribeBackups_1",
    "c7n-fsx_backup_tag-fsx.DescribeBackups_2",
    "c7n-fsx_backup_tag-fsx.TagResource_1",
    "c7n-fsx_create_backup-fsx.DescribeBackups_1",
    "c7n-fsx_create_backup-fsx.DescribeFileSystems_1",
    "c7n-fsx_delete_file_system-fsx.DescribeBackups_1",
    "c7n-fsx_delete_file_system_lustre-fsx.DescribeFileSystems_1",
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
# Members of backups that are documented, but not recorded. The recordings of Windows are from 2018, before its file
# systems had deployment types and storage types.
ASSUMED_OF_ALL = {"SizeInBytes"}
ASSUMED = {
    "WINDOWS": {
        "OwnerId",
        "ResourceType",
        "FileSystem.FileSystemType",
        "FileSystem.ResourceARN",
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
    """Return the names of all members at any depth, without the members of single tags."""
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


@pytest.mark.parametrize("name", [name for name in NAMES if name != MADE_UP_NAMES])
def test_model_accepts_recorded_answers(name: str) -> None:
    action = model.operation(name.rpartition("-")[2].removeprefix("fsx.").split("_")[0])

    assert [str(found) for found in model.answer_violations(action, 200, ANSWERS[name]["body"])] == []


def test_backup_has_recorded_members(fsx_client: Clients, fsx_service: FsxService) -> None:
    windows, ontap = (described(fsx_client, seeded(fsx_service, kind)) for kind in ("WINDOWS", "ONTAP"))

    assert [members(ontap)] == [*map(set, {frozenset(one) for one in BACKUPS["ONTAP", "AVAILABLE"]})]
    assert members(windows) - BACKUPS["WINDOWS", "AVAILABLE"][0] == ASSUMED["WINDOWS"] | ASSUMED_OF_ALL
    assert BACKUPS["WINDOWS", "AVAILABLE"][0] - members(windows) == set()


@pytest.mark.parametrize(("tells", "of_copies"), [(True, ASSUMED_OF_COPIES), (False, set())])
def test_new_copy_has_documented_members(
    fsx_client: Clients, fsx_service: FsxService, of_copies: set[str], *, tells: bool
) -> None:
    fsx_service.configure(copying_tells_source=tells)
    source = seeded(fsx_service, "LUSTRE")

    made = fsx_client(AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME)["Backup"]

    (documented,) = BACKUPS["LUSTRE", "COPYING"]
    assert documented - members(made) == set()
    assert members(made) - documented == ASSUMED["LUSTRE"] | ASSUMED_OF_ALL | of_copies


def test_openzfs_backup_has_same_members_as_lustre(fsx_client: Clients, fsx_service: FsxService) -> None:
    # No such answer was recorded.
    openzfs, lustre = (members(described(fsx_client, seeded(fsx_service, kind))) for kind in ("OPENZFS", "LUSTRE"))

    configuration = {name.partition("OpenZFSConfiguration.")[2] for name in openzfs if "OpenZFSConfiguration." in name}
    # The documented copy of a Lustre file system has its storage type; recorded backups do not.
    assert {name for name in openzfs ^ lustre if "Configuration" not in name} == {"FileSystem.StorageType"}
    assert configuration <= {
        name.partition("OpenZFSConfiguration.")[2] for name in FILE_SYSTEMS["OPENZFS", "AVAILABLE"][0]
    }


@pytest.mark.parametrize("kind", ["WINDOWS", "ONTAP"])
def test_backup_has_recorded_progress_and_tags(fsx_client: Clients, fsx_service: FsxService, kind: str) -> None:
    shown = described(fsx_client, seeded(fsx_service, kind))

    assert {one["ProgressPercent"] for one in recorded("Backups") if "ProgressPercent" in one} == {100}
    assert (shown["ProgressPercent"], shown["Tags"]) == (100, [])


def test_volume_of_backup_has_recorded_values(fsx_client: Clients, fsx_service: FsxService) -> None:
    backup = described(fsx_client, seeded(fsx_service, "ONTAP"))
    of_aws = next(one for one in recorded("Backups") if "Volume" in one)

    assert backup["ResourceType"] == of_aws["ResourceType"] == "VOLUME"
    assert backup["Volume"]["Lifecycle"] == of_aws["Volume"]["Lifecycle"] == "ACTIVE"
    for volume in (backup["Volume"], of_aws["Volume"]):
        assert volume["ResourceARN"].endswith(f":volume/{volume['VolumeId']}")


@pytest.mark.parametrize("kind", CONFIGURATIONS.values())
def test_file_system_has_recorded_members(fsx_client: Clients, fsx_service: FsxService, kind: str) -> None:
    fsx_service.seed_file_system(HOME, kind)

    shown = members(fsx_client(HOME).describe_file_systems()["FileSystems"])

    every = FILE_SYSTEMS[kind, "AVAILABLE"]
    assert set.intersection(*every) - shown == set()
    assert shown <= {name for one in every for name in one}

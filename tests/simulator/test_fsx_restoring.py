"""CreateFileSystemFromBackup and DeleteFileSystem play a restore from end to end."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY, COPY_SECONDS, HOME, Clients

pytest_plugins = ["simulator.fsx.fixtures"]

SUBNET, OTHER_SUBNET = "subnet-0a0a0a0a0a0a0a0a0", "subnet-0b0b0b0b0b0b0b0b0"
UNKNOWN_KEY = "arn:aws:kms:eu-west-1:123456789012:key/0d5f1c2e-0000-4000-8000-000000000000"
NEEDED: dict[str, dict[str, Any]] = {
    "WINDOWS": {"WindowsConfiguration": {"ThroughputCapacity": 64}},
    "LUSTRE": {},
    "OPENZFS": {"OpenZFSConfiguration": {"DeploymentType": "SINGLE_AZ_2", "ThroughputCapacity": 320}},
}
# How each type is deleted without a final backup and, of OpenZFS, with all that it holds.
WHOLLY: dict[str, dict[str, Any]] = {
    "WINDOWS": {"WindowsConfiguration": {"SkipFinalBackup": True}},
    "LUSTRE": {},
    "OPENZFS": {"OpenZFSConfiguration": {"SkipFinalBackup": True, "Options": ["DELETE_CHILD_VOLUMES_AND_SNAPSHOTS"]}},
}
WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "a backup that there is not": ("LUSTRE", {"BackupId": "backup-0123456789abcdef0"}, "BackupNotFound"),
    "no throughput": ("WINDOWS", {"WindowsConfiguration": None}, "MissingFileSystemConfiguration"),
    "the configuration of another type": ("LUSTRE", NEEDED["WINDOWS"], "BadRequest"),
    "a second subnet": ("LUSTRE", {"SubnetIds": [SUBNET, OTHER_SUBNET]}, "InvalidNetworkSettings"),
    "one subnet for two zones": (
        "WINDOWS",
        {"WindowsConfiguration": {"ThroughputCapacity": 64, "DeploymentType": "MULTI_AZ_1"}},
        "InvalidNetworkSettings",
    ),
    "a preferred subnet that is not among them": (
        "WINDOWS",
        {
            "SubnetIds": [SUBNET, OTHER_SUBNET],
            "WindowsConfiguration": {
                "ThroughputCapacity": 64,
                "DeploymentType": "MULTI_AZ_1",
                "PreferredSubnetId": "subnet-0c0c0c0c0c0c0c0c0",
            },
        },
        "InvalidNetworkSettings",
    ),
    "no operations a second": (
        "OPENZFS",
        {
            "OpenZFSConfiguration": {
                "DeploymentType": "SINGLE_AZ_2",
                "ThroughputCapacity": 320,
                "DiskIopsConfiguration": {"Mode": "AUTOMATIC", "Iops": 0},
            }
        },
        "BadRequest",
    ),
    "less capacity": ("OPENZFS", {"StorageCapacity": 600}, "BadRequest"),
    "other capacity": ("LUSTRE", {"StorageCapacity": 2400}, "BadRequest"),
    "storage that no backup holds": ("LUSTRE", {"LustreConfiguration": {"DeploymentType": "SCRATCH_2"}}, "BadRequest"),
    "a key that there is not": ("LUSTRE", {"KmsKeyId": UNKNOWN_KEY}, "BadRequest"),
    "no subnets": ("LUSTRE", {"SubnetIds": None}, "ValidationException"),
}


def restore(client: Any, kind: str, backup: str, **changes: Any) -> Any:
    request = {"BackupId": backup, "SubnetIds": [SUBNET]} | NEEDED[kind] | changes
    given = {name: value for name, value in request.items() if value is not None}
    return client.create_file_system_from_backup(**given)["FileSystem"]


def refused(action: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refusal:
        action(*args, **kwargs)
    return {**refusal.value.response, **refusal.value.response["Error"]}


def file_systems(client: Any) -> dict[str, str]:
    return {one["FileSystemId"]: one["Lifecycle"] for one in client.describe_file_systems()["FileSystems"]}


def seed(service: FsxService, kind: str, deployment: str | None = None) -> str:
    return service.seed_backup(HOME, service.seed_file_system(HOME, kind, deployment=deployment))


@pytest.mark.parametrize("kind", NEEDED)
def test_a_copy_becomes_a_file_system_and_goes_again(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock, kind: str
) -> None:
    client = fsx_client()
    source = seed(fsx_service, kind)
    copy = client.copy_backup(SourceBackupId=source, SourceRegion=HOME)["Backup"]["BackupId"]
    fsx_clock.sleep(COPY_SECONDS)

    made = restore(client, kind, copy, Tags=[{"Key": "drill", "Value": "yes"}])
    name = made["FileSystemId"]
    seen = [file_systems(client)]
    restoring = refused(client.delete_backup, BackupId=copy)
    fsx_clock.sleep(60)
    seen.append(file_systems(client))
    client.delete_backup(BackupId=copy)
    client.delete_file_system(FileSystemId=name, **WHOLLY[kind])
    seen.append(file_systems(client))
    fsx_clock.sleep(30)
    seen.append(file_systems(client))

    assert [one.get(name) for one in seen] == ["CREATING", "AVAILABLE", "DELETING", None]
    assert (restoring["Code"], restoring["FileSystemId"]) == ("BackupRestoring", name)
    assert (made["FileSystemType"], made["SubnetIds"]) == (kind, [SUBNET])
    assert made["Tags"] == [{"Key": "drill", "Value": "yes"}]
    assert fsx_service.backups(AWAY) == []


def test_a_file_system_is_restored_as_it_was_except_for_what_is_asked_for(
    fsx_client: Clients, fsx_service: FsxService
) -> None:
    backup = seed(fsx_service, "WINDOWS")
    directory = {"DomainName": "corp.example.com", "UserName": "join", "Password": "secret", "DnsIps": ["10.0.0.1"]}
    asked = {"ThroughputCapacity": 64, "SelfManagedActiveDirectoryConfiguration": directory, "Aliases": ["files.corp"]}

    made = restore(fsx_client(HOME), "WINDOWS", backup, WindowsConfiguration=asked, StorageType="HDD")

    configured = made["WindowsConfiguration"]
    directory.pop("Password")
    assert (configured["ThroughputCapacity"], configured["AutomaticBackupRetentionDays"]) == (64, 7)
    assert configured["SelfManagedActiveDirectoryConfiguration"] == directory
    assert configured["PreferredSubnetId"] == SUBNET
    assert configured["RemoteAdministrationEndpoint"] == made["DNSName"]
    assert made["DNSName"].startswith(made["FileSystemId"])
    assert made["StorageType"] == "HDD"


def test_a_multi_az_file_system_is_restored_into_two_subnets(fsx_client: Clients, fsx_service: FsxService) -> None:
    backup = seed(fsx_service, "WINDOWS", "MULTI_AZ_1")
    subnets = [SUBNET, OTHER_SUBNET]
    asked = {"ThroughputCapacity": 64, "PreferredSubnetId": OTHER_SUBNET}

    made = restore(fsx_client(HOME), "WINDOWS", backup, SubnetIds=subnets, WindowsConfiguration=asked)

    assert (made["SubnetIds"], made["WindowsConfiguration"]["PreferredSubnetId"]) == (subnets, OTHER_SUBNET)


def test_openzfs_may_get_more_capacity(fsx_client: Clients, fsx_service: FsxService) -> None:
    made = restore(fsx_client(HOME), "OPENZFS", seed(fsx_service, "OPENZFS"), StorageCapacity=2400)

    assert made["StorageCapacity"] == 2400


@pytest.mark.parametrize(("kind", "changes", "code"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_restored_so_is_refused(
    fsx_client: Clients, fsx_service: FsxService, kind: str, changes: dict[str, Any], code: str
) -> None:
    backup = seed(fsx_service, kind)

    assert refused(restore, fsx_client(HOME), kind, **{"backup": backup, **changes})["Code"] == code
    assert len(fsx_service.file_systems(HOME)) == 1


@pytest.mark.parametrize("lifecycle", ["CREATING", "COPYING", "FAILED"])
def test_only_an_available_backup_is_restored(fsx_client: Clients, fsx_service: FsxService, lifecycle: str) -> None:
    backup = seed(fsx_service, "LUSTRE")
    fsx_service.set_lifecycle(HOME, backup, lifecycle)

    assert refused(restore, fsx_client(HOME), "LUSTRE", backup)["Code"] == "BadRequest"


def test_the_backup_of_a_volume_is_not_restored_to_a_file_system(fsx_client: Clients, fsx_service: FsxService) -> None:
    backup = seed(fsx_service, "ONTAP")

    assert refused(restore, fsx_client(HOME), "LUSTRE", backup)["Code"] == "BadRequest"


def test_a_token_restores_once(fsx_client: Clients, fsx_service: FsxService) -> None:
    client, backup = fsx_client(HOME), seed(fsx_service, "LUSTRE")
    first = restore(client, "LUSTRE", backup, ClientRequestToken="token")

    again = restore(client, "LUSTRE", backup, ClientRequestToken="token")
    other = refused(restore, client, "LUSTRE", backup, ClientRequestToken="token", StorageType="HDD")

    assert again["FileSystemId"] == first["FileSystemId"]
    assert other["Code"] == "IncompatibleParameterError"
    assert [entry["made"] for entry in fsx_service.journal(HOME, "CreateFileSystemFromBackup")] == [
        first["FileSystemId"],
        first["FileSystemId"],
        None,
    ]


@pytest.mark.parametrize(
    ("kind", "asked", "made"),
    [
        ("WINDOWS", {}, 1),
        ("WINDOWS", {"WindowsConfiguration": {"SkipFinalBackup": True}}, 0),
        ("LUSTRE", {}, 0),
        ("LUSTRE", {"LustreConfiguration": {"SkipFinalBackup": False}}, 1),
        ("OPENZFS", {"OpenZFSConfiguration": {"Options": ["DELETE_CHILD_VOLUMES_AND_SNAPSHOTS"]}}, 1),
    ],
)
def test_a_last_backup_is_made_where_the_type_has_one_by_default_or_one_is_wanted(
    fsx_client: Clients, fsx_service: FsxService, kind: str, asked: dict[str, Any], made: int
) -> None:
    # The service model, DeleteFileSystemWindowsConfiguration$SkipFinalBackup and its siblings.
    file_system = fsx_service.seed_file_system(HOME, kind)

    answer = fsx_client(HOME).delete_file_system(FileSystemId=file_system, **asked)

    backups = [view["id"] for view in fsx_service.backups(HOME)]
    told = [answer[name]["FinalBackupId"] for name in answer if name.endswith("Response")]
    assert (len(backups), told) == (made, backups)


def test_the_tags_of_a_last_backup_are_told(fsx_client: Clients, fsx_service: FsxService) -> None:
    tags = [{"Key": "last", "Value": "yes"}]

    answer = fsx_client(HOME).delete_file_system(
        FileSystemId=fsx_service.seed_file_system(HOME), WindowsConfiguration={"FinalBackupTags": tags}
    )

    assert answer["WindowsResponse"]["FinalBackupTags"] == tags
    assert fsx_service.backups(HOME)[0]["tags"] == {"last": "yes"}


def test_a_file_system_that_is_still_made_has_no_last_backup(fsx_client: Clients, fsx_service: FsxService) -> None:
    client = fsx_client(HOME)
    made = restore(client, "WINDOWS", seed(fsx_service, "WINDOWS"))["FileSystemId"]

    refusal = refused(client.delete_file_system, FileSystemId=made)
    client.delete_file_system(FileSystemId=made, **WHOLLY["WINDOWS"])

    # Recorded in these words.
    assert refusal["Message"] == f"Cannot take final backup while {made} is in CREATING"
    assert file_systems(client)[made] == "DELETING"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        # Recorded in these words.
        (WHOLLY["WINDOWS"], "WindowsConfiguration cannot be applied to delete a OPENZFS file system."),
        ({}, "DELETE_CHILD_VOLUMES_AND_SNAPSHOTS"),
    ],
)
def test_openzfs_is_deleted_with_its_own_configuration_only(
    fsx_client: Clients, fsx_service: FsxService, asked: dict[str, Any], message: str
) -> None:
    file_system = fsx_service.seed_file_system(HOME, "OPENZFS")

    refusal = refused(fsx_client(HOME).delete_file_system, FileSystemId=file_system, **asked)

    assert refusal["Code"] == "BadRequest"
    assert message in refusal["Message"]


def test_a_file_system_that_is_gone_is_not_deleted_again(
    fsx_client: Clients, fsx_service: FsxService, fsx_clock: ManualClock
) -> None:
    client = fsx_client(HOME)
    file_system = fsx_service.seed_file_system(HOME, "LUSTRE")
    answers = [client.delete_file_system(FileSystemId=file_system)["Lifecycle"] for _ in range(2)]
    fsx_clock.sleep(30)

    assert answers == ["DELETING", "DELETING"]
    assert refused(client.delete_file_system, FileSystemId=file_system)["Code"] == "FileSystemNotFound"
    assert fsx_service.file_systems(HOME) == []

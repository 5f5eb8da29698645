"""RestoredFileSystem: its backup and settings, and which changes have no effect later."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pulumi
import pulumi_aws
import pytest
from pulumi_fsx_dr.errors import InvalidSettingsError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.restore import RestoredFileSystem, RestoredFileSystemArgs
from pulumi_fsx_dr.restore import restored_file_system as restore
from pulumi_fsx_dr.restore.kinds import KINDS

from simulator.fsx import FsxService, ManualClock, in_process
from tests.recording import RecordingEngine, Registration

REGION = "eu-west-1"
BACKUP_ID = "backup-0123456789abcdef0"
KEY = f"arn:aws:kms:{REGION}:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
WINDOWS = "aws:fsx/windowsFileSystem:WindowsFileSystem"
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
OPENZFS = "aws:fsx/openZfsFileSystem:OpenZfsFileSystem"
TYPES = {"WINDOWS": WINDOWS, "LUSTRE": LUSTRE, "OPENZFS": OPENZFS}
SUBNETS = ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]

RECORDED: Mapping[str, Mapping[str, Any]] = {
    "WINDOWS": {
        "StorageCapacity": 2000,
        "StorageType": "HDD",
        "KmsKeyId": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "WindowsConfiguration": {
            "DeploymentType": "SINGLE_AZ_2",
            "ThroughputCapacity": 32,
            "ActiveDirectoryId": "d-9067a1b2c3",
            "PreferredSubnetId": "subnet-0ccccccccccccccccc",
            "WeeklyMaintenanceStartTime": "7:04:00",
            "DailyAutomaticBackupStartTime": "02:00",
            "AutomaticBackupRetentionDays": 14,
            "CopyTagsToBackups": True,
            "DiskIopsConfiguration": {"Mode": "AUTOMATIC", "Iops": 24},
            "Aliases": [{"Name": "files.example.com", "Lifecycle": "AVAILABLE"}],
        },
    },
    "LUSTRE": {
        "StorageCapacity": 1200,
        "StorageType": "SSD",
        "FileSystemTypeVersion": "2.15",
        "LustreConfiguration": {
            "DeploymentType": "PERSISTENT_2",
            "PerUnitStorageThroughput": 125,
            "DataCompressionType": "LZ4",
            "CopyTagsToBackups": False,
            "AutomaticBackupRetentionDays": 0,
            "DailyAutomaticBackupStartTime": "02:00",
            "MetadataConfiguration": {"Mode": "USER_PROVISIONED", "Iops": 1500},
            "RootSquashConfiguration": {"RootSquash": "65534:65534", "NoSquashNids": ["10.0.1.6@tcp"]},
            "MountName": "fsx",
        },
    },
    "OPENZFS": {
        "StorageCapacity": 64,
        "StorageType": "SSD",
        "OpenZFSConfiguration": {
            "DeploymentType": "MULTI_AZ_1",
            "ThroughputCapacity": 160,
            "CopyTagsToVolumes": True,
            "EndpointIpAddressRange": "198.19.255.0/24",
            "RouteTableIds": ["rtb-0123456789abcdef0"],
            "RootVolumeId": "fsvol-0123456789abcdef0",
        },
    },
}
SELF_MANAGED = {
    "DomainName": "corp.example.com",
    "OrganizationalUnitDistinguishedName": "OU=FSx,DC=corp,DC=example,DC=com",
    "UserName": "svc-fsx",
    "DnsIps": ["10.0.0.10"],
    "DomainJoinServiceAccountSecret": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:join",
}


def backup_of(kind: str, **configuration: Any) -> Backup:
    """Return an AVAILABLE backup with a recorded file system, changed by `configuration`."""
    file_system = dict(RECORDED[kind])
    member = KINDS[kind].configuration
    file_system[member] = file_system[member] | configuration
    return Backup(
        id=BACKUP_ID,
        arn=f"arn:aws:fsx:{REGION}:111122223333:backup/{BACKUP_ID}",
        lifecycle="AVAILABLE",
        type="USER_INITIATED",
        creation_time=datetime(2026, 11, 1, tzinfo=UTC),
        owner_id="111122223333",
        region=REGION,
        kms_key_arn=KEY,
        file_system_id="fs-0123456789abcdef0",
        file_system_type=kind,
        file_system=file_system,
    )


VOLUME = replace(backup_of("WINDOWS"), file_system_type="ONTAP", file_system={})
WITH_DIRECTORY = backup_of("WINDOWS", ActiveDirectoryId=None, SelfManagedActiveDirectoryConfiguration=SELF_MANAGED)


def args_of(kind: Any, **more: Any) -> RestoredFileSystemArgs:
    subnets = SUBNETS if kind == "OPENZFS" else SUBNETS[:1]
    args: Any = {"backup_id": BACKUP_ID, "kind": kind, "region": REGION, "subnet_ids": subnets, **more}
    return args  # type: ignore[no-any-return]  # the constructor checks it


def restored(
    backup: Backup | None,
    args: RestoredFileSystemArgs,
    options: pulumi.ResourceOptions | None = None,
    engine: RecordingEngine | None = None,
) -> Registration:
    """Restore a backup with a recording engine, and return the registration of the file system."""
    engine = engine or RecordingEngine()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restore, "find_backup", lambda *_: backup)
        engine.run(lambda: RestoredFileSystem("files", args, options).dns_name)
    return engine.registered[-1]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "WINDOWS",
            {
                "subnetIds": SUBNETS[:1],
                "storageType": "HDD",
                "deploymentType": "SINGLE_AZ_2",
                "throughputCapacity": 32,
                "activeDirectoryId": "d-9067a1b2c3",
                "weeklyMaintenanceStartTime": "7:04:00",
                "dailyAutomaticBackupStartTime": "02:00",
                "automaticBackupRetentionDays": 14,
                "copyTagsToBackups": True,
            },
        ),
        (
            "LUSTRE",
            {
                "subnetIds": SUBNETS[0],
                "storageType": "SSD",
                "deploymentType": "PERSISTENT_2",
                "perUnitStorageThroughput": 125,
                "dataCompressionType": "LZ4",
                "copyTagsToBackups": False,
                "automaticBackupRetentionDays": 0,
                "metadataConfiguration": {"mode": "USER_PROVISIONED", "iops": 1500},
                "rootSquashConfiguration": {"rootSquash": "65534:65534", "noSquashNids": ["10.0.1.6@tcp"]},
                "skipFinalBackup": False,
            },
        ),
        (
            "OPENZFS",
            {
                "subnetIds": SUBNETS,
                "preferredSubnetId": SUBNETS[0],
                "storageType": "SSD",
                "storageCapacity": 64,
                "deploymentType": "MULTI_AZ_1",
                "throughputCapacity": 160,
                "copyTagsToVolumes": True,
                "automaticBackupRetentionDays": 0,
            },
        ),
    ],
)
def test_restore_uses_settings_of_backup(kind: str, expected: dict[str, Any]) -> None:
    """Key, subnet, addresses and aliases belong to the source Region and are not used."""
    made = restored(backup_of(kind), args_of(kind, security_group_ids=["sg-1"], tags={"team": "media"}))

    given = {"backupId": BACKUP_ID, "region": REGION, "securityGroupIds": ["sg-1"], "tags": {"team": "media"}}
    assert made.inputs == {**given, "kmsKeyId": KEY, **expected}
    assert made.type == TYPES[kind]


@pytest.mark.parametrize("kind", ["WINDOWS", "OPENZFS"])
def test_restore_keeps_only_provisioned_iops(kind: str) -> None:
    """pulumi-aws would send 0 Iops with the mode AUTOMATIC, which FSx refuses, so the block is omitted.

    hashicorp/terraform-provider-aws, internal/service/fsx/windows_file_system.go, expandWindowsDiskIopsConfiguration,
    and openzfs_file_system.go, expandOpenZFSFileDiskIopsConfiguration always send Iops. Its issue 30435 has FSx's
    answer: "Value '0' at 'openZFSConfiguration.diskIopsConfiguration.iops' failed to satisfy constraint: Member must
    have value greater than or equal to 1."
    """
    automatic = restored(backup_of(kind, DiskIopsConfiguration={"Mode": "AUTOMATIC", "Iops": 192}), args_of(kind))
    paid_for = {"Mode": "USER_PROVISIONED", "Iops": 20000}
    provisioned = restored(backup_of(kind, DiskIopsConfiguration=paid_for), args_of(kind))

    assert "diskIopsConfiguration" not in automatic.inputs
    assert "diskIopsConfiguration" in automatic.ignored
    assert provisioned.inputs["diskIopsConfiguration"] == {"mode": "USER_PROVISIONED", "iops": 20000}


@pytest.mark.parametrize("kind", ["WINDOWS", "OPENZFS"])
def test_restore_keeps_network_type(kind: str) -> None:
    recorded = backup_of(kind)
    dual = replace(recorded, file_system={**recorded.file_system, "NetworkType": "DUAL"})

    assert restored(dual, args_of(kind)).inputs["networkType"] == "DUAL"


@pytest.mark.parametrize("kind", KINDS)
def test_restore_keeps_automatic_backups_off(kind: str) -> None:
    """AWS omits the days if automatic backups are off (recorded: c7n-fsx_consecutive_aws_backups_count_filter)."""
    recorded = backup_of(kind)
    member = KINDS[kind].configuration
    off = {name: value for name, value in recorded.file_system[member].items() if "AutomaticBackup" not in name}

    inputs = restored(replace(recorded, file_system={**recorded.file_system, member: off}), args_of(kind)).inputs

    assert inputs["automaticBackupRetentionDays"] == 0
    assert "dailyAutomaticBackupStartTime" not in inputs


@pytest.mark.parametrize(
    ("storage_type", "cache", "sent"),
    [("SSD", "NONE", None), (None, "NONE", None), (None, "READ", "READ"), ("HDD", "NONE", "NONE")],
)
def test_restore_omits_drive_cache_for_ssd(storage_type: str | None, cache: str, sent: str | None) -> None:
    recorded = backup_of("LUSTRE", DriveCacheType=cache, DeploymentType="PERSISTENT_1")
    made = replace(recorded, file_system={**recorded.file_system, "StorageType": storage_type})

    assert restored(made, args_of("LUSTRE")).inputs.get("driveCacheType") == sent


OTHER_KEY = f"arn:aws:kms:{REGION}:111122223333:key/12345678-1234-1234-1234-1234567890ff"


def test_given_settings_override_recorded_ones() -> None:
    settings = {"throughput_capacity": 512, "automatic_backup_retention_days": 0, "skip_final_backup": True}

    inputs = restored(backup_of("WINDOWS"), args_of("WINDOWS", settings=settings, kms_key_id=OTHER_KEY)).inputs

    assert (inputs["throughputCapacity"], inputs["skipFinalBackup"]) == (512, True)
    assert inputs["kmsKeyId"] == OTHER_KEY
    assert inputs["automaticBackupRetentionDays"] == 0
    assert "dailyAutomaticBackupStartTime" not in inputs


@pytest.mark.parametrize("kind", KINDS)
def test_newer_copy_does_not_change_file_system(kind: str) -> None:
    made = restored(backup_of(kind), args_of(kind))
    other = restored(backup_of(kind, WeeklyMaintenanceStartTime="1:01:00"), args_of(kind))

    assert made.inputs.keys() - set(made.ignored) - {"skipFinalBackup"} == {"region", "subnetIds"}
    assert {"backupId", "storageCapacity"} <= set(made.ignored)
    assert other.ignored == made.ignored


def test_given_arguments_can_change_later() -> None:
    settings = {"throughput_capacity": 64, "storage_capacity": 4000, "deployment_type": "SINGLE_AZ_2"}

    made = restored(backup_of("WINDOWS"), args_of("WINDOWS", settings=settings, kms_key_id=KEY, tags={"a": "b"}))

    in_effect = {"throughputCapacity", "storageCapacity", "deploymentType", "kmsKeyId", "tags", "subnetIds", "region"}
    assert in_effect.isdisjoint(made.ignored)


@pytest.mark.parametrize(
    ("options", "protected"),
    [
        (None, True),
        (pulumi.ResourceOptions(), True),
        (pulumi.ResourceOptions(protect=True), True),
        (pulumi.ResourceOptions(protect=False), False),
    ],
)
def test_restored_file_system_is_protected_by_default(
    options: pulumi.ResourceOptions | None, *, protected: bool
) -> None:
    """Changing security groups, subnets or key would replace the file system.

    They are ForceNew in hashicorp/terraform-provider-aws, internal/service/fsx/windows_file_system.go,
    lustre_file_system.go and openzfs_file_system.go.
    """
    assert restored(backup_of("WINDOWS"), args_of("WINDOWS"), options).protected is protected


def test_final_backup_of_lustre_can_be_skipped() -> None:
    """It is made by default, as for the other types; the default of pulumi_aws is to skip it."""
    skipped = restored(backup_of("LUSTRE"), args_of("LUSTRE", settings={"skip_final_backup": True}))

    assert skipped.inputs["skipFinalBackup"] is True


def test_directory_is_completed_and_password_is_secret() -> None:
    given = {"self_managed_active_directory": {"password": "hunter2", "dns_ips": ["10.9.0.10"]}}

    made = restored(WITH_DIRECTORY, args_of("WINDOWS", settings=given))

    assert made.inputs["selfManagedActiveDirectory"] == {
        "domainName": "corp.example.com",
        "organizationalUnitDistinguishedName": "OU=FSx,DC=corp,DC=example,DC=com",
        "username": "svc-fsx",
        "dnsIps": ["10.9.0.10"],
        "password": "hunter2",
    }
    assert made.secrets == {"selfManagedActiveDirectory.password"}
    assert [path for path in made.ignored if path.startswith("selfManaged")] == [
        "selfManagedActiveDirectory.domainName",
        "selfManagedActiveDirectory.fileSystemAdministratorsGroup",
        "selfManagedActiveDirectory.organizationalUnitDistinguishedName",
        "selfManagedActiveDirectory.username",
    ]


def test_given_directory_replaces_recorded_one() -> None:
    by_secret = {"self_managed_active_directory": {"domain_join_service_account_secret": "arn:of-the-dr-region"}}
    other = {"self_managed_active_directory": {"password": "hunter2", "domain_name": "dr.example.com"}}

    directory = restored(WITH_DIRECTORY, args_of("WINDOWS", settings=by_secret)).inputs["selfManagedActiveDirectory"]
    made = restored(backup_of("WINDOWS"), args_of("WINDOWS", settings=other))

    assert directory["domainJoinServiceAccountSecret"] == "arn:of-the-dr-region"
    assert directory.keys().isdisjoint({"username", "password"})
    assert "activeDirectoryId" not in {*made.inputs, *made.ignored}


DIRECTORY = {"self_managed_active_directory": {"password_wo": "hunter2", "password_wo_version": 1}}
URN = f"urn:pulumi:prod::dr::pulumi-fsx-dr:index:RestoredFileSystem${WINDOWS}::files"


def unreachable(*_: Any) -> None:
    raise ServiceError("FSx DescribeBackups in eu-west-1 got no answer (connection refused): try again later.")


@pytest.mark.parametrize(
    "find_backup",
    [lambda *_: None, unreachable, lambda *_: replace(backup_of("WINDOWS"), lifecycle="DELETED")],
    ids=["gone", "unreachable", "deleted"],
)
@pytest.mark.parametrize("urn", [URN, URN.replace("files", "old")], ids=["same name", "aliased name"])
def test_restored_file_system_does_not_need_its_backup(
    urn: str, find_backup: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For an ignored input, the engine uses the value of its last run (pulumi/pulumi, step_generator.go)."""
    made = restored(WITH_DIRECTORY, args_of("WINDOWS", settings=DIRECTORY))
    engine = RecordingEngine(held={urn: {"type": WINDOWS, "outputs": {"backupId": BACKUP_ID}}})
    monkeypatch.setattr(restore, "find_backup", find_backup)

    tagged = args_of("WINDOWS", settings=DIRECTORY, tags={"failed": "over"})
    engine.run(lambda: RestoredFileSystem("files", tagged).dns_name)

    assert engine.only(WINDOWS).with_ignored_of(made) == {**made.inputs, "tags": {"failed": "over"}}


@pytest.mark.parametrize(
    "held",
    [
        pytest.param({}, id="empty stack"),
        pytest.param({URN.replace("files", "other"): {"type": WINDOWS, "outputs": {}}}, id="other file system"),
        pytest.param(
            {URN.replace(WINDOWS, LUSTRE): {"type": LUSTRE, "outputs": {"backupId": BACKUP_ID}}}, id="other type"
        ),
    ],
)
def test_new_file_system_requires_its_backup(held: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettingsError, match=BACKUP_ID):
        restored(None, args_of("WINDOWS"), engine=RecordingEngine(held=held))


def test_file_system_in_component_is_found_in_state(monkeypatch: pytest.MonkeyPatch) -> None:
    class Site(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("dr:index:Site", "site")
            self.files = RestoredFileSystem("a::b", args_of("WINDOWS"), pulumi.ResourceOptions(parent=self))

    monkeypatch.setattr(restore, "find_backup", lambda *_: None)
    types = f"dr:index:Site$pulumi-fsx-dr:index:RestoredFileSystem${WINDOWS}"
    engine = RecordingEngine(held={f"urn:pulumi:prod::dr::{types}::a::b": {"type": WINDOWS, "outputs": {}}})

    engine.run(lambda: Site().files.dns_name)

    assert engine.only(WINDOWS).name == "a::b"


def test_preview_does_not_look_up_unknown_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(restore, "find_backup", lambda backup_id, _region: asked.append(backup_id))
    unknown: Any = pulumi.UNKNOWN
    to_be_made: pulumi.Output[str] = pulumi.Output.from_input(unknown)
    engine = RecordingEngine()

    engine.run(lambda: RestoredFileSystem("files", args_of("WINDOWS", backup_id=to_be_made)), preview=True)

    assert asked == []
    assert engine.only(WINDOWS).inputs["throughputCapacity"] == pulumi.runtime.rpc.UNKNOWN


def test_component_has_outputs_of_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restore, "find_backup", lambda *_: backup_of("WINDOWS"))
    engine, seen = RecordingEngine(), list[Any]()

    def program() -> pulumi.Output[None]:
        made = RestoredFileSystem("files", args_of("WINDOWS"))
        return pulumi.Output.all(made.id, made.arn, made.dns_name, made.region, made.backup_id).apply(seen.extend)

    engine.run(program)

    arn = f"arn:aws:made:{REGION}:111122223333:files"
    assert seen == ["files-id", arn, "files.example.com", REGION, BACKUP_ID]
    component, file_system = engine.registered
    assert (component.type, component.name) == ("pulumi-fsx-dr:index:RestoredFileSystem", "files")
    assert (file_system.name, file_system.create_timeout) == ("files", "24h")


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (args_of("ONTAP"), "CreateVolumeFromBackup"),
        (args_of("ZFS"), "WINDOWS, LUSTRE, OPENZFS"),
        (args_of("WINDOWS", settings={"trhoughput": 8}), "trhoughput"),
        (args_of("LUSTRE", settings={"subnet_ids": ["s"]}), "subnet_ids"),
        (args_of("LUSTRE", settings={"deployment_type": "SCRATCH_2"}), "SCRATCH_2"),
        (args_of("WINDOWS", settings={"self_managed_active_directory": {"dns_ips": ["1"]}}), "password"),
        (args_of("WINDOWS", settings={"self_managed_active_directory": "corp"}), "self_managed_active_directory"),
        (
            args_of("WINDOWS", settings={"self_managed_active_directory": {"password_wo": "hunter2"}}),
            "password_wo_version",
        ),
    ],
)
def test_restore_refuses_wrong_arguments_before_registration(args: RestoredFileSystemArgs, named: str) -> None:
    engine = RecordingEngine()

    with pytest.raises(InvalidSettingsError, match=named):
        engine.run(lambda: RestoredFileSystem("files", args))

    assert engine.registered == []


def old_backup() -> Backup:
    """Return a backup of 2018, recorded without FileSystemType, DeploymentType and ThroughputCapacity."""
    recorded = Path(__file__).parent / "recorded" / "aws" / "c7n-fsx_backup_delete-fsx.DescribeBackups_1.json"
    [answer, *_] = json.loads(recorded.read_text())["body"]["Backups"]
    return replace(backup_of("WINDOWS"), file_system_type=None, file_system=answer["FileSystem"])


@pytest.mark.parametrize(
    ("backup", "args", "named"),
    [
        (None, args_of("WINDOWS"), BACKUP_ID),
        (backup_of("WINDOWS"), args_of("WINDOWS", backup_id=pulumi.Output.from_input("latest")), "backup_id"),
        (replace(backup_of("WINDOWS"), lifecycle="COPYING"), args_of("WINDOWS"), "COPYING"),
        (backup_of("LUSTRE"), args_of("WINDOWS"), "LUSTRE file system fs-0123456789abcdef0"),
        (backup_of("OPENZFS"), args_of("OPENZFS", subnet_ids=SUBNETS[:1]), "MULTI_AZ_1 .* 2 subnets"),
        (backup_of("WINDOWS"), args_of("WINDOWS", subnet_ids=SUBNETS), "SINGLE_AZ_2 .* 1 subnet"),
        (backup_of("WINDOWS"), args_of("WINDOWS", settings={"deployment_type": "MULTI_AZ_1"}), "2 subnets"),
        (backup_of("WINDOWS", ThroughputCapacity=None), args_of("WINDOWS"), "throughput_capacity"),
        (old_backup(), args_of("WINDOWS"), "deployment_type, throughput_capacity"),
        (backup_of("LUSTRE", DeploymentType="SCRATCH_2"), args_of("LUSTRE"), "SCRATCH_2"),
        (
            backup_of("LUSTRE"),
            args_of("LUSTRE", settings={"deployment_type": pulumi.Output.from_input("SCRATCH_1")}),
            "SCRATCH_1",
        ),
        (
            replace(backup_of("LUSTRE"), file_system={**RECORDED["LUSTRE"], "StorageCapacity": 2400}),
            args_of("LUSTRE", settings={"storage_capacity": 1200}),
            "1200 .*2400 GiB",
        ),
        (VOLUME, args_of("WINDOWS"), "CreateVolumeFromBackup"),
        (replace(VOLUME, file_system_type=None), args_of("LUSTRE"), "CreateVolumeFromBackup"),
        (replace(VOLUME, file_system={"FileSystemId": "fs-1"}), args_of("OPENZFS"), "CreateVolumeFromBackup"),
        (replace(backup_of("WINDOWS"), file_system_type=None), args_of("LUSTRE"), "WINDOWS file system fs-"),
        (WITH_DIRECTORY, args_of("WINDOWS"), "corp.example.com"),
    ],
)
def test_restore_refuses_unfit_backup(backup: Backup | None, args: RestoredFileSystemArgs, named: str) -> None:
    engine = RecordingEngine()

    with pytest.raises(InvalidSettingsError, match=named):
        restored(backup, args, engine=engine)

    assert [made.type for made in engine.registered] == ["pulumi-fsx-dr:index:RestoredFileSystem"]


def test_old_backup_is_restored_with_given_settings() -> None:
    settings = {"deployment_type": "SINGLE_AZ_2", "throughput_capacity": 32}

    inputs = restored(old_backup(), args_of("WINDOWS", settings=settings)).inputs

    assert (inputs["deploymentType"], inputs["throughputCapacity"]) == ("SINGLE_AZ_2", 32)
    assert inputs["activeDirectoryId"] == "d-9067141d9e"


def test_restore_without_pulumi_aws_names_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pulumi_aws", None)

    with pytest.raises(InvalidSettingsError, match=r"pulumi-fsx-dr\[aws\]"):
        RestoredFileSystem("files", args_of("WINDOWS"))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_restored_arguments_exist_in_pulumi_aws(kind: Any) -> None:
    assert kind.arguments <= getattr(pulumi_aws.fsx, f"{kind.resource}Args").__init__.__annotations__.keys()


@pytest.mark.parametrize(
    ("kind", "deployment_type"), [("WINDOWS", "SINGLE_AZ_2"), ("LUSTRE", "PERSISTENT_2"), ("OPENZFS", "SINGLE_AZ_HA_2")]
)
def test_restore_looks_up_backup_in_its_region(
    kind: str, deployment_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = FsxService(ManualClock())
    monkeypatch.setattr(Credentials, "session", lambda _: session_of(service))
    backups = {
        region: service.seed_backup(region, service.seed_file_system(region, kind, deployment=deployment_type))
        for region in (REGION, "eu-central-1")
    }
    args = args_of(kind, subnet_ids=SUBNETS[:1])
    engine = RecordingEngine()

    engine.run(lambda: RestoredFileSystem("files", {**args, "backup_id": backups[REGION]}).id)

    assert engine.only(TYPES[kind]).inputs["deploymentType"] == deployment_type
    assert [entry["action"] for entry in service.journal(REGION)] == ["DescribeBackups"]
    with pytest.raises(InvalidSettingsError, match=backups["eu-central-1"]):
        engine.run(lambda: RestoredFileSystem("files", {**args, "backup_id": backups["eu-central-1"]}).id)


def session_of(service: FsxService) -> boto3.Session:
    session = boto3.Session(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="example")
    in_process(session, service)
    return session

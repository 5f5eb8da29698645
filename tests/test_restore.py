"""RestoredFileSystem: what is restored, with which settings, and what never changes afterwards."""

import inspect
import json
import re
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
from pulumi_fsx_dr.restore import RestoredFileSystem, RestoredFileSystemArgs, validation
from pulumi_fsx_dr.restore import kinds as recorded
from pulumi_fsx_dr.restore import restored_file_system as restore

from simulator.fsx import FsxService, ManualClock, in_process
from tests.recording import RecordingEngine

REGION = "eu-west-1"
BACKUP_ID = "backup-0123456789abcdef0"
KEY = f"arn:aws:kms:{REGION}:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
WINDOWS = "aws:fsx/windowsFileSystem:WindowsFileSystem"
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
OPENZFS = "aws:fsx/openZfsFileSystem:OpenZfsFileSystem"
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
    """Return an AVAILABLE backup with the usual record of a file system, changed by `configuration`."""
    file_system = dict(RECORDED[kind])
    member = recorded.KINDS[kind].configuration
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


def args_of(kind: Any, **more: Any) -> RestoredFileSystemArgs:
    args: Any = {"backup_id": BACKUP_ID, "kind": kind, "region": REGION, "subnet_ids": SUBNETS[:1], **more}
    return args  # type: ignore[no-any-return]  # checked where it matters: in the constructor


@pytest.fixture
def restoring(monkeypatch: pytest.MonkeyPatch) -> Callable[..., RecordingEngine]:
    """Restore a backup under a recording engine."""

    def run(backup: Backup | None, args: RestoredFileSystemArgs, *, preview: bool = False) -> RecordingEngine:
        monkeypatch.setattr(restore, "find_backup", lambda *_: backup)
        engine = RecordingEngine()
        engine.run(lambda: RestoredFileSystem("files", args).dns_name, preview=preview)
        return engine

    return run


def test_a_windows_file_system_is_restored_with_the_settings_its_backup_records(
    restoring: Callable[..., RecordingEngine],
) -> None:
    made = restoring(backup_of("WINDOWS"), args_of("WINDOWS", security_group_ids=["sg-1"], tags={"team": "media"}))

    assert made.only(WINDOWS).inputs == {
        "backupId": BACKUP_ID,
        "region": REGION,
        "subnetIds": SUBNETS[:1],
        "securityGroupIds": ["sg-1"],
        "tags": {"team": "media"},
        "kmsKeyId": KEY,
        "storageType": "HDD",
        "deploymentType": "SINGLE_AZ_2",
        "throughputCapacity": 32,
        "activeDirectoryId": "d-9067a1b2c3",
        "weeklyMaintenanceStartTime": "7:04:00",
        "dailyAutomaticBackupStartTime": "02:00",
        "automaticBackupRetentionDays": 14,
        "copyTagsToBackups": True,
    }


@pytest.mark.parametrize(("kind", "type_"), [("WINDOWS", WINDOWS), ("OPENZFS", OPENZFS)])
def test_iops_that_fsx_chose_itself_are_left_to_it_again(
    kind: str, type_: str, restoring: Callable[..., RecordingEngine]
) -> None:
    """pulumi-aws would send 0 Iops with the mode AUTOMATIC, which FSx refuses: the block has to be left out.

    hashicorp/terraform-provider-aws, internal/service/fsx/windows_file_system.go, expandWindowsDiskIopsConfiguration,
    and openzfs_file_system.go, expandOpenZFSFileDiskIopsConfiguration: Iops are sent whatever they are. Its issue
    30435 has FSx's answer: "Value '0' at 'openZFSConfiguration.diskIopsConfiguration.iops' failed to satisfy
    constraint: Member must have value greater than or equal to 1."
    """
    subnets = {"OPENZFS": SUBNETS}.get(kind, SUBNETS[:1])
    automatic = {"Mode": "AUTOMATIC", "Iops": 192}

    made = restoring(backup_of(kind, DiskIopsConfiguration=automatic), args_of(kind, subnet_ids=subnets)).only(type_)

    assert "diskIopsConfiguration" not in made.inputs
    assert "diskIopsConfiguration" in made.ignored


def test_iops_that_were_paid_for_are_restored(restoring: Callable[..., RecordingEngine]) -> None:
    provisioned = {"Mode": "USER_PROVISIONED", "Iops": 20000}

    made = restoring(backup_of("WINDOWS", DiskIopsConfiguration=provisioned), args_of("WINDOWS"))

    assert made.only(WINDOWS).inputs["diskIopsConfiguration"] == {"mode": "USER_PROVISIONED", "iops": 20000}


def test_a_lustre_file_system_keeps_its_root_squash_and_leaves_capacity_and_version_to_the_backup(
    restoring: Callable[..., RecordingEngine],
) -> None:
    made = restoring(backup_of("LUSTRE"), args_of("LUSTRE"))

    assert made.only(LUSTRE).inputs == {
        "backupId": BACKUP_ID,
        "region": REGION,
        "subnetIds": SUBNETS[0],
        "kmsKeyId": KEY,
        "storageType": "SSD",
        "deploymentType": "PERSISTENT_2",
        "perUnitStorageThroughput": 125,
        "dataCompressionType": "LZ4",
        "copyTagsToBackups": False,
        "automaticBackupRetentionDays": 0,
        "metadataConfiguration": {"mode": "USER_PROVISIONED", "iops": 1500},
        "rootSquashConfiguration": {"rootSquash": "65534:65534", "noSquashNids": ["10.0.1.6@tcp"]},
        "skipFinalBackup": False,
    }


def test_a_multi_az_openzfs_file_system_prefers_the_first_subnet_and_takes_no_address_of_the_source(
    restoring: Callable[..., RecordingEngine],
) -> None:
    made = restoring(backup_of("OPENZFS"), args_of("OPENZFS", subnet_ids=SUBNETS))

    assert made.only(OPENZFS).inputs == {
        "backupId": BACKUP_ID,
        "region": REGION,
        "subnetIds": SUBNETS,
        "preferredSubnetId": SUBNETS[0],
        "kmsKeyId": KEY,
        "storageType": "SSD",
        "storageCapacity": 64,
        "deploymentType": "MULTI_AZ_1",
        "throughputCapacity": 160,
        "copyTagsToVolumes": True,
    }


def test_a_setting_that_is_given_wins_over_the_recorded_one(restoring: Callable[..., RecordingEngine]) -> None:
    given = {"throughput_capacity": 512, "automatic_backup_retention_days": 0, "skip_final_backup": True}

    made = restoring(backup_of("WINDOWS"), args_of("WINDOWS", settings=given, kms_key_id="arn:of-another-key"))

    inputs = made.only(WINDOWS).inputs
    assert (inputs["throughputCapacity"], inputs["skipFinalBackup"]) == (512, True)
    assert inputs["kmsKeyId"] == "arn:of-another-key"
    assert inputs["automaticBackupRetentionDays"] == 0
    assert "dailyAutomaticBackupStartTime" not in inputs


@pytest.mark.parametrize("kind", recorded.KINDS)
def test_neither_a_newer_copy_nor_anything_it_records_changes_the_file_system(
    kind: str, restoring: Callable[..., RecordingEngine]
) -> None:
    subnets = {"OPENZFS": SUBNETS}.get(kind, SUBNETS[:1])

    made = restoring(backup_of(kind), args_of(kind, subnet_ids=subnets)).registered[-1]

    assert made.inputs.keys() - set(made.ignored) - {"skipFinalBackup"} == {"region", "subnetIds"}
    assert {"backupId", "storageCapacity"} <= set(made.ignored)


def test_what_is_given_still_takes_effect_later(restoring: Callable[..., RecordingEngine]) -> None:
    given = {"throughput_capacity": 64, "storage_capacity": 4000, "deployment_type": "SINGLE_AZ_2"}

    made = restoring(backup_of("WINDOWS"), args_of("WINDOWS", settings=given, kms_key_id=KEY, tags={"a": "b"}))

    in_effect = {"throughputCapacity", "storageCapacity", "deploymentType", "kmsKeyId", "tags", "subnetIds", "region"}
    assert in_effect.isdisjoint(made.only(WINDOWS).ignored)


def test_what_is_ignored_does_not_depend_on_what_the_backup_records(restoring: Callable[..., RecordingEngine]) -> None:
    before = restoring(backup_of("WINDOWS"), args_of("WINDOWS"))
    after = restoring(backup_of("WINDOWS", WeeklyMaintenanceStartTime=None), args_of("WINDOWS"))

    assert after.only(WINDOWS).ignored == before.only(WINDOWS).ignored


@pytest.mark.parametrize(
    ("options", "protected"),
    [
        (None, True),
        (pulumi.ResourceOptions(), True),
        (pulumi.ResourceOptions(protect=True), True),
        (pulumi.ResourceOptions(protect=False), False),
    ],
)
def test_the_file_system_is_protected_unless_the_options_say_otherwise(
    options: pulumi.ResourceOptions | None, *, protected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Security groups, subnets and key cannot be changed, so that changing one would replace a failed-over file system.

    They are ForceNew in hashicorp/terraform-provider-aws, internal/service/fsx/windows_file_system.go,
    lustre_file_system.go and openzfs_file_system.go.
    """
    monkeypatch.setattr(restore, "find_backup", lambda *_: backup_of("WINDOWS"))
    engine = RecordingEngine()

    engine.run(lambda: RestoredFileSystem("files", args_of("WINDOWS"), options).dns_name)

    assert engine.only(WINDOWS).protected is protected


def test_a_lustre_file_system_leaves_a_final_backup_as_the_others_do_by_default(
    restoring: Callable[..., RecordingEngine],
) -> None:
    """pulumi_aws skips it by default: skip_final_backup of LustreFileSystem is true, of the other two false."""
    documented = {
        kind: re.search(r"Defaults to `(\w+)`", inspect.getdoc(resource.skip_final_backup) or "")
        for kind, resource in vars(pulumi_aws.fsx).items()
        if kind in {"LustreFileSystem", "OpenZfsFileSystem", "WindowsFileSystem"}
    }
    assert {kind: found and found[1] for kind, found in documented.items()} == {
        "LustreFileSystem": "true",
        "OpenZfsFileSystem": "false",
        "WindowsFileSystem": "false",
    }

    kept = restoring(backup_of("LUSTRE"), args_of("LUSTRE"))
    skipped = restoring(backup_of("LUSTRE"), args_of("LUSTRE", settings={"skip_final_backup": True}))

    assert kept.only(LUSTRE).inputs["skipFinalBackup"] is False
    assert skipped.only(LUSTRE).inputs["skipFinalBackup"] is True


def test_a_self_managed_directory_is_filled_in_around_a_password_that_stays_secret(
    restoring: Callable[..., RecordingEngine],
) -> None:
    backup = backup_of("WINDOWS", ActiveDirectoryId=None, SelfManagedActiveDirectoryConfiguration=SELF_MANAGED)
    given = {"self_managed_active_directory": {"password": "hunter2", "dns_ips": ["10.9.0.10"]}}

    made = restoring(backup, args_of("WINDOWS", settings=given)).only(WINDOWS)

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


def test_a_service_account_secret_of_the_dr_region_replaces_user_name_and_password(
    restoring: Callable[..., RecordingEngine],
) -> None:
    backup = backup_of("WINDOWS", SelfManagedActiveDirectoryConfiguration=SELF_MANAGED)
    given = {"self_managed_active_directory": {"domain_join_service_account_secret": "arn:of-the-dr-region"}}

    directory = restoring(backup, args_of("WINDOWS", settings=given)).only(WINDOWS).inputs["selfManagedActiveDirectory"]

    assert directory["domainJoinServiceAccountSecret"] == "arn:of-the-dr-region"
    assert directory.keys().isdisjoint({"username", "password"})


def test_another_directory_is_joined_instead_of_the_recorded_one(restoring: Callable[..., RecordingEngine]) -> None:
    given = {"self_managed_active_directory": {"password": "hunter2", "domain_name": "dr.example.com"}}

    made = restoring(backup_of("WINDOWS"), args_of("WINDOWS", settings=given)).only(WINDOWS)

    assert "activeDirectoryId" not in made.inputs
    assert "activeDirectoryId" not in made.ignored


DIRECTORY = {"self_managed_active_directory": {"password_wo": "hunter2", "password_wo_version": 1}}
URN = f"urn:pulumi:prod::dr::pulumi-fsx-dr:index:RestoredFileSystem${WINDOWS}::files"


def gone(*_: Any) -> None:
    """Find no backup."""


def dark(*_: Any) -> None:
    """Get no answer of FSx."""
    raise ServiceError("FSx DescribeBackups in eu-west-1 got no answer (connection refused): try again later.")


@pytest.mark.parametrize("find_backup", [gone, dark, lambda *_: replace(backup_of("WINDOWS"), lifecycle="DELETED")])
@pytest.mark.parametrize(
    "urn",
    [
        pytest.param(URN, id="under its name"),
        pytest.param(URN.replace("files", "old"), id="under the name that an alias gives"),
    ],
)
def test_a_live_file_system_is_managed_on_without_its_backup(
    urn: str, find_backup: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For an ignored input the engine takes the value of its last run (pulumi/pulumi, step_generator.go)."""
    with_self_managed = backup_of(
        "WINDOWS", ActiveDirectoryId=None, SelfManagedActiveDirectoryConfiguration=SELF_MANAGED
    )
    before, after = (
        RecordingEngine(held={urn: {"type": WINDOWS, "outputs": {"backupId": BACKUP_ID}}}) for _ in range(2)
    )
    monkeypatch.setattr(restore, "find_backup", lambda *_: with_self_managed)
    before.run(lambda: RestoredFileSystem("files", args_of("WINDOWS", settings=DIRECTORY)).dns_name)

    monkeypatch.setattr(restore, "find_backup", find_backup)
    tagged = args_of("WINDOWS", settings=DIRECTORY, tags={"failed": "over"})
    after.run(lambda: RestoredFileSystem("files", tagged).dns_name)

    made, managed = before.only(WINDOWS), after.only(WINDOWS)
    assert managed.with_ignored_of(made) == {**made.inputs, "tags": {"failed": "over"}}


@pytest.mark.parametrize(
    "held",
    [
        pytest.param({}, id="empty stack"),
        pytest.param({URN.replace("files", "other"): {"type": WINDOWS, "outputs": {}}}, id="another one"),
        pytest.param(
            {URN.replace(WINDOWS, LUSTRE): {"type": LUSTRE, "outputs": {"backupId": BACKUP_ID}}}, id="another type"
        ),
    ],
)
def test_a_file_system_that_is_not_there_yet_cannot_be_had_from_a_backup_that_is_gone(
    held: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "find_backup", gone)

    with pytest.raises(InvalidSettingsError, match=f"There is no backup {BACKUP_ID} in {REGION}"):
        RecordingEngine(held=held).run(lambda: RestoredFileSystem("files", args_of("WINDOWS")).id)


def test_the_file_system_of_a_component_within_another_one_is_found_in_the_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Site(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("dr:index:Site", "site")
            self.files = RestoredFileSystem("a::b", args_of("WINDOWS"), pulumi.ResourceOptions(parent=self))

    monkeypatch.setattr(restore, "find_backup", gone)
    types = f"dr:index:Site$pulumi-fsx-dr:index:RestoredFileSystem${WINDOWS}"
    held = {f"urn:pulumi:prod::dr::{types}::a::b": {"type": WINDOWS, "outputs": {}}}
    engine = RecordingEngine(held=held)

    engine.run(lambda: Site().files.dns_name)

    assert engine.only(WINDOWS).name == "a::b"


def test_a_preview_does_not_ask_for_a_copy_that_is_yet_to_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(restore, "find_backup", lambda backup_id, _region: asked.append(backup_id))
    unknown: Any = pulumi.UNKNOWN
    to_be_made: pulumi.Output[str] = pulumi.Output.from_input(unknown)
    engine = RecordingEngine()

    engine.run(lambda: RestoredFileSystem("files", args_of("WINDOWS", backup_id=to_be_made)), preview=True)

    assert asked == []
    assert engine.only(WINDOWS).inputs["throughputCapacity"] == pulumi.runtime.rpc.UNKNOWN


def test_the_outputs_are_those_of_the_restored_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restore, "find_backup", lambda *_: backup_of("WINDOWS"))
    seen: dict[str, Any] = {}

    def program() -> pulumi.Output[None]:
        made = RestoredFileSystem("files", args_of("WINDOWS"))
        outputs = pulumi.Output.all(made.id, made.arn, made.dns_name, made.region, made.backup_id)
        return outputs.apply(lambda values: seen.update(values=values))

    RecordingEngine().run(program)

    arn = f"arn:aws:made:{REGION}:111122223333:files"
    assert seen["values"] == ["files-id", arn, "files.example.com", REGION, BACKUP_ID]


def test_the_file_system_is_part_of_the_component_and_may_take_a_day_to_restore(
    restoring: Callable[..., RecordingEngine],
) -> None:
    component, file_system = restoring(backup_of("WINDOWS"), args_of("WINDOWS")).registered

    assert component.type == "pulumi-fsx-dr:index:RestoredFileSystem"
    assert (component.name, file_system.name) == ("files", "files")
    assert file_system.create_timeout == "24h"


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (args_of("ONTAP"), "hold a volume.*CreateVolumeFromBackup"),
        (
            args_of("ZFS"),
            "kind is not a type of file system that FSx restores: set it to one of WINDOWS, LUSTRE, OPENZFS",
        ),
        (args_of("WINDOWS", settings={"trhoughput": 8}), "trhoughput.*no setting of WindowsFileSystem"),
        (args_of("LUSTRE", settings={"subnet_ids": ["s"]}), "subnet_ids.*no setting of LustreFileSystem"),
        (args_of("LUSTRE", settings={"deployment_type": "SCRATCH_2"}), "no backup as a scratch file system"),
        (args_of("WINDOWS", settings={"self_managed_active_directory": {"dns_ips": ["1"]}}), "lacks the password"),
        (args_of("WINDOWS", settings={"self_managed_active_directory": "corp"}), "must be a dict"),
        (
            args_of("WINDOWS", settings={"self_managed_active_directory": {"password_wo": "hunter2"}}),
            "password_wo without password_wo_version.*: set it to 1",
        ),
    ],
)
def test_arguments_that_fsx_cannot_restore_with_are_refused_before_anything_is_registered(
    args: RestoredFileSystemArgs, sentence: str
) -> None:
    engine = RecordingEngine()

    with pytest.raises(InvalidSettingsError, match=sentence):
        engine.run(lambda: RestoredFileSystem("files", args))

    assert engine.registered == []


@pytest.mark.parametrize(
    ("backup", "args", "sentence"),
    [
        (None, args_of("WINDOWS"), f"There is no backup {BACKUP_ID} in {REGION}"),
        (backup_of("WINDOWS"), args_of("WINDOWS", backup_id="latest"), "backup_id is not the id of an FSx backup"),
        (replace(backup_of("WINDOWS"), lifecycle="COPYING"), args_of("WINDOWS"), "is COPYING"),
        (backup_of("LUSTRE"), args_of("WINDOWS"), "LUSTRE file system fs-0123456789abcdef0, but kind is WINDOWS"),
        (backup_of("OPENZFS"), args_of("OPENZFS"), "MULTI_AZ_1 file system needs 2 subnets, not 1"),
        (backup_of("WINDOWS"), args_of("WINDOWS", subnet_ids=SUBNETS), "SINGLE_AZ_2 .* needs 1 subnet, not 2"),
        (
            backup_of("WINDOWS"),
            args_of("WINDOWS", settings={"deployment_type": "MULTI_AZ_1"}),
            "MULTI_AZ_1 .* needs 2 subnets, not 1",
        ),
        (backup_of("WINDOWS", ThroughputCapacity=None), args_of("WINDOWS"), "does not record throughput_capacity"),
        (backup_of("LUSTRE", DeploymentType="SCRATCH_2"), args_of("LUSTRE"), r"scratch file system \(SCRATCH_2\)"),
        (
            backup_of("LUSTRE"),
            args_of("LUSTRE", settings={"deployment_type": pulumi.Output.from_input("SCRATCH_1")}),
            r"scratch file system \(SCRATCH_1\)",
        ),
        (
            replace(backup_of("LUSTRE"), file_system={**RECORDED["LUSTRE"], "StorageCapacity": 2400}),
            args_of("LUSTRE", settings={"storage_capacity": 1200}),
            "needs 2400 GiB, .* raise storage_capacity from 1200, or leave it out",
        ),
        (VOLUME, args_of("WINDOWS"), "holds a volume, not a file system: .* CreateVolumeFromBackup"),
        (replace(VOLUME, file_system_type=None), args_of("LUSTRE"), "holds a volume, not a file system"),
        (replace(VOLUME, file_system={"FileSystemId": "fs-1"}), args_of("OPENZFS"), "holds a volume"),
        (
            replace(backup_of("WINDOWS"), file_system_type=None),
            args_of("LUSTRE"),
            "of the WINDOWS file system fs-0123456789abcdef0, but kind is LUSTRE",
        ),
        (
            backup_of("WINDOWS", ActiveDirectoryId=None, SelfManagedActiveDirectoryConfiguration=SELF_MANAGED),
            args_of("WINDOWS"),
            "joined corp.example.com with a password, which no backup holds",
        ),
    ],
)
def test_a_backup_that_cannot_be_restored_so_is_refused_before_the_file_system_is_made(
    backup: Backup | None, args: RestoredFileSystemArgs, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "find_backup", lambda *_: backup)
    engine = RecordingEngine()

    with pytest.raises(InvalidSettingsError, match=sentence):
        engine.run(lambda: RestoredFileSystem("files", args))

    assert [made.type for made in engine.registered] == ["pulumi-fsx-dr:index:RestoredFileSystem"]


def recorded_by_aws(name: str) -> Backup:
    """Return the first backup of an answer that AWS gave, read from the service as usual."""
    answer = json.loads((Path(__file__).parent / "recorded" / "aws" / f"{name}.json").read_text())["body"]
    told = answer["Backups"][0]
    return replace(backup_of("WINDOWS"), file_system_type=None, file_system=told["FileSystem"])


def test_a_backup_of_2018_asks_for_what_it_does_not_record() -> None:
    """Recorded in December 2018: neither FileSystemType, DeploymentType nor ThroughputCapacity; see index.json."""
    told = recorded_by_aws("c7n-fsx_backup_delete-fsx.DescribeBackups_1")
    kind = recorded.kind_of("WINDOWS")

    with pytest.raises(InvalidSettingsError, match="does not record deployment_type, throughput_capacity: set it in"):
        validation.require_complete(told, kind, recorded.arguments_of(told, kind).keys())


def test_a_backup_of_2018_is_restored_with_what_was_asked_for(restoring: Callable[..., RecordingEngine]) -> None:
    told = recorded_by_aws("c7n-fsx_backup_delete-fsx.DescribeBackups_1")
    given = {"deployment_type": "SINGLE_AZ_2", "throughput_capacity": 32}

    inputs = restoring(told, args_of("WINDOWS", settings=given)).only(WINDOWS).inputs

    assert (inputs["deploymentType"], inputs["throughputCapacity"]) == ("SINGLE_AZ_2", 32)
    assert inputs["activeDirectoryId"] == "d-9067141d9e"


def test_without_pulumi_aws_the_error_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pulumi_aws", None)

    with pytest.raises(InvalidSettingsError, match=r"install pulumi-fsx-dr\[aws\]"):
        RestoredFileSystem("files", args_of("WINDOWS"))


@pytest.mark.parametrize("kind", recorded.KINDS)
def test_every_argument_a_backup_fills_in_is_one_of_the_resource(kind: str) -> None:
    arguments = getattr(pulumi_aws.fsx, f"{recorded.KINDS[kind].resource}Args").__init__.__annotations__

    assert recorded.KINDS[kind].arguments <= arguments.keys()


@pytest.mark.parametrize(
    ("kind", "type_", "deployment_type"),
    [
        ("WINDOWS", WINDOWS, "SINGLE_AZ_2"),
        ("LUSTRE", LUSTRE, "PERSISTENT_2"),
        ("OPENZFS", OPENZFS, "SINGLE_AZ_HA_2"),
    ],
)
def test_a_backup_is_looked_up_in_the_region_it_is_restored_in(
    kind: str, type_: str, deployment_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = FsxService(ManualClock())
    file_system_id = service.seed_file_system(REGION, kind, deployment=deployment_type)
    backup_id = service.seed_backup(REGION, file_system_id)
    monkeypatch.setattr(Credentials, "session", lambda _: session_of(service))
    engine = RecordingEngine()

    engine.run(lambda: RestoredFileSystem("files", args_of(kind, backup_id=backup_id)).id)

    assert engine.only(type_).inputs["deploymentType"] == deployment_type
    assert [entry["action"] for entry in service.journal(REGION)] == ["DescribeBackups"]


def test_a_backup_of_another_region_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    service = FsxService(ManualClock())
    backup_id = service.seed_backup("eu-central-1", service.seed_file_system("eu-central-1"))
    monkeypatch.setattr(Credentials, "session", lambda _: session_of(service))

    with pytest.raises(InvalidSettingsError, match=f"There is no backup {backup_id} in {REGION}"):
        RecordingEngine().run(lambda: RestoredFileSystem("files", args_of("WINDOWS", backup_id=backup_id)).id)


def session_of(service: FsxService) -> boto3.Session:
    session = boto3.Session(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="example")
    in_process(session, service)
    return session

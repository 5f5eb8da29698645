"""Each type of file system: which arguments of its pulumi_aws resource a backup records."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup

_SELF_MANAGED = "SelfManagedActiveDirectoryConfiguration"
ACTIVE_DIRECTORY = "self_managed_active_directory"
# All that FSx records of a self-managed directory except the secret's ARN, which names a secret of the source Region.
ACTIVE_DIRECTORY_ARGUMENTS = frozenset(
    {"dns_ips", "domain_name", "file_system_administrators_group", "organizational_unit_distinguished_name", "username"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How file systems of one type are restored.

    Attributes:
        name: FSx's `FileSystemType`.
        resource: the class in `pulumi_aws.fsx`.
        configuration: the member of FSx's `FileSystem` that has the settings of this type.
        recorded: the members to restore with, of that one or of `FileSystem` itself.
        needed: the arguments without which FSx restores nothing.
        defaults: the arguments whose default in pulumi-aws loses data.
    """

    name: str
    resource: str
    configuration: str
    recorded: tuple[str, ...]
    needed: tuple[str, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> frozenset[str]:
        """Names of the arguments that a backup may fill in."""
        return frozenset(map(_argument, self.recorded))


_OF_ALL_KINDS = (
    "KmsKeyId",
    "StorageType",
    "DeploymentType",
    "AutomaticBackupRetentionDays",
    "DailyAutomaticBackupStartTime",
    "WeeklyMaintenanceStartTime",
    "CopyTagsToBackups",
)

# Left to FSx, which takes them from the backup: the capacity of Windows and Lustre, the Lustre version and the root
# volume of OpenZFS. Left out, as they name things of the source Region: aliases, log destinations, addresses.
# The network type of Lustre is not an argument of pulumi-aws.
_WINDOWS = Kind(
    name="WINDOWS",
    resource="WindowsFileSystem",
    configuration="WindowsConfiguration",
    recorded=(
        *_OF_ALL_KINDS,
        "NetworkType",
        "ThroughputCapacity",
        "DiskIopsConfiguration",
        "ActiveDirectoryId",
        "PreferredSubnetId",
    ),
    needed=("deployment_type", "throughput_capacity"),
)
_LUSTRE = Kind(
    name="LUSTRE",
    resource="LustreFileSystem",
    configuration="LustreConfiguration",
    recorded=(
        *_OF_ALL_KINDS,
        "PerUnitStorageThroughput",
        "DataCompressionType",
        "DriveCacheType",
        "EfaEnabled",
        "MetadataConfiguration",
        "RootSquashConfiguration",
    ),
    needed=("deployment_type",),
    defaults={"skip_final_backup": False},
)
_OPENZFS = Kind(
    name="OPENZFS",
    resource="OpenZfsFileSystem",
    configuration="OpenZFSConfiguration",
    recorded=(
        *_OF_ALL_KINDS,
        "NetworkType",
        "StorageCapacity",
        "ThroughputCapacity",
        "CopyTagsToVolumes",
        "DiskIopsConfiguration",
        "ReadCacheConfiguration",
        "PreferredSubnetId",
    ),
    needed=("deployment_type", "throughput_capacity"),
)
KINDS = {kind.name: kind for kind in (_WINDOWS, _LUSTRE, _OPENZFS)}

_OTHER_NAMES = {"SizeGiB": "size", "UserName": "username"}

OF_A_VOLUME = (
    "a volume, not a file system: restore it into an existing file system with the FSx action CreateVolumeFromBackup."
)


def kind_of(name: str) -> Kind:
    """Return the type of that name; refuse one that FSx does not restore file systems of."""
    if name == "ONTAP":
        raise InvalidSettingsError(f"ONTAP backups hold {OF_A_VOLUME}")
    if name not in KINDS:
        raise InvalidSettingsError(
            f"kind is not a type of file system that FSx restores: set it to one of {', '.join(KINDS)}."
        )
    return KINDS[name]


def type_of(backup: Backup) -> str | None:
    """Return the type of a backup's file system, or None if nothing tells it.

    Backups of 2018 do not record `FileSystemType`, but the settings, which each type has under a name of its own.
    """
    settings = (kind.name for kind in KINDS.values() if kind.configuration in backup.file_system)
    return backup.file_system_type or next(settings, None)


def arguments_of(backup: Backup, kind: Kind) -> dict[str, Any]:
    """Return the arguments that a backup records."""
    # FSx leaves the days out where automatic backups are off; pulumi-aws would turn those of Windows on, for 7 days.
    off = {"AutomaticBackupRetentionDays": 0}
    members = {**off, **backup.file_system, **backup.file_system.get(kind.configuration, {})}
    members |= {"KmsKeyId": backup.kms_key_arn, "PreferredSubnetId": None}  # the recorded ones are of another Region
    if members["AutomaticBackupRetentionDays"] == 0:
        members["DailyAutomaticBackupStartTime"] = None  # FSx takes no time for backups that it is not to make
    if members.get("StorageType") != "HDD" and members.get("DriveCacheType") == "NONE":
        # FSx may answer NONE for SSD; sent on, it replaces the file system (hashicorp/terraform-provider-aws 17183).
        members["DriveCacheType"] = None
    if (members.get("DiskIopsConfiguration") or {}).get("Mode") != "USER_PROVISIONED":
        members["DiskIopsConfiguration"] = None  # pulumi-aws would send 0 Iops, which FSx refuses
    return {_argument(member): _value(members[member]) for member in kind.recorded if members.get(member) is not None}


def active_directory_of(backup: Backup) -> dict[str, Any]:
    """Return the self-managed directory that the file system had joined; empty if it had joined none."""
    windows = backup.file_system.get("WindowsConfiguration", {})
    recorded = {_argument(name): value for name, value in (windows.get(_SELF_MANAGED) or {}).items()}
    return {name: value for name, value in recorded.items() if name in ACTIVE_DIRECTORY_ARGUMENTS}


def _argument(member: str) -> str:
    """Return `disk_iops_configuration` for `DiskIopsConfiguration`."""
    return _OTHER_NAMES.get(member) or re.sub(r"(?<!^)(?=[A-Z])", "_", member).lower()


def _value(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    # FSx answers the IOPS that it chose itself, and accepts none when it is to choose.
    chosen_by_fsx = {"Iops"} if value.get("Mode") == "AUTOMATIC" else set()
    return {_argument(member): _value(value[member]) for member in value if member not in chosen_by_fsx}

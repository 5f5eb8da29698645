"""The types of file systems, and the arguments of their pulumi-aws resources that a backup contains."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup

_SELF_MANAGED = "SelfManagedActiveDirectoryConfiguration"
ACTIVE_DIRECTORY = "self_managed_active_directory"
# All members that a backup contains, except the ARN of a secret: it names a secret of the source Region.
ACTIVE_DIRECTORY_ARGUMENTS = frozenset(
    {"dns_ips", "domain_name", "file_system_administrators_group", "organizational_unit_distinguished_name", "username"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A type of file system, and how to restore it.

    Attributes:
        name: `FileSystemType` of the FSx API.
        resource: class in `pulumi_aws.fsx`.
        configuration: member of `FileSystem` in the FSx API with the settings of this type.
        recorded: members of `FileSystem`, or of `configuration`, that are restored.
        needed: arguments that FSx requires.
        defaults: replace defaults of pulumi-aws that lose data.
    """

    name: str
    resource: str
    configuration: str
    recorded: tuple[str, ...]
    needed: tuple[str, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> frozenset[str]:
        """The names of the arguments that a backup may contain."""
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

# FSx itself takes these from the backup: the capacity of Windows and Lustre, the Lustre version, the root volume of
# OpenZFS. These belong to the source Region and are not restored: aliases, log destinations, addresses.
# pulumi-aws has no argument for the network type of Lustre.
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
    "a volume, not of a file system. Restore it into an existing file system with the FSx action "
    "CreateVolumeFromBackup."
)


def kind_of(name: str) -> Kind:
    """Return the type with this name; refuse other names."""
    if name == "ONTAP":
        raise InvalidSettingsError(f"A backup of kind ONTAP is of {OF_A_VOLUME}")
    if not isinstance(name, str) or name not in KINDS:
        raise InvalidSettingsError(
            f"kind must be one of {', '.join(KINDS)}, as a plain string that is known when the program runs."
        )
    return KINDS[name]


def type_of(backup: Backup) -> str | None:
    """Return the type of a backup's file system, or None if the backup does not show it.

    Backups of 2018 do not contain `FileSystemType`. The name of the member with the settings shows the type.
    """
    settings = (kind.name for kind in KINDS.values() if kind.configuration in backup.file_system)
    return backup.file_system_type or next(settings, None)


def arguments_of(backup: Backup, kind: Kind) -> dict[str, Any]:
    """Return the arguments that a backup contains."""
    # If automatic backups are off, FSx leaves out the number of days, and pulumi-aws would set 7 days for Windows.
    off = {"AutomaticBackupRetentionDays": 0}
    members = {**off, **backup.file_system, **backup.file_system.get(kind.configuration, {})}
    members |= {"KmsKeyId": backup.kms_key_arn, "PreferredSubnetId": None}  # both belong to the source Region
    if members["AutomaticBackupRetentionDays"] == 0:
        members["DailyAutomaticBackupStartTime"] = None  # FSx refuses a time without backups
    if members.get("StorageType") != "HDD" and members.get("DriveCacheType") == "NONE":
        # FSx may return NONE for SSD. If it is sent, the file system is replaced
        # (hashicorp/terraform-provider-aws 17183).
        members["DriveCacheType"] = None
    if (members.get("DiskIopsConfiguration") or {}).get("Mode") != "USER_PROVISIONED":
        members["DiskIopsConfiguration"] = None  # pulumi-aws would send 0 IOPS, which FSx refuses
    return {_argument(member): _value(members[member]) for member in kind.recorded if members.get(member) is not None}


def active_directory_of(backup: Backup) -> dict[str, Any]:
    """Return the self-managed directory that the file system was joined to; empty if there is none."""
    windows = backup.file_system.get("WindowsConfiguration", {})
    recorded = {_argument(name): value for name, value in (windows.get(_SELF_MANAGED) or {}).items()}
    return {name: value for name, value in recorded.items() if name in ACTIVE_DIRECTORY_ARGUMENTS}


def _argument(member: str) -> str:
    """Return `disk_iops_configuration` for `DiskIopsConfiguration`."""
    return _OTHER_NAMES.get(member) or re.sub(r"(?<!^)(?=[A-Z])", "_", member).lower()


def _value(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    # FSx returns the IOPS that it chose itself, and refuses them in mode AUTOMATIC.
    chosen_by_fsx = {"Iops"} if value.get("Mode") == "AUTOMATIC" else set()
    return {_argument(member): _value(value[member]) for member in value if member not in chosen_by_fsx}

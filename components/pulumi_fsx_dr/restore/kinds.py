"""What a backup records of its file system, as arguments of the pulumi_aws resource that restores it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup

ACTIVE_DIRECTORY = "self_managed_active_directory"
# All that FSx records of a self-managed directory except the secret's ARN, which names a secret of the source Region.
ACTIVE_DIRECTORY_ARGUMENTS = frozenset(
    {"dns_ips", "domain_name", "file_system_administrators_group", "organizational_unit_distinguished_name", "username"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How file systems of one type are restored.

    Attributes:
        resource: the class in `pulumi_aws.fsx`.
        configuration: the member of FSx's `FileSystem` that holds the settings of this type.
        recorded: the members to restore with, of that one or of `FileSystem` itself.
        needed: the arguments without which FSx restores nothing.
        defaults: the arguments whose default in pulumi-aws loses data.
    """

    resource: str
    configuration: str
    recorded: tuple[str, ...]
    needed: tuple[str, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> frozenset[str]:
        """The names of all arguments that a backup may fill in."""
        return frozenset(_argument(member) for member in self.recorded)


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
KINDS: Mapping[str, Kind] = {
    "WINDOWS": Kind(
        resource="WindowsFileSystem",
        configuration="WindowsConfiguration",
        recorded=(
            *_OF_ALL_KINDS,
            "ThroughputCapacity",
            "DiskIopsConfiguration",
            "ActiveDirectoryId",
            "PreferredSubnetId",
        ),
        needed=("deployment_type", "throughput_capacity"),
    ),
    "LUSTRE": Kind(
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
    ),
    "OPENZFS": Kind(
        resource="OpenZfsFileSystem",
        configuration="OpenZFSConfiguration",
        recorded=(
            *_OF_ALL_KINDS,
            "StorageCapacity",
            "ThroughputCapacity",
            "CopyTagsToVolumes",
            "DiskIopsConfiguration",
            "ReadCacheConfiguration",
            "PreferredSubnetId",
        ),
        needed=("deployment_type", "throughput_capacity"),
    ),
}

_OTHER_NAMES = {"SizeGiB": "size", "UserName": "username"}

OF_A_VOLUME = (
    "a volume, not a file system: restore it into an existing file system with the FSx action CreateVolumeFromBackup."
)


def kind_of(name: str) -> Kind:
    """Return how file systems of a type are restored.

    Raises:
        InvalidSettingsError: FSx does not restore file systems of this type.
    """
    if name == "ONTAP":
        raise InvalidSettingsError(f"ONTAP backups hold {OF_A_VOLUME}")
    if name not in KINDS:
        raise InvalidSettingsError(
            f"kind is not a type of file system that FSx restores: set it to one of {', '.join(KINDS)}."
        )
    return KINDS[name]


def type_of(backup: Backup) -> str | None:
    """Return the type of the file system, e.g. WINDOWS; None if nothing tells it.

    Backups of 2018 do not record `FileSystemType`, but the settings, which each type has under a name of its own.
    """
    settings = (name for name, kind in KINDS.items() if kind.configuration in backup.file_system)
    return backup.file_system_type or next(settings, None)


def arguments(backup: Backup, kind: Kind) -> dict[str, Any]:
    """Return the arguments that a backup fills in, without those of which it records nothing."""
    members = {**backup.file_system, **backup.file_system.get(kind.configuration, {})}
    members |= {"KmsKeyId": backup.kms_key_arn, "PreferredSubnetId": None}  # the recorded ones are of another Region
    if members.get("AutomaticBackupRetentionDays") == 0:
        members["DailyAutomaticBackupStartTime"] = None  # FSx takes no time for backups that it is not to make
    if (members.get("DiskIopsConfiguration") or {}).get("Mode") != "USER_PROVISIONED":
        members["DiskIopsConfiguration"] = None  # pulumi-aws would send 0 Iops, which FSx refuses
    return {_argument(member): _value(members[member]) for member in kind.recorded if members.get(member) is not None}


def active_directory(backup: Backup) -> dict[str, Any]:
    """Return the self-managed directory that the file system had joined; empty if it had joined none."""
    configuration = backup.file_system.get("WindowsConfiguration", {}).get("SelfManagedActiveDirectoryConfiguration")
    named = {_argument(member): value for member, value in (configuration or {}).items()}
    return {name: value for name, value in named.items() if name in ACTIVE_DIRECTORY_ARGUMENTS}


def _argument(member: str) -> str:
    """`DiskIopsConfiguration` as `disk_iops_configuration`."""
    return _OTHER_NAMES.get(member) or re.sub(r"(?<!^)(?=[A-Z])", "_", member).lower()


def _value(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    # FSx answers the IOPS that it chose itself, and accepts none when it is to choose.
    chosen_by_fsx = {"Iops"} if value.get("Mode") == "AUTOMATIC" else set()
    return {_argument(member): _value(value[member]) for member in value if member not in chosen_by_fsx}

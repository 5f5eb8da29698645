"""What FSx tells of a backup: as recorded from AWS, and where nothing was recorded as its documents say."""

from collections.abc import Iterable

from simulator.fsx.records import DONE_PERCENT, Backup, Description, Volume, tag_list
from simulator.fsx.regions import arn
from simulator.fsx.service_state import ServiceState

_FILE_SYSTEM = ("FileSystemId", "FileSystemType", "ResourceARN", "StorageCapacity", "StorageType")
_BACKUPS = (
    "AutomaticBackupRetentionDays",
    "CopyTagsToBackups",
    "DailyAutomaticBackupStartTime",
    "WeeklyMaintenanceStartTime",
)
_CONFIGURATIONS = {
    "WINDOWS": (
        "WindowsConfiguration",
        (*_BACKUPS, "ActiveDirectoryId", "DeploymentType", "ThroughputCapacity"),
    ),
    "LUSTRE": (
        "LustreConfiguration",
        (*_BACKUPS, "DataCompressionType", "DeploymentType", "PerUnitStorageThroughput"),
    ),
    "OPENZFS": (
        "OpenZFSConfiguration",
        (*_BACKUPS, "CopyTagsToVolumes", "DeploymentType", "DiskIopsConfiguration", "ThroughputCapacity"),
    ),
}
_VOLUME = ("FileSystemId", "Name", "VolumeId", "VolumeType")
_ONTAP_VOLUME = ("JunctionPath", "SizeInMegabytes", "StorageEfficiencyEnabled", "StorageVirtualMachineId")
# What the Windows backups recorded in 2018 do not have.
_NEWER = ("OwnerId", "ResourceType", "SizeInBytes")
_NEWER_OF_FILE_SYSTEM = ("FileSystemType", "ResourceARN", "StorageType")
_NEWER_OF_CONFIGURATION = ("DeploymentType", "ThroughputCapacity")


def backup(world: ServiceState, made: Backup, lifecycle: str | None = None) -> Description:
    """Return the API's `Backup`, in the given lifecycle state or its own."""
    now = world.clock.now()
    shown = lifecycle or made.lifecycle(now)
    failure = made.failure_reason(now)
    members = {
        "BackupId": made.backup_id,
        "Lifecycle": shown,
        "FailureDetails": {"Message": failure} if failure else None,
        "Type": made.type,
        "ProgressPercent": _percent(made, shown, now),
        "CreationTime": made.created,
        "KmsKeyId": made.kms_key,
        "ResourceARN": made.arn,
        "OwnerId": made.owner_id,
        "SourceBackupId": made.source_id,
        "SourceBackupRegion": made.source_region,
        **_resource(made, shown),
        **tag_list(made.shown_tags(now)),
    }
    given = {name: value for name, value in members.items() if value is not None}
    is_terse = world.settings.terse_windows_backups and made.kind == "WINDOWS"
    return _as_in_2018(given) if is_terse else given


def _percent(made: Backup, shown: str, now: float) -> int | None:
    if shown == "AVAILABLE":
        return DONE_PERCENT
    # At the very beginning there is none.
    return made.progress(now) or None


def _resource(made: Backup, shown: str) -> Description:
    if made.volume:
        return {"ResourceType": "VOLUME", "Volume": _volume(made, made.volume)}
    file_system = _file_system(made, shown)
    return {"ResourceType": "FILE_SYSTEM", "FileSystem": file_system, "SizeInBytes": made.size_in_bytes}


def _file_system(made: Backup, shown: str) -> Description:
    name, members = _CONFIGURATIONS[made.kind]
    configuration = _only(made.file_system[name], members)
    if shown == "CREATING":
        configuration.pop("ActiveDirectoryId", None)
    return _only(made.file_system, _FILE_SYSTEM) | {name: configuration}


def _volume(made: Backup, volume: Volume) -> Description:
    ontap = volume.description["OntapConfiguration"]
    style = {"VolumeStyle": "FLEXGROUP"} if volume.is_flexgroup else {}
    policy = {"TieringPolicy": _only(ontap["TieringPolicy"], ("Name",))}
    return _only(volume.description, _VOLUME) | {
        "Lifecycle": "DELETED" if volume.is_deleted else "ACTIVE",
        "OntapConfiguration": _only(ontap, _ONTAP_VOLUME) | policy | style,
        "ResourceARN": arn("fsx", volume.region, made.owner_id, f"volume/{volume.volume_id}"),
    }


def _as_in_2018(described: Description) -> Description:
    file_system = _without(described["FileSystem"], _NEWER_OF_FILE_SYSTEM)
    windows = _without(file_system["WindowsConfiguration"], _NEWER_OF_CONFIGURATION)
    return _without(described, _NEWER) | {"FileSystem": file_system | {"WindowsConfiguration": windows}}


def _only(members: Description, names: Iterable[str]) -> Description:
    return {name: members[name] for name in names if name in members}


def _without(members: Description, names: Iterable[str]) -> Description:
    return {name: value for name, value in members.items() if name not in names}

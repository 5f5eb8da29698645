"""Descriptions of backups, as recorded from AWS, or as documented if no recording exists."""

from collections.abc import Iterable

from simulator.fsx.records import Backup, Description, Volume, tag_list
from simulator.fsx.regions import arn
from simulator.fsx.state import State

_FILE_SYSTEM = ("FileSystemId", "FileSystemType", "ResourceARN", "StorageCapacity")
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


def backup(state: State, made: Backup, lifecycle: str | None = None) -> Description:
    """Return the API's `Backup`, by default in its own lifecycle state."""
    now = state.clock.now()
    shown = lifecycle or made.lifecycle(now)
    failure = made.failure_reason(now)
    members = {
        "BackupId": made.backup_id,
        "Lifecycle": shown,
        "FailureDetails": {"Message": failure} if failure else None,
        "Type": made.type,
        # A copy that has just started has no progress.
        "ProgressPercent": 100 if shown == "AVAILABLE" else made.progress(now) or None,
        "CreationTime": made.created,
        "KmsKeyId": made.kms_key,
        "ResourceARN": made.arn,
        "OwnerId": made.owner_id,
        **_source(made, is_told=shown != "COPYING" or state.settings.copying_tells_source),
        **_resource(made, tells_storage=state.settings.backups_tell_storage),
        **tag_list(made.shown_tags(now)),
    }
    return {name: value for name, value in members.items() if value is not None}


def _source(made: Backup, *, is_told: bool) -> Description:
    return {"SourceBackupId": made.source_id, "SourceBackupRegion": made.source_region} if is_told else {}


def _resource(made: Backup, *, tells_storage: bool) -> Description:
    if made.volume:
        return {"ResourceType": "VOLUME", "Volume": _volume(made, made.volume, tells_style=tells_storage)}
    name, members = _CONFIGURATIONS[made.kind]
    # The API's example of CopyBackup, for Lustre, has the storage type.
    storage = ("StorageType",) if tells_storage or made.kind == "LUSTRE" else ()
    file_system = _only(made.file_system, (*_FILE_SYSTEM, *storage)) | {name: _only(made.file_system[name], members)}
    return {"ResourceType": "FILE_SYSTEM", "FileSystem": file_system, "SizeInBytes": made.size_in_bytes}


def _volume(made: Backup, volume: Volume, *, tells_style: bool) -> Description:
    ontap = volume.description["OntapConfiguration"]
    style = {"VolumeStyle": "FLEXGROUP"} if volume.is_flexgroup and tells_style else {}
    policy = {"TieringPolicy": _only(ontap["TieringPolicy"], ("Name",))}
    return _only(volume.description, _VOLUME) | {
        "Lifecycle": "DELETED" if volume.is_deleted else "ACTIVE",
        "OntapConfiguration": _only(ontap, _ONTAP_VOLUME) | policy | style,
        "ResourceARN": arn("fsx", volume.region, made.owner_id, f"volume/{volume.volume_id}"),
    }


def _only(members: Description, names: Iterable[str]) -> Description:
    return {name: members[name] for name in names if name in members}

"""CopyBackup and CreateBackup."""

from simulator.fsx import descriptions, keys, tags, tokens
from simulator.fsx.calls import Call
from simulator.fsx.errors import FsxError, bad_request, limit_exceeded
from simulator.fsx.records import Backup, Description, FileSystem, Region, Volume, Work
from simulator.fsx.regions import fsx_regions, new_id, partition_of
from simulator.fsx.service_state import ServiceState

# User guides, quotas of user-initiated backups per account and Region.
_QUOTAS = {"WINDOWS": 500, "LUSTRE": 500, "OPENZFS": 10_000, "ONTAP": 10_000}


def copy_backup(world: ServiceState, call: Call) -> Description:
    """Start a copy, or return the one that the same token started before."""
    described = _copy_described(world, call)
    if not world.settings.copy_tells_tags:
        described.pop("Tags", None)
    return {"Backup": described}


def _copy_described(world: ServiceState, call: Call) -> Description:
    wanted = call.parameters
    explicit = tags.requested(wanted.get("Tags"))
    earlier = _accepted(world, call)
    if earlier:
        return _described_again(world, earlier)
    source = _source(world, call)
    _refuse_unsupported(world, call.region, source)
    kms_key = _destination_key(call)
    copied = tags.merged(source.tags, explicit) if wanted.get("CopyTags") else explicit
    region = world.region(call.region, call.account)
    _refuse_over_limits(world, region, source, kms_key)
    copy = _new_copy(world, call, source, kms_key, copied)
    region.backups[copy.backup_id] = copy
    tokens.accept(world, call, copy)
    region.max_running = max(region.max_running, region.running_copies(copy.created))
    return descriptions.backup(world, copy)


def create_backup(world: ServiceState, call: Call) -> Description:
    """Start a backup of a file system, or return the one that the same token started before."""
    explicit = tags.requested(call.parameters.get("Tags"))
    earlier = _accepted(world, call)
    if earlier:
        return {"Backup": _described_again(world, earlier)}
    region = world.region(call.region, call.account)
    volume = _volume(region, call)
    file_system = _file_system(world, call, volume)
    _refuse_beside_another(world, region, file_system, volume)
    _refuse_over_quota(world, region, file_system.kind)
    backup = new_backup(world, call, file_system, explicit, volume)
    region.backups[backup.backup_id] = backup
    tokens.accept(world, call, backup)
    return {"Backup": descriptions.backup(world, backup)}


def _accepted(world: ServiceState, call: Call) -> Backup | None:
    """Return the backup that this call's token stands for.

    Raises:
        FsxError: `IncompatibleParameterError` if the token came with other parameters; what
            `token_after_deletion` says if the backup was deleted since.
    """
    earlier = tokens.earlier(world, call)
    if earlier is None or not isinstance(earlier.subject, Backup):
        return None
    after = world.settings.token_after_deletion if earlier.subject.deleted_at is not None else None
    if after == "forgotten":
        return None
    if after == "refused":
        raise bad_request("The backup made with this token has been deleted.")
    if after == "incompatible":
        raise tokens.incompatible()
    tokens.repeated(world, call)
    return earlier.subject


def _described_again(world: ServiceState, backup: Backup) -> Description:
    return descriptions.backup(world, backup, "DELETED" if backup.deleted_at is not None else None)


def _source(world: ServiceState, call: Call) -> Backup:
    backup_id = call.parameters["SourceBackupId"]
    region = call.parameters.get("SourceRegion", call.region)
    if fsx_regions().get(region) != partition_of(call.region):
        raise FsxError("InvalidRegion", f"{region} is no Region of the partition {partition_of(call.region)}.")
    source = world.backup(region, backup_id, call.account)
    if source is None:
        raise FsxError("BackupNotFound", f"Backup {backup_id} does not exist in {region}.")
    if source.lifecycle(world.clock.now()) != "AVAILABLE":
        raise FsxError("SourceBackupUnavailable", f"Backup {backup_id} is not AVAILABLE.", BackupId=backup_id)
    return source


def _refuse_unsupported(world: ServiceState, region: str, source: Backup) -> None:
    # The user guides say that these cannot be copied; with which error, nobody has written down.
    if source.volume and source.volume.is_flexgroup:
        raise bad_request(f"Backup {source.backup_id} is of a FlexGroup volume and cannot be copied.")
    if source.file_system["StorageType"] == "INTELLIGENT_TIERING":
        raise bad_request(f"Backup {source.backup_id} is of Intelligent-Tiering storage and cannot be copied.")
    windows = source.file_system.get("WindowsConfiguration", {})
    is_multi_az = windows.get("DeploymentType", "").startswith("MULTI_AZ")
    if is_multi_az and region in world.settings.regions_without_multi_az:
        raise FsxError("IncompatibleRegionForMultiAZ", f"{region} cannot restore Multi-AZ Windows backups.")
    try:
        keys.resolve(source.owner_id, source.region, source.kms_key)
    except keys.KeyUnusableError as cause:
        raise FsxError("InvalidSourceKmsKey", str(cause)) from cause


def _destination_key(call: Call) -> str:
    try:
        return keys.resolve(call.account, call.region, call.parameters.get("KmsKeyId", keys.FSX_ALIAS))
    except keys.KeyUnusableError as cause:
        raise FsxError("InvalidDestinationKmsKey", str(cause)) from cause


def _refuse_over_limits(world: ServiceState, region: Region, source: Backup, kms_key: str) -> None:
    _refuse_over_quota(world, region, source.kind)
    allowed, now = world.settings.copies_per_region, world.clock.now()
    running = (other for other in region.backups.values() if other.is_copying(now))
    if sum(_slot(other, other.kms_key) == _slot(source, kms_key) for other in running) >= allowed:
        raise limit_exceeded("TOTAL_IN_PROGRESS_COPY_BACKUPS", allowed)


def _slot(backup: Backup, kms_key: str) -> tuple[str, str] | None:
    """Return what copies share their slots by: the volume and key of ONTAP, nothing but the Region of others."""
    return (backup.volume.volume_id, kms_key) if backup.volume else None


def _refuse_over_quota(world: ServiceState, region: Region, kind: str) -> None:
    allowed = world.settings.user_initiated_backups
    if allowed is None:
        allowed = _QUOTAS[kind]
    if sum(backup.type != "AUTOMATIC" and backup.kind == kind for backup in region.living()) >= allowed:
        raise limit_exceeded("TOTAL_USER_INITIATED_BACKUPS", allowed)


def _new_copy(world: ServiceState, call: Call, source: Backup, kms_key: str, copied: dict[str, str]) -> Backup:
    now = world.clock.now()
    seconds = world.duration(call.region)
    failure = world.take_failure(call.region, source.backup_id)
    return Backup(
        backup_id=new_id("backup"),
        region=call.region,
        owner_id=call.account,
        type="USER_INITIATED",
        created=now,
        file_system=source.file_system,
        volume=source.volume,
        kms_key=kms_key,
        tags=copied,
        size_in_bytes=source.size_in_bytes,
        source_id=source.backup_id,
        source_region=source.region,
        work=Work("COPYING", now, now + seconds, failure),
        shown_from=now + world.settings.shown_after_seconds,
        listed_from=now + world.settings.listed_after_seconds,
    )


def _volume(region: Region, call: Call) -> Volume | None:
    volume_id = call.parameters.get("VolumeId")
    if volume_id is not None and volume_id not in region.volumes:
        raise FsxError("VolumeNotFound", f"Volume {volume_id} does not exist.")
    return region.volumes.get(volume_id or "")


def _file_system(world: ServiceState, call: Call, volume: Volume | None) -> FileSystem:
    present = world.file_systems(call.region, call.account)
    file_system_id = volume.file_system_id if volume else call.parameters.get("FileSystemId")
    if file_system_id not in present:
        raise FsxError("FileSystemNotFound", f"File system {file_system_id} does not exist.")
    if present[file_system_id].kind == "ONTAP" and not volume:
        raise FsxError("UnsupportedOperation", "ONTAP file system backup is unsupported.")  # recorded
    return present[file_system_id]


def _refuse_beside_another(world: ServiceState, region: Region, origin: FileSystem, volume: Volume | None) -> None:
    now = world.clock.now()
    pending = (backup for backup in region.living() if backup.lifecycle(now) == "CREATING" and backup.volume is volume)
    if any(backup.file_system["FileSystemId"] == origin.file_system_id for backup in pending):
        raise FsxError("BackupInProgress", "Another backup is already pending.")  # recorded


def new_backup(
    world: ServiceState, call: Call, origin: FileSystem, tags_: dict[str, str], volume: Volume | None = None
) -> Backup:
    """Return a new user-initiated backup of a file system, or of a volume of it."""
    now = world.clock.now()
    # Recorded: half a minute after it began, the backup of a FlexGroup volume had failed so.
    failure = "Backup failed. Please delete the backup and try again." if volume and volume.is_flexgroup else None
    return Backup(
        backup_id=new_id("backup"),
        region=call.region,
        owner_id=call.account,
        type="USER_INITIATED",
        created=now,
        file_system=origin.describe(now),
        volume=volume,
        kms_key=origin.kms_key,
        tags=tags_,
        size_in_bytes=None,
        work=Work("CREATING", now, now + world.settings.backup_seconds, failure),
    )

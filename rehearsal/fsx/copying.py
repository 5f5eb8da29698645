"""CopyBackup and CreateBackup."""

from rehearsal.fsx import keys, tags
from rehearsal.fsx.calls import Call
from rehearsal.fsx.errors import FsxError, bad_request, incompatible_token, limit_exceeded
from rehearsal.fsx.records import Accepted, Backup, Description, FileSystem, Region, Work
from rehearsal.fsx.regions import fsx_regions, new_id, partition_of
from rehearsal.fsx.world import World


def copy_backup(world: World, call: Call) -> Description:
    """Start a copy, or return the one that the same token started before."""
    described = _copy_described(world, call)
    if not world.settings.copy_tells_tags:
        described.pop("Tags", None)
    return {"Backup": described}


def _copy_described(world: World, call: Call) -> Description:
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
    _refuse_over_limits(world, region)
    copy = _new_copy(world, call, source, kms_key, copied)
    _keep(region, call, copy)
    region.max_running = max(region.max_running, region.running_copies(copy.created))
    return copy.describe(copy.created)


def create_backup(world: World, call: Call) -> Description:
    """Start a backup of a file system, or return the one that the same token started before."""
    explicit = tags.requested(call.parameters.get("Tags"))
    earlier = _accepted(world, call)
    if earlier:
        return {"Backup": _described_again(world, earlier)}
    region = world.region(call.region, call.account)
    file_system = _file_system(region, call)
    _refuse_over_quota(world, region)
    backup = _new_backup(world, call, file_system, explicit)
    _keep(region, call, backup)
    return {"Backup": backup.describe(backup.created)}


def _accepted(world: World, call: Call) -> Backup | None:
    """Return the backup that this call's token stands for.

    Raises:
        FsxError: `IncompatibleParameterError` if the token came with other parameters; what
            `token_after_deletion` says if the backup was deleted since.
    """
    earlier = world.region(call.region, call.account).accepted.get(_token_key(call))
    is_deleted = earlier is not None and earlier.backup.deleted_at is not None
    after = world.settings.token_after_deletion if is_deleted else None
    if earlier is None or after == "forgotten":
        return None
    if after == "refused":
        raise bad_request("The backup made with this token has been deleted.")
    if after == "incompatible" or earlier.parameters != call.parameters:
        raise incompatible_token()
    return earlier.backup


def _described_again(world: World, backup: Backup) -> Description:
    return backup.describe(world.clock.now(), "DELETED" if backup.deleted_at is not None else None)


def _keep(region: Region, call: Call, backup: Backup) -> None:
    region.backups[backup.backup_id] = backup
    region.accepted[_token_key(call)] = Accepted(call.parameters, backup)


def _token_key(call: Call) -> tuple[str, str]:
    # Without a token each request stands for itself.
    return call.action, call.parameters.get("ClientRequestToken") or new_id("untold")


def _source(world: World, call: Call) -> Backup:
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


def _refuse_unsupported(world: World, region: str, source: Backup) -> None:
    if not source.copyable:
        raise FsxError("UnsupportedOperation", f"Backup {source.backup_id} cannot be copied.")
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


def _refuse_over_limits(world: World, region: Region) -> None:
    _refuse_over_quota(world, region)
    allowed = world.settings.copies_per_region
    if region.running_copies(world.clock.now()) >= allowed:
        raise limit_exceeded("TOTAL_IN_PROGRESS_COPY_BACKUPS", allowed)


def _refuse_over_quota(world: World, region: Region) -> None:
    allowed = world.settings.user_initiated_backups
    if sum(backup.type != "AUTOMATIC" for backup in region.living()) >= allowed:
        raise limit_exceeded("TOTAL_USER_INITIATED_BACKUPS", allowed)


def _new_copy(world: World, call: Call, source: Backup, kms_key: str, copied: dict[str, str]) -> Backup:
    now = world.clock.now()
    seconds = world.duration(call.region, source.backup_id)
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


def _file_system(region: Region, call: Call) -> FileSystem:
    volume_id = call.parameters.get("VolumeId")
    if volume_id is not None:
        return _file_system_of_volume(region, volume_id)
    file_system_id = call.parameters.get("FileSystemId")
    if file_system_id not in region.file_systems:
        raise FsxError("FileSystemNotFound", f"File system {file_system_id} does not exist.")
    found = region.file_systems[file_system_id]
    if found.volume:
        raise bad_request(f"File system {file_system_id} is backed up by volume: give a VolumeId.")
    return found


def _file_system_of_volume(region: Region, volume_id: str) -> FileSystem:
    for file_system in region.file_systems.values():
        if file_system.volume and file_system.volume["VolumeId"] == volume_id:
            return file_system
    raise FsxError("VolumeNotFound", f"Volume {volume_id} does not exist.")


def _new_backup(world: World, call: Call, file_system: FileSystem, explicit: dict[str, str]) -> Backup:
    now = world.clock.now()
    return Backup(
        backup_id=new_id("backup"),
        region=call.region,
        owner_id=call.account,
        type="USER_INITIATED",
        created=now,
        file_system=file_system.describe(),
        volume=file_system.volume,
        kms_key=file_system.kms_key,
        tags=explicit,
        size_in_bytes=None,
        work=Work("CREATING", now, now + world.settings.backup_seconds),
    )

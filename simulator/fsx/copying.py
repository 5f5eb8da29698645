"""CopyBackup."""

from simulator.fsx import descriptions, keys, tagging, tokens
from simulator.fsx.calls import Call
from simulator.fsx.errors import FsxError, bad_request, limit_exceeded
from simulator.fsx.records import Backup, CopyJob, Description, Region
from simulator.fsx.regions import fsx_regions, new_id, partition_of
from simulator.fsx.state import State

# User guides, quotas of user-initiated backups per account and Region.
_QUOTAS = {"WINDOWS": 500, "LUSTRE": 500, "OPENZFS": 10_000, "ONTAP": 10_000}
# User guides: five running copies of Windows, Lustre and OpenZFS together, and five of each ONTAP volume and key.
_COPIES_AT_ONCE = 5
_GIB = 1 << 30  # AWS bills this as a GB


def copy_backup(state: State, call: Call) -> Description:
    """Start a copy, or return the copy that an earlier request with the same token started."""
    copy = _earlier_copy(state, call) or _start(state, call)
    described = descriptions.backup(state, copy, "DELETED" if copy.deleted_at is not None else None)
    if not state.settings.copy_tells_tags:
        described.pop("Tags", None)
    return {"Backup": described}


def _earlier_copy(state: State, call: Call) -> Backup | None:
    copy = tokens.earlier(state, call)
    if copy and copy.deleted_at is not None:
        match state.settings.token_after_deletion:
            case "forgotten":
                return None
            case "refused":
                raise bad_request("The backup made with this token has been deleted.")
            case "incompatible":
                raise tokens.incompatible()
    return tokens.repeated(state, call)


def _start(state: State, call: Call) -> Backup:
    explicit = tagging.requested(call.parameters.get("Tags"))
    source = _source(state, call)
    _refuse_unsupported(state, source)
    kms_key = _destination_key(call)
    tags = tagging.merged(source.tags, explicit) if call.parameters.get("CopyTags") else explicit
    region = state.region(call.region, call.account)
    _refuse_over_limits(state, region, source, kms_key)
    copy = _new_copy(state, call, source, kms_key, tags)
    region.backups[copy.backup_id] = copy
    tokens.accept(state, call, copy)
    region.max_running = max(region.max_running, len(region.running_copies(copy.created)))
    return copy


def _source(state: State, call: Call) -> Backup:
    backup_id = call.parameters["SourceBackupId"]
    region = call.parameters.get("SourceRegion", call.region)
    if fsx_regions().get(region) != partition_of(call.region):
        raise FsxError("InvalidRegion", f"{region} is not a Region of the partition {partition_of(call.region)}.")
    source = state.backup(region, backup_id, call.account)
    if source is None:
        raise FsxError("BackupNotFound", f"Backup {backup_id} does not exist in {region}.")
    if source.lifecycle(state.clock.now()) != "AVAILABLE":
        raise FsxError("SourceBackupUnavailable", f"Backup {backup_id} is not AVAILABLE.", BackupId=backup_id)
    return source


def _refuse_unsupported(state: State, source: Backup) -> None:
    if source.type == "AWS_BACKUP" and not state.settings.copies_backups_of_aws_backup:
        raise bad_request(f"Backup {source.backup_id} was made by AWS Backup; copy it there.")
    # The user guides say that these cannot be copied. The error is an assumption.
    if source.volume and source.volume.is_flexgroup:
        raise bad_request(f"Backup {source.backup_id} is of a FlexGroup volume and cannot be copied.")
    if source.file_system["StorageType"] == "INTELLIGENT_TIERING":
        raise bad_request(f"Backup {source.backup_id} is of Intelligent-Tiering storage and cannot be copied.")
    try:
        keys.resolve(source.owner_id, source.region, source.kms_key)
    except keys.KeyUnusableError as cause:
        raise FsxError("InvalidSourceKmsKey", str(cause)) from cause


def _destination_key(call: Call) -> str:
    try:
        return keys.resolve(call.account, call.region, call.parameters.get("KmsKeyId", keys.FSX_ALIAS))
    except keys.KeyUnusableError as cause:
        raise FsxError("InvalidDestinationKmsKey", str(cause)) from cause


def _refuse_over_limits(state: State, region: Region, source: Backup, kms_key: str) -> None:
    quota = state.settings.user_initiated_backups
    quota = _QUOTAS[source.kind] if quota is None else quota
    present = [backup for backup in region.backups.values() if backup.deleted_at is None]
    if sum(backup.type != "AUTOMATIC" and backup.kind == source.kind for backup in present) >= quota:
        raise limit_exceeded("TOTAL_USER_INITIATED_BACKUPS", quota)
    group = _slot_group(source, kms_key)
    running = [_slot_group(copy, copy.kms_key) for copy in region.running_copies(state.clock.now())]
    if running.count(group) >= _COPIES_AT_ONCE:
        raise limit_exceeded("TOTAL_IN_PROGRESS_COPY_BACKUPS", _COPIES_AT_ONCE)


def _slot_group(backup: Backup, kms_key: str) -> tuple[str, str] | None:
    """Return the group of copies that share slots: one ONTAP volume and key, or all other types together."""
    return (backup.volume.volume_id, kms_key) if backup.volume else None


def _new_copy(state: State, call: Call, source: Backup, kms_key: str, tags: dict[str, str]) -> Backup:
    now = state.clock.now()
    copy = Backup(
        backup_id=new_id("backup"),
        region=call.region,
        owner_id=call.account,
        type="USER_INITIATED",
        created=now,
        file_system=source.file_system,
        volume=source.volume,
        kms_key=kms_key,
        tags=tags,
        size_in_bytes=source.size_in_bytes,
        source_id=source.backup_id,
        source_region=source.region,
        shown_from=now + state.settings.shown_after_seconds,
        listed_from=now + state.settings.listed_after_seconds,
    )
    copy.job = _job(state, copy, state.take_failure(call.region, source.backup_id))
    return copy


def _job(state: State, copy: Backup, failure: str | None) -> CopyJob:
    settings, is_full = state.settings, _is_full(state, copy)
    transferred = int((copy.size_in_bytes or 0) * (1 if is_full else settings.incremental_fraction))
    if settings.seconds_per_gb is None:
        seconds = state.duration(copy.region)
    else:
        seconds = max(settings.shortest_copy_seconds, settings.seconds_per_gb * transferred / _GIB)
    return CopyJob(copy.created, copy.created + seconds, failure, is_full, transferred)


def _is_full(state: State, copy: Backup) -> bool:
    """Whether the Region has no earlier copy of the same file system or volume and key."""
    bases = {"AVAILABLE"} | ({"COPYING"} if state.settings.copies_started_together == "incremental" else set())
    present = state.region(copy.region, copy.owner_id).backups.values()
    earlier = [other for other in present if other.source_id and other.deleted_at is None and other.chain == copy.chain]
    return not any(other.lifecycle(copy.created) in bases for other in earlier)

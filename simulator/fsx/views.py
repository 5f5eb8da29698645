"""The state of the service, as tests and demonstrations read it."""

from typing import TypedDict

from simulator.fsx.journal import Entry
from simulator.fsx.records import Backup, Description, FileSystem, Region
from simulator.fsx.service_state import ServiceState


class BackupView(TypedDict):
    """A backup or copy; `created` is in seconds since 1970, `progress` in percent while it is being made."""

    id: str
    arn: str
    type: str
    lifecycle: str
    progress: int | None
    failure: str | None
    created: float
    tags: dict[str, str]
    kms_key_arn: str
    size_in_bytes: int | None
    file_system_id: str
    volume_id: str | None
    source_backup_id: str | None
    source_region: str | None
    deleted: bool


class RegionView(TypedDict):
    """A Region: its backups and file systems, and how many copies run now and ran at once at most."""

    backups: list[BackupView]
    file_systems: list[Description]
    running: int
    max_running: int


def state(world: ServiceState) -> dict[str, RegionView]:
    """Return every Region of the simulator's account, by name; deleted backups are left out."""
    names = sorted(name for _, name in world.regions)
    return {name: _region_view(world, name) for name in names}


def backups(world: ServiceState, region: str, *, deleted: bool = False) -> list[BackupView]:
    """Return the backups and copies in a Region in the order they were made, with the deleted ones if wanted."""
    now = world.clock.now()
    present = world.region(region).backups.values()
    return [_backup_view(backup, now) for backup in present if deleted or backup.deleted_at is None]


def backup(world: ServiceState, region: str, backup_id: str) -> BackupView:
    """Return one backup or copy, even if it was deleted.

    Raises:
        ValueError: the Region never had it.
    """
    found = [view for view in backups(world, region, deleted=True) if view["id"] == backup_id]
    if not found:
        raise ValueError(f"There never was a backup {backup_id} in {region}.")
    return found[0]


def file_systems(world: ServiceState, region: str) -> list[Description]:
    """Return the file systems in a Region, as the API describes them; ONTAP's with their `Volumes`."""
    place, now = world.region(region), world.clock.now()
    return [one.describe(now) | _volumes(place, one) for one in world.file_systems(region).values()]


def max_running(world: ServiceState) -> dict[str, int]:
    """Return the highest number of copies that ever ran at once, by destination Region."""
    return {name: region.max_running for (_, name), region in world.regions.items() if region.max_running}


def journal(world: ServiceState, region: str | None = None, action: str | None = None) -> list[Entry]:
    """Return the calls, to FSx, KMS and STS, in the order they came in; of one Region and action, or of all."""
    return world.journal.select(region, action)


def counts(world: ServiceState, region: str | None = None) -> dict[str, int]:
    """Return how often each action was called, in one Region or in all."""
    return world.journal.counts(region)


def now(world: ServiceState) -> float:
    """Return the service's time in seconds since 1970."""
    return world.clock.now()


def _region_view(world: ServiceState, name: str) -> RegionView:
    region = world.region(name)
    return {
        "backups": backups(world, name),
        "file_systems": file_systems(world, name),
        "running": region.running_copies(world.clock.now()),
        "max_running": region.max_running,
    }


def _volumes(region: Region, file_system: FileSystem) -> Description:
    volumes = [volume.description for volume in region.volumes_of(file_system.file_system_id)]
    return {"Volumes": volumes} if volumes else {}


def _backup_view(backup: Backup, now: float) -> BackupView:
    return {
        "id": backup.backup_id,
        "arn": backup.arn,
        "type": backup.type,
        "lifecycle": "DELETED" if backup.deleted_at is not None else backup.lifecycle(now),
        "progress": backup.progress(now),
        "failure": backup.failure_reason(now),
        "created": backup.created,
        "tags": dict(backup.tags),
        "kms_key_arn": backup.kms_key,
        "size_in_bytes": backup.size_in_bytes,
        "file_system_id": backup.file_system["FileSystemId"],
        "volume_id": backup.volume.volume_id if backup.volume else None,
        "source_backup_id": backup.source_id,
        "source_region": backup.source_region,
        "deleted": backup.deleted_at is not None,
    }

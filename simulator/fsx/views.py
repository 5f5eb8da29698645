"""The state of the simulator, for tests and the demo."""

from collections import Counter
from typing import TypedDict

from simulator.fsx.records import Backup, Description, Entry
from simulator.fsx.state import State


class BackupView(TypedDict):
    """A backup or copy; `created` and `ends` are in seconds since 1970, `progress` is in percent.

    Only copies have `ends`, `is_full` and `transferred_bytes`.
    """

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
    ends: float | None
    is_full: bool | None
    transferred_bytes: int | None
    deleted: bool


def running_copies(state: State) -> dict[str, int]:
    """Return the number of running copies in each Region that was called."""
    return {name: len(region.running_copies(state.clock.now())) for (_, name), region in sorted(state.regions.items())}


def backups(state: State, region: str, *, deleted: bool = False) -> list[BackupView]:
    """Return the backups and copies in a Region in order of creation; `deleted` includes deleted ones."""
    now = state.clock.now()
    present = state.region(region).backups.values()
    return [_backup_view(backup, now) for backup in present if deleted or backup.deleted_at is None]


def backup(state: State, region: str, backup_id: str) -> BackupView:
    """Return one backup or copy, even if it was deleted.

    Raises:
        ValueError: If it was never in the Region.
    """
    found = [view for view in backups(state, region, deleted=True) if view["id"] == backup_id]
    if not found:
        raise ValueError(f"{region} never had a backup {backup_id}.")
    return found[0]


def file_systems(state: State, region: str) -> list[Description]:
    """Return the file systems in a Region as the API describes them; ONTAP file systems have `Volumes`."""
    found = []
    for file_system in state.region(region).file_systems.values():
        volumes = [volume.description for volume in state.region(region).volumes_of(file_system.file_system_id)]
        found.append(file_system.describe() | ({"Volumes": volumes} if volumes else {}))
    return found


def max_running(state: State) -> dict[str, int]:
    """Return the highest number of copies that ran at the same time, by destination Region."""
    return {name: region.max_running for (_, name), region in state.regions.items() if region.max_running}


def journal(state: State, region: str | None = None, action: str | None = None) -> list[Entry]:
    """Return the calls to all services in order; `region` and `action` filter them."""
    return [call for call in state.journal if region in {None, call["region"]} and action in {None, call["action"]}]


def counts(state: State, region: str | None = None) -> dict[str, int]:
    """Return how often each action was called, in one Region or in all."""
    return Counter(call["action"] for call in journal(state, region))


def now(state: State) -> float:
    """Return the simulator's time in seconds since 1970."""
    return state.clock.now()


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
        "ends": backup.job.ends if backup.job else None,
        "is_full": backup.job.is_full if backup.job else None,
        "transferred_bytes": backup.job.transferred_bytes if backup.job else None,
        "deleted": backup.deleted_at is not None,
    }

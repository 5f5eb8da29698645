"""DescribeBackups, DescribeFileSystems and DescribeVolumes."""

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from simulator.fsx import descriptions
from simulator.fsx.calls import Call
from simulator.fsx.errors import FsxError, bad_request
from simulator.fsx.paging import next_token, page
from simulator.fsx.records import Backup, Description, Volume
from simulator.fsx.service_state import ServiceState

T = TypeVar("T")
_FILTERS: dict[str, Callable[[Backup], str | None]] = {
    "file-system-id": lambda backup: backup.file_system["FileSystemId"],
    "file-system-type": lambda backup: backup.kind,
    "backup-type": lambda backup: backup.type,
    "volume-id": lambda backup: backup.volume.volume_id if backup.volume else None,
}
_VOLUME_FILTERS: dict[str, Callable[[Volume], str]] = {
    "file-system-id": lambda volume: volume.file_system_id,
    "storage-virtual-machine-id": lambda volume: volume.description["OntapConfiguration"]["StorageVirtualMachineId"],
}


def describe_backups(world: ServiceState, call: Call) -> Description:
    """Return the backups of given ids, or a page of those that pass the filters."""
    shown = _shown(world, call)
    if call.parameters.get("BackupIds"):
        backups, limit = world.shuffled(_by_id(call, shown)), world.settings.ids_per_answer
        more = next_token(call, 1, backups[limit - 1].backup_id) if len(backups) > limit else {}
        return {"Backups": _described(world, backups[:limit])} | more
    now = world.clock.now()
    listed = [backup for backup in shown if backup.listed_from <= now]
    chosen = [backup for backup in _passing(call, _FILTERS, listed) if _is_found(world, call, backup)]
    backups, token = page(world, call, chosen, lambda backup: backup.backup_id)
    return {"Backups": _described(world, backups)} | token


def describe_file_systems(world: ServiceState, call: Call) -> Description:
    """Return the file systems of given ids, or a page of all."""
    present, now = world.file_systems(call.region, call.account), world.clock.now()
    names = _named(call, "FileSystemIds", present, "FileSystemNotFound", "File system")
    chosen, token = page(world, call, names, str)
    return {"FileSystems": [present[name].describe(now) for name in chosen]} | token


def describe_volumes(world: ServiceState, call: Call) -> Description:
    """Return the volumes of given ids, or a page of those that pass the filters."""
    present = world.region(call.region, call.account).volumes
    names = _named(call, "VolumeIds", present, "VolumeNotFound", "Volume")
    volumes = _passing(call, _VOLUME_FILTERS, [present[name] for name in names])
    chosen, token = page(world, call, volumes, lambda volume: volume.volume_id)
    return {"Volumes": [volume.description for volume in chosen]} | token


def _named(call: Call, member: str, present: Collection[str], error: str, noun: str) -> list[str]:
    """Return the ids that the call names, or those of all that there is."""
    wanted = call.parameters.get(member)
    missing = [name for name in wanted or [] if name not in present]
    if missing:
        raise FsxError(error, f"{noun} {missing[0]} does not exist.")
    return sorted(wanted or present)


def _shown(world: ServiceState, call: Call) -> list[Backup]:
    now = world.clock.now()
    region = world.region(call.region, call.account)
    known = [backup for backup in region.backups.values() if backup.shown_from <= now]
    lag = world.settings.delete_lag
    present = [backup for backup in known if backup.deleted_at is None or now < backup.deleted_at + lag]
    return sorted(present, key=lambda backup: backup.backup_id)


def _by_id(call: Call, shown: list[Backup]) -> list[Backup]:
    ids = call.parameters["BackupIds"]
    # The service model says that ids overrule filters; of pages it says nothing.
    if call.parameters.keys() & {"MaxResults", "NextToken"}:
        raise bad_request("BackupIds cannot go together with MaxResults or NextToken.")
    missing = set(ids) - {backup.backup_id for backup in shown}
    if missing:
        raise FsxError("BackupNotFound", f"Backup {min(missing)} does not exist.")
    return [backup for backup in shown if backup.backup_id in ids]


def _passing(call: Call, filters: Mapping[str, Callable[[T], str | None]], items: list[T]) -> list[T]:
    """Return what passes every filter of the call."""
    rules = call.parameters.get("Filters", [])
    unknown = [rule.get("Name") for rule in rules if rule.get("Name") not in filters]
    if unknown:
        raise bad_request(f"{call.action} has no filter {unknown[0]!r}.")
    return [item for item in items if all(filters[rule["Name"]](item) in rule.get("Values", []) for rule in rules)]


def _is_found(world: ServiceState, call: Call, backup: Backup) -> bool:
    by_file_system = any(rule["Name"] == "file-system-id" for rule in call.parameters.get("Filters", []))
    return not (by_file_system and backup.volume) or world.settings.volumes_found_by_file_system


def _described(world: ServiceState, backups: list[Backup]) -> list[Description]:
    now, gone = world.clock.now(), world.settings.delete_lag_lifecycle

    def shown(backup: Backup) -> str | None:
        # A backup that FAILED does not become AVAILABLE because it is deleted.
        return None if backup.deleted_at is None or backup.failure_reason(now) else gone

    return [descriptions.backup(world, backup, shown(backup)) for backup in backups]

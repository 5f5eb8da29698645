"""DescribeBackups, DescribeFileSystems and DescribeVolumes."""

from collections.abc import Callable

from simulator.fsx import descriptions
from simulator.fsx.calls import Call
from simulator.fsx.errors import FsxError, bad_request
from simulator.fsx.paging import next_token, page
from simulator.fsx.records import Backup, Description, Volume
from simulator.fsx.state import State

_FILTERS: dict[str, Callable[[Backup], str | None]] = {
    "file-system-id": lambda backup: backup.file_system["FileSystemId"],
    "file-system-type": lambda backup: backup.kind,
    "backup-type": lambda backup: backup.type,
    "volume-id": lambda backup: backup.volume.volume_id if backup.volume else None,
}


def describe_backups(state: State, call: Call) -> Description:
    """Return the backups with the given ids, or a page of the backups that match the filters."""
    shown = _shown(state, call)
    if call.parameters.get("BackupIds"):
        backups, limit = state.shuffled(_by_id(call, shown)), state.settings.ids_per_answer
        more = next_token(call, backups[limit - 1].backup_id) if len(backups) > limit else {}
        return {"Backups": _described(state, backups[:limit])} | more
    now = state.clock.now()
    listed = [backup for backup in _filtered(call, shown) if backup.listed_from <= now]
    backups, token = page(state, call, listed, lambda backup: backup.backup_id)
    return {"Backups": _described(state, backups)} | token


def describe_file_systems(state: State, call: Call) -> Description:
    """Return the file systems with the given ids, or a page of all."""
    present = state.region(call.region, call.account).file_systems
    wanted = call.parameters.get("FileSystemIds") or present
    missing = [name for name in wanted if name not in present]
    if missing:
        raise FsxError("FileSystemNotFound", f"File system {missing[0]} does not exist.")
    chosen, token = page(state, call, sorted(wanted), str)
    return {"FileSystems": [present[name].describe() for name in chosen]} | token


def describe_volumes(state: State, call: Call) -> Description:
    """Return the volumes with the given ids, or a page of the volumes that match the filters."""
    present = state.region(call.region, call.account).volumes
    wanted = call.parameters.get("VolumeIds") or present
    missing = [name for name in wanted if name not in present or present[name].is_deleted]
    if call.parameters.get("VolumeIds") and missing:
        raise FsxError("VolumeNotFound", f"Volume {missing[0]} does not exist.")
    rules = _rules(call)
    passing = [name for name in sorted(wanted) if name not in missing and _passes(present[name], rules)]
    chosen, token = page(state, call, passing, str)
    return {"Volumes": [present[name].description for name in chosen]} | token


def _rules(call: Call) -> dict[str, list[str]]:
    """Return the filters of a call: allowed values by name."""
    rules = {rule.get("Name"): rule.get("Values", []) for rule in call.parameters.get("Filters", [])}
    if None in rules:  # the service model does not require a name
        raise bad_request("A filter has no name.")
    return rules


def _passes(volume: Volume, rules: dict[str, list[str]]) -> bool:
    machine = volume.description["OntapConfiguration"]["StorageVirtualMachineId"]
    members = {"file-system-id": volume.file_system_id, "storage-virtual-machine-id": machine}
    return all(members[name] in values for name, values in rules.items())


def _shown(state: State, call: Call) -> list[Backup]:
    now, lag = state.clock.now(), state.settings.delete_lag
    backups = state.region(call.region, call.account).backups.values()
    present = [one for one in backups if one.deleted_at is None or now < one.deleted_at + lag]
    return sorted((one for one in present if one.shown_from <= now), key=lambda backup: backup.backup_id)


def _by_id(call: Call, shown: list[Backup]) -> list[Backup]:
    ids = call.parameters["BackupIds"]
    # The service model says that ids take precedence over filters. It does not mention pages.
    if call.parameters.keys() & {"MaxResults", "NextToken"}:
        raise bad_request("BackupIds cannot go together with MaxResults or NextToken.")
    missing = set(ids) - {backup.backup_id for backup in shown}
    if missing:
        raise FsxError("BackupNotFound", f"Backup {min(missing)} does not exist.")
    return [backup for backup in shown if backup.backup_id in ids]


def _filtered(call: Call, backups: list[Backup]) -> list[Backup]:
    """Return the items that match all filters of the call."""
    rules = _rules(call)
    unknown = rules.keys() - _FILTERS.keys()
    if unknown:
        raise bad_request(f"{call.action} has no filter {min(unknown)!r}.")
    return [backup for backup in backups if all(_FILTERS[name](backup) in values for name, values in rules.items())]


def _described(state: State, backups: list[Backup]) -> list[Description]:
    now, deleted_as = state.clock.now(), state.settings.delete_lag_lifecycle

    def shown_as(backup: Backup) -> str | None:
        # Deletion does not make a FAILED backup AVAILABLE.
        return None if backup.deleted_at is None or backup.failure_reason(now) else deleted_as

    return [descriptions.backup(state, backup, shown_as(backup)) for backup in backups]

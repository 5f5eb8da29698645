"""DescribeBackups and DescribeFileSystems."""

from collections.abc import Callable

from rehearsal.fsx.calls import Call
from rehearsal.fsx.errors import FsxError, bad_request
from rehearsal.fsx.paging import page
from rehearsal.fsx.records import Backup, Description
from rehearsal.fsx.world import World

_FILTERS: dict[str, Callable[[Backup], str | None]] = {
    "file-system-id": lambda backup: backup.file_system["FileSystemId"],
    "file-system-type": lambda backup: backup.file_system["FileSystemType"],
    "backup-type": lambda backup: backup.type,
    "volume-id": lambda backup: (backup.volume or {}).get("VolumeId"),
}


def describe_backups(world: World, call: Call) -> Description:
    """Return the backups of given ids, or a page of those that pass the filters."""
    shown = _shown(world, call)
    if call.parameters.get("BackupIds"):
        backups, limit = world.shuffled(_by_id(call, shown)), world.settings.ids_per_answer
        token = {"NextToken": backups[limit].backup_id} if len(backups) > limit else {}
        return {"Backups": _described(world, backups[:limit])} | token
    rules, now = _rules(call), world.clock.now()
    listed = [backup for backup in shown if backup.listed_from <= now]
    chosen = [backup for backup in listed if all(value_of(backup) in values for value_of, values in rules)]
    backups, token = page(world, call, chosen, lambda backup: backup.backup_id)
    return {"Backups": _described(world, backups)} | token


def describe_file_systems(world: World, call: Call) -> Description:
    """Return the file systems of given ids, or a page of all."""
    present = world.region(call.region, call.account).file_systems
    wanted = call.parameters.get("FileSystemIds")
    missing = [name for name in wanted or [] if name not in present]
    if missing:
        raise FsxError("FileSystemNotFound", f"File system {missing[0]} does not exist.")
    listed = sorted(wanted or present)
    names, token = page(world, call, listed, str)
    return {"FileSystems": [present[name].describe() for name in names]} | token


def _shown(world: World, call: Call) -> list[Backup]:
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


def _rules(call: Call) -> list[tuple[Callable[[Backup], str | None], list[str]]]:
    """Return what each filter looks at, and the values it lets pass."""
    filters = call.parameters.get("Filters", [])
    unknown = [rule.get("Name") for rule in filters if rule.get("Name") not in _FILTERS]
    if unknown:
        raise bad_request(f"DescribeBackups has no filter {unknown[0]!r}.")
    return [(_FILTERS[rule["Name"]], rule.get("Values", [])) for rule in filters]


def _described(world: World, backups: list[Backup]) -> list[Description]:
    now = world.clock.now()
    gone = world.settings.delete_lag_lifecycle
    return [backup.describe(now, gone if backup.deleted_at is not None else None) for backup in backups]

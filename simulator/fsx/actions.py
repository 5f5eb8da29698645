"""Actions of tests on the simulator, outside the API: seed resources, change them, and inject faults."""

from itertools import count
from typing import Any, Literal

from simulator.fsx import keys, seeds
from simulator.fsx.faults import Fault, FaultKind
from simulator.fsx.records import Backup, FileSystem, Volume
from simulator.fsx.regions import ACCOUNT_ID, new_id
from simulator.fsx.state import PlannedFailure, State

GIB = 1 << 30
_FAULT_NUMBERS = count(1)


def seed_file_system(  # noqa: PLR0913 - the API's own properties of a file system
    state: State,
    region: str,
    kind: str = "WINDOWS",
    *,
    deployment: str | None = None,
    tags: dict[str, str] | None = None,
    file_system_id: str | None = None,
    storage_type: Literal["SSD", "HDD", "INTELLIGENT_TIERING"] = "SSD",
) -> str:
    """Put a file system (WINDOWS, LUSTRE, OPENZFS or ONTAP) into a Region and return its id.

    An ONTAP file system has a root volume and a volume `vol1`.
    """
    file_system_id = file_system_id or new_id("fs")
    key = keys.resolve(ACCOUNT_ID, region, keys.FSX_ALIAS)
    seed = seeds.Seed(region, file_system_id, state.clock.now(), key)
    file_system = seeds.file_system(seed, kind, deployment, storage_type)
    file_system.tags = dict(tags or {})
    state.region(region).file_systems[file_system_id] = file_system
    for volume_name in ("vol1", seeds.ROOT_VOLUME) if kind == "ONTAP" else ():
        seed_volume(state, region, file_system_id, volume_name)
    return file_system_id


def seed_volume(
    state: State,
    region: str,
    file_system_id: str,
    name: str,
    *,
    style: Literal["FLEXVOL", "FLEXGROUP"] = "FLEXVOL",
) -> str:
    """Put a volume into a seeded ONTAP file system and return its id."""
    file_system = _file_system(state, region, file_system_id)
    seed = seeds.Seed(region, file_system_id, state.clock.now(), file_system.kms_key)
    volume = seeds.volume(seed, name, style)
    state.region(region).volumes[volume.volume_id] = volume
    return volume.volume_id


def seed_backup(  # noqa: PLR0913 - the API's own properties of a backup
    state: State,
    region: str,
    file_system_id: str,
    *,
    type: str = "AUTOMATIC",  # noqa: A002 - the API's own name
    lifecycle: str = "AVAILABLE",
    created: float | None = None,
    tags: dict[str, str] | None = None,
    size_in_bytes: int | None = 10 * GIB,
    kms_key_id: str | None = None,
    backup_id: str | None = None,
    volume_id: str | None = None,
) -> str:
    """Put a backup of a seeded file system, or of an ONTAP volume, into its Region and return the backup's id.

    Args:
        state: the state.
        region: the Region.
        file_system_id: a file system in it.
        type: AUTOMATIC, USER_INITIATED or AWS_BACKUP.
        lifecycle: the state in which the backup stays.
        created: the creation time in seconds since 1970; now by default.
        tags: its tags, which may include `aws:` keys.
        size_in_bytes: its size; None if the API returns no size.
        kms_key_id: its key; by default the file system's.
        backup_id: its id; by default a new one.
        volume_id: the ONTAP volume; by default `vol1`.

    Raises:
        ValueError: If the file system, the volume or a usable key is missing.
    """
    file_system = _file_system(state, region, file_system_id)
    backup = Backup(
        backup_id=backup_id or new_id("backup"),
        region=region,
        owner_id=ACCOUNT_ID,
        type=type,
        created=state.clock.now() if created is None else created,
        file_system=file_system.describe(),
        volume=_volume(state, region, file_system_id, volume_id),
        kms_key=keys.resolve(ACCOUNT_ID, region, kms_key_id) if kms_key_id else file_system.kms_key,
        tags=dict(tags or {}),
        size_in_bytes=size_in_bytes,
        settled=lifecycle,
    )
    state.region(region).backups[backup.backup_id] = backup
    return backup.backup_id


def seed_key(_state: State, region: str, alias: str | None = None) -> str:
    """Create a KMS key in a Region, with an alias such as `alias/fsx-dr` if one is given, and return the key's ARN."""
    return keys.create(ACCOUNT_ID, region, alias)


def remove_file_system(state: State, region: str, file_system_id: str) -> None:
    """Delete a file system and its volumes; its backups stay."""
    _file_system(state, region, file_system_id)
    for volume in state.region(region).volumes_of(file_system_id):
        volume.is_deleted = True
        del state.region(region).volumes[volume.volume_id]
    del state.region(region).file_systems[file_system_id]


def remove_backup(state: State, region: str, backup_id: str) -> None:
    """Delete a backup immediately, as if it expired or another user deleted it."""
    _backup(state, region, backup_id).deleted_at = float("-inf")


def set_tags(state: State, region: str, backup_id: str, tags: dict[str, str]) -> None:
    """Replace all tags of a backup."""
    _backup(state, region, backup_id).tags = dict(tags)


def set_key(state: State, region: str, backup_id: str, key_arn: str) -> None:
    """Change the key of a backup; the key can be in another account."""
    _backup(state, region, backup_id).kms_key = key_arn


def set_lifecycle(state: State, region: str, backup_id: str, lifecycle: str, failure: str | None = None) -> None:
    """Set the lifecycle of a backup and end any work on it; `failure` is the reason of FAILED."""
    backup = _backup(state, region, backup_id)
    backup.job, backup.settled, backup.failure = None, lifecycle, failure


def mark_restoring(state: State, region: str, backup_id: str, file_system_id: str | None) -> None:
    """Mark a backup as being restored to a file system; None ends the restore."""
    _backup(state, region, backup_id).restoring_to = file_system_id


def set_copy_seconds(state: State, seconds: float, *, region: str | None = None) -> None:
    """Set the duration of copies that start from now on, for one Region or for all."""
    state.copy_seconds[region] = seconds


def fail_copies(
    state: State, reason: str, *, region: str | None = None, source_backup_id: str | None = None, times: int = 1
) -> None:
    """Make the next copies into a Region, or of a source backup, fail with this reason."""
    state.failures.append(PlannedFailure(reason, region, source_backup_id, times))


def finish_copies(state: State, *, region: str | None = None, failure: str | None = None) -> int:
    """End the running copies in a Region or in all, AVAILABLE or FAILED, and return their number."""
    now = state.clock.now()
    places = [place for (_, name), place in state.regions.items() if region in {None, name}]
    running = [copy for place in places for copy in place.running_copies(now)]
    for copy in running:
        if copy.job:
            copy.job.ends, copy.job.failure = now, None
        copy.settled, copy.failure = "AVAILABLE", failure
    return len(running)


def configure(state: State, /, **changes: Any) -> None:
    """Change settings; see `settings.Settings`."""
    state.configure(changes)


def add_fault(  # noqa: PLR0913 - the properties of a fault
    state: State,
    kind: FaultKind,
    action: str | None = None,
    *,
    region: str | None = None,
    service: str | None = "fsx",
    times: int | None = None,
    seconds: float | None = None,
) -> int:
    """Make calls fail, and return the fault's number, for `lift_fault`.

    Args:
        state: the state.
        kind: the kind of failure; see `faults.Fault`.
        action: the action, such as CopyBackup; by default any.
        region: the Region; by default any.
        service: fsx, kms or sts; None for any.
        times: how many calls fail; by default without limit.
        seconds: how long calls fail; by default without limit.
    """
    number = next(_FAULT_NUMBERS)
    until = None if seconds is None else state.clock.now() + seconds
    state.faults.append(Fault(number, kind, service, region, action, times, until))
    return number


def make_unreachable(state: State, region: str, kind: FaultKind = "refuse") -> int:
    """Make every service of a Region refuse, hang or answer with an error; return the fault's number."""
    return add_fault(state, kind, region=region, service=None)


def lift_fault(state: State, number: int | None = None) -> None:
    """End one fault, or all, and release the calls that hang in it."""
    for fault in [fault for fault in state.faults if number in {None, fault.number}]:
        state.faults.remove(fault)
        fault.lifted.set()


def clear_journal(state: State) -> None:
    """Remove all calls from the journal."""
    state.journal.clear()


def _file_system(state: State, region: str, file_system_id: str) -> FileSystem:
    found = state.region(region).file_systems.get(file_system_id)
    if found is None:
        raise ValueError(f"{region} has no file system {file_system_id}.")
    return found


def _volume(state: State, region: str, file_system_id: str, volume_id: str | None) -> Volume | None:
    present = {volume.volume_id: volume for volume in state.region(region).volumes_of(file_system_id)}
    if volume_id is None:
        return next(iter(present.values()), None)
    if volume_id not in present:
        raise ValueError(f"{file_system_id} has no volume {volume_id}.")
    return present[volume_id]


def _backup(state: State, region: str, backup_id: str) -> Backup:
    found = state.backup(region, backup_id)
    if found is None:
        raise ValueError(f"{region} has no backup {backup_id}.")
    return found

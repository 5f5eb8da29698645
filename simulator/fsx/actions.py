"""What happens to the service from outside its API: seeds, changes behind the client's back, and faults."""

from typing import Any, Literal

from simulator.fsx import keys, seeds
from simulator.fsx.faults import Fault, FaultKind
from simulator.fsx.records import Backup, FileSystem, Volume
from simulator.fsx.regions import ACCOUNT_ID, new_id
from simulator.fsx.service_state import Failure, ServiceState

GIB = 1 << 30


def seed_file_system(  # noqa: PLR0913 - the API's own properties of a file system
    world: ServiceState,
    region: str,
    kind: str = "WINDOWS",
    *,
    deployment: str | None = None,
    tags: dict[str, str] | None = None,
    file_system_id: str | None = None,
    storage_type: Literal["SSD", "HDD", "INTELLIGENT_TIERING"] = "SSD",
) -> str:
    """Put a file system (WINDOWS, LUSTRE, OPENZFS or ONTAP) into a Region and return its id.

    An ONTAP one comes with a root volume and a volume `vol1`.

    Raises:
        ValueError: no such type.
    """
    name = file_system_id or new_id("fs")
    key = keys.resolve(ACCOUNT_ID, region, keys.FSX_ALIAS)
    place = seeds.Place(region, ACCOUNT_ID, name, world.clock.now(), key)
    made = seeds.file_system(place, kind, deployment, storage_type)
    made.tags = dict(tags or {})
    world.region(region).file_systems[name] = made
    for volume_name in ("vol1", seeds.ROOT_VOLUME) if kind == "ONTAP" else ():
        seed_volume(world, region, name, volume_name)
    return name


def seed_volume(
    world: ServiceState,
    region: str,
    file_system_id: str,
    name: str,
    *,
    style: Literal["FLEXVOL", "FLEXGROUP"] = "FLEXVOL",
) -> str:
    """Put a volume into a seeded ONTAP file system and return its id.

    Raises:
        ValueError: no such ONTAP file system.
    """
    origin = _file_system(world, region, file_system_id)
    if origin.kind != "ONTAP":
        raise ValueError(f"{file_system_id} is no ONTAP file system.")
    place = seeds.Place(region, ACCOUNT_ID, file_system_id, world.clock.now(), origin.kms_key)
    made = seeds.volume(place, name, style)
    world.region(region).volumes[made.volume_id] = made
    return made.volume_id


def seed_backup(  # noqa: PLR0913 - the API's own properties of a backup
    world: ServiceState,
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
    """Put a backup of a seeded file system into its Region and return the backup's id; of ONTAP, of one volume.

    Args:
        world: the service's state.
        region: the Region.
        file_system_id: a file system there.
        type: AUTOMATIC, USER_INITIATED or AWS_BACKUP.
        lifecycle: the state it stays in.
        created: when it was made, in seconds since 1970; now, if left out.
        tags: its tags; `aws:` keys are allowed here.
        size_in_bytes: its size; None where the API gives none, as it does of volumes in any case.
        kms_key_id: its key; the file system's, if left out.
        backup_id: its id; a new one, if left out.
        volume_id: the ONTAP volume; `vol1`, if left out.

    Raises:
        ValueError: no such file system or volume, or no usable key of that name in the Region.
    """
    origin = _file_system(world, region, file_system_id)
    made = Backup(
        backup_id=backup_id or new_id("backup"),
        region=region,
        owner_id=ACCOUNT_ID,
        type=type,
        created=world.clock.now() if created is None else created,
        file_system=origin.describe(world.clock.now()),
        volume=_volume(world, region, file_system_id, volume_id),
        kms_key=keys.resolve(ACCOUNT_ID, region, kms_key_id) if kms_key_id else origin.kms_key,
        tags=dict(tags or {}),
        size_in_bytes=size_in_bytes,
        settled=lifecycle,
    )
    world.region(region).backups[made.backup_id] = made
    return made.backup_id


def remove_file_system(world: ServiceState, region: str, file_system_id: str) -> None:
    """Delete a file system and its volumes; its backups stay.

    Raises:
        ValueError: no such file system.
    """
    _file_system(world, region, file_system_id)
    place = world.region(region)
    for volume in place.volumes_of(file_system_id):
        remove_volume(world, region, volume.volume_id)
    del place.file_systems[file_system_id]


def remove_volume(world: ServiceState, region: str, volume_id: str) -> None:
    """Delete an ONTAP volume; its backups stay.

    Raises:
        ValueError: no such volume.
    """
    removed = world.region(region).volumes.pop(volume_id, None)
    if removed is None:
        raise ValueError(f"There is no volume {volume_id} in {region}.")
    removed.is_deleted = True


def remove_backup(world: ServiceState, region: str, backup_id: str) -> None:
    """Make a backup disappear at once, as expiry or another user's deletion does."""
    _backup(world, region, backup_id).deleted_at = float("-inf")


def set_tags(world: ServiceState, region: str, backup_id: str, tags: dict[str, str]) -> None:
    """Replace all tags of a backup."""
    _backup(world, region, backup_id).tags = dict(tags)


def set_key(world: ServiceState, region: str, backup_id: str, key_arn: str) -> None:
    """Let a backup be encrypted with a key that may be of another account."""
    _backup(world, region, backup_id).kms_key = key_arn


def set_lifecycle(world: ServiceState, region: str, backup_id: str, lifecycle: str, failure: str | None = None) -> None:
    """Put a backup into a state for good, ending any work on it; for FAILED, say why in `failure`."""
    backup = _backup(world, region, backup_id)
    backup.work, backup.settled, backup.failure = None, lifecycle, failure


def mark_restoring(world: ServiceState, region: str, backup_id: str, file_system_id: str | None) -> None:
    """Let a backup be under restore to a file system, or (None) no longer."""
    _backup(world, region, backup_id).restoring_to = file_system_id


def set_copy_seconds(world: ServiceState, seconds: float, *, region: str | None = None) -> None:
    """Set how long copies take that start from now on: all, or those to a Region."""
    world.copy_seconds[region] = seconds


def fail_copies(
    world: ServiceState, reason: str, *, region: str | None = None, source_backup_id: str | None = None, times: int = 1
) -> None:
    """Let the next copies, to a Region or of a source, end FAILED with `reason` when their time is up."""
    world.failures.append(Failure(reason, region, source_backup_id, times))


def finish_copies(world: ServiceState, *, region: str | None = None, failure: str | None = None) -> int:
    """End the copies now running, to a Region or to all, AVAILABLE or FAILED, and return how many there were."""
    now = world.clock.now()
    places = [place for (_, name), place in world.regions.items() if region in {None, name}]
    running = [copy for place in places for copy in place.backups.values() if copy.is_copying(now)]
    for copy in running:
        _end(copy, now, failure)
    return len(running)


def _end(copy: Backup, now: float, failure: str | None) -> None:
    if copy.work:
        copy.work.ends, copy.work.failure = now, None
    copy.settled, copy.failure = "AVAILABLE", failure


def configure(world: ServiceState, /, **changes: Any) -> None:
    """Change settings; names and meanings are those of `settings.Settings`.

    Raises:
        ValueError: there is no such setting, or it does not take the value.
    """
    world.configure(changes)


def add_fault(  # noqa: PLR0913 - each says which calls are hit
    world: ServiceState,
    kind: FaultKind,
    action: str | None = None,
    *,
    region: str | None = None,
    service: str | None = "fsx",
    times: int | None = None,
    seconds: float | None = None,
) -> int:
    """Put a fault in the way of calls and return its number, for `lift_fault`.

    Args:
        world: the service's state.
        kind: the kind of trouble; see `faults.Fault`.
        action: the action it hits, such as CopyBackup; any, if left out.
        region: the Region it hits; any, if left out.
        service: the service it hits: fsx, kms or sts; None for any.
        times: how many calls it hits; no limit, if left out.
        seconds: how long it stays; for ever, if left out.
    """
    number = next(world.faults.numbers)
    until = None if seconds is None else world.clock.now() + seconds
    world.faults.faults.append(Fault(number, kind, service, region, action, times, until))
    return number


def make_unreachable(world: ServiceState, region: str, kind: FaultKind = "refuse") -> int:
    """Make every service of a Region refuse, hang or answer with an error; return the fault's number."""
    return add_fault(world, kind, region=region, service=None)


def lift_fault(world: ServiceState, number: int | None = None) -> None:
    """End one fault, or all, and release the calls that hang in it."""
    world.faults.lift(number)


def clear_journal(world: ServiceState) -> None:
    """Forget the calls so far."""
    world.journal.entries.clear()


def _file_system(world: ServiceState, region: str, file_system_id: str) -> FileSystem:
    found = world.region(region).file_systems.get(file_system_id)
    if found is None:
        raise ValueError(f"There is no file system {file_system_id} in {region}.")
    return found


def _volume(world: ServiceState, region: str, file_system_id: str, volume_id: str | None) -> Volume | None:
    present = {volume.volume_id: volume for volume in world.region(region).volumes_of(file_system_id)}
    if volume_id is None:
        return next(iter(present.values()), None)
    if volume_id not in present:
        raise ValueError(f"There is no volume {volume_id} in {file_system_id}.")
    return present[volume_id]


def _backup(world: ServiceState, region: str, backup_id: str) -> Backup:
    found = world.backup(region, backup_id)
    if found is None:
        raise ValueError(f"There is no backup {backup_id} in {region}.")
    return found

"""CreateFileSystemFromBackup and DeleteFileSystem, as far as a restore needs them."""

from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from simulator.fsx import copying, keys, model, seeds, tags, tokens
from simulator.fsx.calls import Call
from simulator.fsx.errors import FsxError, bad_request
from simulator.fsx.records import Backup, Description, FileSystem, Work
from simulator.fsx.regions import new_id
from simulator.fsx.service_state import ServiceState

_CONFIGURATIONS = {
    "WINDOWS": "WindowsConfiguration",
    "LUSTRE": "LustreConfiguration",
    "OPENZFS": "OpenZFSConfiguration",
}
_RESPONSES = {"WINDOWS": "WindowsResponse", "LUSTRE": "LustreResponse", "OPENZFS": "OpenZFSResponse"}


def create_file_system_from_backup(world: ServiceState, call: Call) -> Description:
    """Start to restore a backup, or return the file system that the same token started before."""
    given = tags.requested(call.parameters.get("Tags"))
    now = world.clock.now()
    earlier = _repeated(world, call)
    if earlier:
        return {"FileSystem": earlier.describe(now)}
    backup = _restorable(world, call)
    made = _restored(world, call, backup)
    made.tags = given
    world.region(call.region, call.account).file_systems[made.file_system_id] = made
    tokens.accept(world, call, made)
    return {"FileSystem": made.describe(now)}


def delete_file_system(world: ServiceState, call: Call) -> Description:
    """Start to delete a file system, with a final backup where its type has one by default or the call wants one."""
    now = world.clock.now()
    found = _repeated(world, call) or _file_system(world, call)
    answer = {"FileSystemId": found.file_system_id, "Lifecycle": "DELETING"}
    if found.gone_from is not None:
        return answer
    asked = _configuration(call, found.kind, f"delete a {found.kind} file system")
    final = _final_backup(world, call, found, asked)
    found.gone_from = now + world.settings.file_system_delete_seconds
    tokens.accept(world, call, found)
    return answer | final


def _repeated(world: ServiceState, call: Call) -> FileSystem | None:
    earlier = tokens.repeated(world, call)
    return earlier if isinstance(earlier, FileSystem) else None


def _restorable(world: ServiceState, call: Call) -> Backup:
    backup_id = call.parameters["BackupId"]
    backup = world.backup(call.region, backup_id, call.account)
    if backup is None:
        raise FsxError("BackupNotFound", f"Backup {backup_id} does not exist.")
    if backup.volume:
        raise bad_request(f"Backup {backup_id} is of a volume: restore it with CreateVolumeFromBackup.")
    if backup.lifecycle(world.clock.now()) != "AVAILABLE":
        raise bad_request(f"Backup {backup_id} is not AVAILABLE.")
    return backup


def _restored(world: ServiceState, call: Call, backup: Backup) -> FileSystem:
    now = world.clock.now()
    place = seeds.Place(call.region, call.account, new_id("fs"), now, _key(call, backup))
    configured = _configured(call, backup) | _anew(backup, place)
    subnets = _subnets(call, configured)
    asked = {
        name: call.parameters[name] for name in ("StorageType", "FileSystemTypeVersion") if name in call.parameters
    }
    description = backup.file_system | seeds.placed(place, subnets) | asked
    description |= {"StorageCapacity": _capacity(call, backup), _CONFIGURATIONS[backup.kind]: configured}
    work = Work("CREATING", now, now + world.settings.restore_seconds)
    return FileSystem(description, place.kms_key, {}, work, restored_from=backup.backup_id)


def _anew(backup: Backup, place: seeds.Place) -> Description:
    """Return what the configuration of a restored file system never has from the one that was backed up."""
    if backup.kind == "WINDOWS":
        return {"RemoteAdministrationEndpoint": place.dns_name}
    return {"RootVolumeId": new_id("fsvol")} if backup.kind == "OPENZFS" else {}


def _configured(call: Call, backup: Backup) -> Description:
    name = _CONFIGURATIONS[backup.kind]
    asked = _configuration(call, backup.kind, f"create a {backup.kind} file system")
    # Throughput, which both need, has no default.
    if not asked and backup.kind != "LUSTRE":
        raise FsxError("MissingFileSystemConfiguration", f"A file system configuration is required: {name}.")
    if asked.get("DiskIopsConfiguration", {}).get("Iops", 1) < 1:
        raise bad_request("DiskIopsConfiguration.Iops must be greater than 0.")
    shape = model.service_model().shape_for("FileSystem")
    if not isinstance(shape, StructureShape):
        raise TypeError("The model's FileSystem is no structure.")
    configured: Description = backup.file_system[name] | _shown(shape.members[name], asked)
    if configured["DeploymentType"].startswith("SCRATCH"):
        raise bad_request("A backup cannot be restored to a SCRATCH file system.")
    return configured


def _shown(shape: Shape, asked: Any) -> Any:
    """Return what a description shows of what was asked for: no passwords, and nothing that it has no member for."""
    if isinstance(shape, StructureShape):
        return {name: _shown(shape.members[name], asked[name]) for name in asked.keys() & shape.members.keys()}
    if isinstance(shape, ListShape):
        return [_shown(shape.member, item) for item in asked if isinstance(item, dict) == _is_structure(shape.member)]
    return asked


def _is_structure(shape: Shape) -> bool:
    return isinstance(shape, StructureShape)


def _configuration(call: Call, kind: str, purpose: str) -> Description:
    """Return the configuration of the file system's type; recorded: one of another type is refused."""
    others = [name for of, name in _CONFIGURATIONS.items() if of != kind and name in call.parameters]
    if others:
        raise bad_request(f"{others[0]} cannot be applied to {purpose}.")
    asked: Description = call.parameters.get(_CONFIGURATIONS.get(kind, ""), {})
    return asked


def _subnets(call: Call, configured: Description) -> list[str]:
    subnets: list[str] = call.parameters["SubnetIds"]
    is_multi_az = configured["DeploymentType"].startswith("MULTI_AZ")
    if len(subnets) != (2 if is_multi_az else 1):
        raise FsxError(
            "InvalidNetworkSettings", f"{configured['DeploymentType']} does not go with {len(subnets)} subnets."
        )
    if "PreferredSubnetId" in configured and configured["PreferredSubnetId"] not in subnets:
        if is_multi_az:
            raise FsxError("InvalidNetworkSettings", "PreferredSubnetId must be one of SubnetIds.")
        configured["PreferredSubnetId"] = subnets[0]
    return subnets


def _key(call: Call, backup: Backup) -> str:
    try:
        return keys.resolve(call.account, call.region, call.parameters.get("KmsKeyId", backup.kms_key))
    except keys.KeyUnusableError as cause:
        raise bad_request(str(cause)) from cause


def _capacity(call: Call, backup: Backup) -> int:
    recorded: int = backup.file_system["StorageCapacity"]
    asked: int = call.parameters.get("StorageCapacity", recorded)
    if asked < recorded or (asked > recorded and backup.kind != "OPENZFS"):
        raise bad_request(f"StorageCapacity {asked} does not go with the backup's {recorded}.")
    return asked


def _file_system(world: ServiceState, call: Call) -> FileSystem:
    file_system_id = call.parameters["FileSystemId"]
    present = world.file_systems(call.region, call.account)
    if file_system_id not in present:
        raise FsxError("FileSystemNotFound", f"File system {file_system_id} does not exist.")
    return present[file_system_id]


def _final_backup(world: ServiceState, call: Call, found: FileSystem, asked: Description) -> Description:
    if found.kind == "OPENZFS" and world.settings.openzfs_has_children and not asked.get("Options"):
        raise bad_request(
            f"File system {found.file_system_id} has child volumes: use DELETE_CHILD_VOLUMES_AND_SNAPSHOTS."
        )
    # The service model: Windows and OpenZFS take one by default, and Lustre does not.
    if found.kind == "ONTAP" or asked.get("SkipFinalBackup", found.kind == "LUSTRE"):
        return {}
    if found.lifecycle(world.clock.now()) == "CREATING":
        raise bad_request(f"Cannot take final backup while {found.file_system_id} is in CREATING")  # recorded
    backup = copying.new_backup(world, call, found, tags.requested(asked.get("FinalBackupTags")))
    world.region(call.region, call.account).backups[backup.backup_id] = backup
    carried = {"FinalBackupTags": asked["FinalBackupTags"]} if "FinalBackupTags" in asked else {}
    return {_RESPONSES[found.kind]: {"FinalBackupId": backup.backup_id} | carried}

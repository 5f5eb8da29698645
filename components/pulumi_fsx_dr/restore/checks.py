"""What FSx cannot restore, refused in one sentence before anything is made."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID, Backup

from . import kinds

_PASSWORDS = frozenset({"password", "password_wo", "domain_join_service_account_secret"})


def check_settings(settings: Mapping[str, Any], accepted: Collection[str], kind: kinds.Kind) -> None:
    """Check settings by what is known without the backup.

    Args:
        settings: the settings given, some of them perhaps outputs.
        accepted: the names that a setting can have.
        kind: the type of the file system.

    Raises:
        InvalidSettingsError: a setting is unknown, or cannot be restored with.
    """
    if unknown := settings.keys() - accepted:
        raise InvalidSettingsError(
            f"settings holds {_listed(unknown)}, which is no setting of {kind.resource}: correct or remove it."
        )
    check_deployment_type(str(settings.get("deployment_type", "")))
    if kinds.ACTIVE_DIRECTORY in settings:
        _check_directory(settings[kinds.ACTIVE_DIRECTORY])


def check_deployment_type(deployment_type: str) -> None:
    """Check a deployment type, whether given or recorded.

    Raises:
        InvalidSettingsError: it is a scratch one.
    """
    if deployment_type.startswith("SCRATCH"):
        raise InvalidSettingsError(
            f"FSx restores no backup as a scratch file system ({deployment_type}): set another deployment_type."
        )


def check_id(backup_id: str) -> None:
    """Check the form of a backup id.

    Raises:
        InvalidSettingsError: no backup has such an id.
    """
    if not BACKUP_ID.fullmatch(backup_id):
        raise InvalidSettingsError("backup_id is not the id of an FSx backup, such as backup-0123456789abcdef0.")


def check_backup(backup: Backup | None, backup_id: str, region: str, kind: str) -> Backup:
    """Return the backup if a file system of this type can be made from it.

    Raises:
        InvalidSettingsError: it does not exist, is not AVAILABLE, or is of another type or of a volume.
    """
    if backup is None:
        raise InvalidSettingsError(f"There is no backup {backup_id} in {region}: give one that is there.")
    if not backup.is_available:
        raise InvalidSettingsError(f"Backup {backup_id} is {backup.lifecycle}: give one that is AVAILABLE.")
    recorded_type = kinds.type_of(backup)
    if recorded_type == "ONTAP" or not backup.file_system:
        raise InvalidSettingsError(f"Backup {backup_id} holds {kinds.OF_A_VOLUME}")
    if recorded_type not in (None, kind):
        raise InvalidSettingsError(
            f"Backup {backup_id} is of the {recorded_type} file system {backup.file_system_id}, "
            f"but kind is {kind}: set kind to the backup's, or give another backup."
        )
    return backup


def check_complete(backup: Backup, kind: kinds.Kind, names: Collection[str]) -> None:
    """Check that nothing needed is missing.

    Args:
        backup: what is restored.
        kind: the type of the file system.
        names: the arguments that the settings or the backup hold.

    Raises:
        InvalidSettingsError: FSx cannot do without one that is missing.
    """
    if missing := set(kind.needed) - set(names):
        raise InvalidSettingsError(f"Backup {backup.id} does not record {_listed(missing)}: set it in settings.")
    directory = kinds.active_directory(backup)
    if directory and not {"active_directory_id", kinds.ACTIVE_DIRECTORY} & set(names):
        raise InvalidSettingsError(
            f"The file system of backup {backup.id} had joined {directory.get('domain_name', 'a directory')} "
            f"with a password, which no backup holds: give it in settings as {kinds.ACTIVE_DIRECTORY}."
        )


def check_capacity(backup: Backup, storage_capacity: float | None) -> None:
    """Check the storage capacity asked for, in GiB; None leaves it to the backup.

    pulumi-aws does not pass it on when it restores: it would replace the Lustre file system later.

    Raises:
        InvalidSettingsError: the backup's is larger.
    """
    recorded_capacity = backup.file_system.get("StorageCapacity", 0)
    if storage_capacity is not None and storage_capacity < recorded_capacity:
        raise InvalidSettingsError(
            f"Backup {backup.id} needs {recorded_capacity} GiB, and FSx restores it into no less: "
            f"raise storage_capacity from {storage_capacity:.0f}, or leave it out."
        )


def check_subnets(deployment_type: str, subnet_ids: Sequence[str]) -> None:
    """Check the number of subnets.

    Raises:
        InvalidSettingsError: the deployment type needs more, or fewer.
    """
    needed = 2 if deployment_type.startswith("MULTI_AZ") else 1
    if len(subnet_ids) != needed:
        raise InvalidSettingsError(
            f"A {deployment_type} file system needs {needed} subnet{'s' * (needed - 1)}, not {len(subnet_ids)}: "
            "correct subnet_ids, or set another deployment_type."
        )


def _check_directory(directory: Any) -> None:
    if not isinstance(directory, Mapping):
        raise InvalidSettingsError(f"{kinds.ACTIVE_DIRECTORY} must be a dict, whose values may be outputs.")
    if not _PASSWORDS & directory.keys():
        raise InvalidSettingsError(
            f"{kinds.ACTIVE_DIRECTORY} lacks the password, which no backup holds: give one of {_listed(_PASSWORDS)}."
        )
    if "password_wo" in directory and "password_wo_version" not in directory:
        raise InvalidSettingsError(
            f"{kinds.ACTIVE_DIRECTORY} holds password_wo without password_wo_version, "
            "by whose change alone pulumi-aws would know of another password: set it to 1."
        )


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names))

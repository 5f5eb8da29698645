"""What FSx cannot restore, refused before anything is made."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup

from .kinds import ACTIVE_DIRECTORY, OF_A_VOLUME, Kind, active_directory_of, type_of

_PASSWORDS = frozenset({"password", "password_wo", "domain_join_service_account_secret"})


def require_settings(settings: Mapping[str, Any], accepted: Collection[str], kind: Kind) -> None:
    """Refuse settings that are wrong whatever the backup is; some may be outputs."""
    if unknown := settings.keys() - accepted:
        raise InvalidSettingsError(
            f"settings holds {_listed(unknown)}, which is no setting of {kind.resource}: correct or remove it."
        )
    require_persistent(str(settings.get("deployment_type", "")))
    if ACTIVE_DIRECTORY in settings:
        _require_directory(settings[ACTIVE_DIRECTORY])


def require_persistent(deployment_type: str) -> None:
    """Refuse a scratch file system."""
    if deployment_type.startswith("SCRATCH"):
        raise InvalidSettingsError(
            f"FSx restores no backup as a scratch file system ({deployment_type}): set another deployment_type."
        )


def require_restorable(backup: Backup, kind: Kind) -> None:
    """Refuse a backup that is not AVAILABLE, or of a volume or another type of file system."""
    if not backup.is_available:
        raise InvalidSettingsError(f"Backup {backup.id} is {backup.lifecycle}: give one that is AVAILABLE.")
    recorded = type_of(backup)
    if recorded == "ONTAP" or not backup.file_system:
        raise InvalidSettingsError(f"Backup {backup.id} holds {OF_A_VOLUME}")
    if recorded not in (None, kind.name):
        raise InvalidSettingsError(
            f"Backup {backup.id} is of the {recorded} file system {backup.file_system_id}, "
            f"but kind is {kind.name}: set kind to the backup's, or give another backup."
        )


def require_complete(backup: Backup, kind: Kind, names: Collection[str]) -> None:
    """Refuse to restore without an argument that FSx needs; `names` are those given or recorded."""
    if missing := set(kind.needed) - set(names):
        raise InvalidSettingsError(f"Backup {backup.id} does not record {_listed(missing)}: set it in settings.")
    directory = active_directory_of(backup)
    if directory and not {"active_directory_id", ACTIVE_DIRECTORY} & set(names):
        raise InvalidSettingsError(
            f"The file system of backup {backup.id} had joined {directory.get('domain_name', 'a directory')} "
            f"with a password, which no backup holds: give it in settings as {ACTIVE_DIRECTORY}."
        )


def require_capacity(backup: Backup, gib: float | None) -> None:
    """Refuse less storage than the backup has; None leaves it to the backup.

    pulumi-aws does not pass it on when it restores: it would replace the Lustre file system later.
    """
    recorded = backup.file_system.get("StorageCapacity", 0)
    if gib is not None and gib < recorded:
        raise InvalidSettingsError(
            f"Backup {backup.id} needs {recorded} GiB, and FSx restores it into no less: "
            f"raise storage_capacity from {gib:.0f}, or leave it out."
        )


def require_subnets(deployment_type: str, subnet_ids: Sequence[str]) -> None:
    """Refuse another number of subnets than the deployment type has."""
    needed = 2 if deployment_type.startswith("MULTI_AZ") else 1
    if len(subnet_ids) != needed:
        raise InvalidSettingsError(
            f"A {deployment_type} file system needs {needed} subnet{'s' * (needed - 1)}, not {len(subnet_ids)}: "
            "correct subnet_ids, or set another deployment_type."
        )


def _require_directory(directory: Any) -> None:
    if not isinstance(directory, Mapping):
        raise InvalidSettingsError(f"{ACTIVE_DIRECTORY} must be a dict, whose values may be outputs.")
    if not _PASSWORDS & directory.keys():
        raise InvalidSettingsError(
            f"{ACTIVE_DIRECTORY} lacks the password, which no backup holds: give one of {_listed(_PASSWORDS)}."
        )
    if "password_wo" in directory and "password_wo_version" not in directory:
        raise InvalidSettingsError(
            f"{ACTIVE_DIRECTORY} holds password_wo without password_wo_version, "
            "by whose change alone pulumi-aws would know of another password: set it to 1."
        )


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names))

"""Refuse arguments and backups that FSx cannot restore from, before anything is created."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pulumi.output import Unknown

from pulumi_fsx_dr.copies.arguments import problems_of, without_outputs
from pulumi_fsx_dr.copies.near_names import refuse_unknown
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID, Backup
from pulumi_fsx_dr.fsx.partitions import require_fsx_region

from .kinds import ACTIVE_DIRECTORY, OF_A_VOLUME, Kind, active_directory_of, type_of

_PASSWORDS = ("password", "password_wo", "domain_join_service_account_secret")


@contextmanager
def naming(resource: str) -> Iterator[None]:
    """Begin each error message with the name of the resource."""
    try:
        yield
    except InvalidSettingsError as error:
        raise InvalidSettingsError(f"{resource}: {error}") from None


def require_arguments(args: Mapping[str, Any]) -> None:
    """Refuse wrong arguments that are already known; `settings` and `kind` are validated elsewhere."""
    known = {name: plain for name, value in args.items() if not isinstance(plain := without_outputs(value), Unknown)}
    if "backup_id" in known:
        require_backup_id(known["backup_id"])
    if "region" in known:
        require_fsx_region(str(known["region"]), "region")
    for name in ("subnet_ids", "security_group_ids"):
        if name in known and not _is_list_of_ids(known[name]):
            raise InvalidSettingsError(f"{name} must be a list of ids that is not empty.")
    if problems := problems_of("kms_key_id", known.get("kms_key_id"), known):
        raise InvalidSettingsError(problems[0])
    if not isinstance(known.get("tags", {}), Mapping):
        raise InvalidSettingsError("tags must map strings to strings.")
    if not isinstance(args.get("settings", {}), Mapping):
        raise InvalidSettingsError("settings must be a dict. Its values may be outputs.")


def require_backup_id(backup_id: Any) -> None:
    """Refuse a value that is not the id of a backup."""
    if not isinstance(backup_id, str) or not BACKUP_ID.fullmatch(backup_id):
        raise InvalidSettingsError("backup_id must be the id of an FSx backup, such as backup-0123456789abcdef0.")


def require_settings(settings: Mapping[str, Any], accepted: Collection[str], kind: Kind) -> None:
    """Refuse settings that pulumi-aws does not accept, or that are wrong for every backup."""
    if unknown := refuse_unknown(
        f"Unknown argument of aws.fsx.{kind.resource} in settings:", settings, sorted(accepted)
    ):
        raise InvalidSettingsError(unknown)
    if isinstance(deployment_type := settings.get("deployment_type"), str):
        require_persistent(deployment_type)
    if ACTIVE_DIRECTORY in settings:
        _require_directory(settings[ACTIVE_DIRECTORY])


def require_persistent(deployment_type: str) -> None:
    """Refuse a scratch file system."""
    if deployment_type.startswith("SCRATCH"):
        raise InvalidSettingsError(
            f"FSx cannot restore a backup to a scratch file system ({deployment_type}). Set another deployment_type."
        )


def require_restorable(backup: Backup, kind: Kind) -> None:
    """Refuse a backup that is not AVAILABLE, of a volume, or of another type of file system."""
    if not backup.is_available:
        raise InvalidSettingsError(f"Backup {backup.id} is {backup.lifecycle}. Use a backup that is AVAILABLE.")
    recorded = type_of(backup)
    if recorded == "ONTAP" or not backup.file_system:
        raise InvalidSettingsError(f"Backup {backup.id} is of {OF_A_VOLUME}")
    if recorded not in (None, kind.name):
        raise InvalidSettingsError(
            f"Backup {backup.id} is of the {recorded} file system {backup.file_system_id}, but kind is {kind.name}. "
            f"Set kind to {recorded}, or use another backup."
        )


def require_complete(backup: Backup, kind: Kind, names: Collection[str]) -> None:
    """Refuse to restore if an argument that FSx needs is neither given nor in the backup."""
    if missing := [name for name in kind.needed if name not in names]:
        raise InvalidSettingsError(f"Backup {backup.id} does not contain {', '.join(missing)}. Set it in settings.")
    directory = active_directory_of(backup)
    if directory and not {"active_directory_id", ACTIVE_DIRECTORY} & set(names):
        raise InvalidSettingsError(
            f"The file system of backup {backup.id} was joined to {directory.get('domain_name', 'a directory')}. "
            f"Backups do not contain the password. Set it in settings, in {ACTIVE_DIRECTORY}."
        )


def require_capacity(backup: Backup, gib: float | None) -> None:
    """Refuse less storage than the backup has; None uses the capacity of the backup.

    pulumi-aws does not send the capacity when it restores, and would replace a Lustre file system later.
    """
    recorded = backup.file_system.get("StorageCapacity", 0)
    if gib is not None and gib < recorded:
        raise InvalidSettingsError(
            f"storage_capacity is {gib:.0f} GiB, but backup {backup.id} needs {recorded} GiB. Raise it or remove it."
        )


def require_subnets(deployment_type: str, subnet_ids: Sequence[str]) -> None:
    """Refuse a number of subnets that does not fit the deployment type."""
    needed = 2 if deployment_type.startswith("MULTI_AZ") else 1
    if len(subnet_ids) != needed:
        raise InvalidSettingsError(
            f"A {deployment_type} file system needs {needed} subnet{'s' * (needed - 1)}, but subnet_ids has "
            f"{len(subnet_ids)}. Correct subnet_ids, or set another deployment_type."
        )


def _is_list_of_ids(value: Any) -> bool:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    plain = [each for each in map(without_outputs, value) if not isinstance(each, Unknown)] if is_list else []
    return is_list and len(value) > 0 and all(isinstance(each, str) and each for each in plain)


def _require_directory(directory: Any) -> None:
    if not isinstance(directory, Mapping):
        raise InvalidSettingsError(f"{ACTIVE_DIRECTORY} in settings must be a dict. Its values may be outputs.")
    if not directory.keys() & set(_PASSWORDS):
        raise InvalidSettingsError(
            f"{ACTIVE_DIRECTORY} in settings has no password. Backups do not contain it. "
            f"Set one of {', '.join(_PASSWORDS)}."
        )
    if "password_wo" in directory and "password_wo_version" not in directory:
        raise InvalidSettingsError(
            f"{ACTIVE_DIRECTORY} in settings has password_wo without password_wo_version. pulumi-aws detects a new "
            "password only by its version. Set password_wo_version to 1."
        )

"""Orphans: copies with our ownership tag that no given state contains, for example after a crash.

Anyone with `fsx:TagResource` may have written the tag. It decides only which copies are listed. Commands never contain
text from it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pulumi_fsx_dr.copies.copy import COPY_TYPES, OWNER_TYPE
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, is_owner_id, ownership_of
from pulumi_fsx_dr.copies.verification import Facts, mismatch
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.partitions import partition_of

from .exported_state import is_backup_id

# Where the owner id is stored: in the stack's Owner, or in the provider of the plugin.
_OWNER_IDS = {OWNER_TYPE: ("outputs", "owner_id"), "pulumi:providers:fsx-dr": ("inputs", "ownerId")}


class OrphanStatus(StrEnum):
    """What happens to an orphan if the user does not do anything.

    Attributes:
        RESUMABLE: the next `pulumi up` resumes it if the program still declares its source backup.
        FAILED: no update resumes it.
        UNKNOWN: the given states do not contain its owner id, so another state may contain the copy.
    """

    RESUMABLE = "resumable"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Orphan:
    """A copy with our tag that no given state contains."""

    backup: Backup
    status: OrphanStatus

    @property
    def owner_id(self) -> str | None:
        """The owner id in its tag; None if the tag has another form."""
        claimed = ownership_of(self.backup.tags)
        return claimed.owner_id if claimed else None

    def age(self, now: datetime) -> float:
        return (now - self.backup.creation_time).total_seconds() / 3600

    @property
    def adoption(self) -> str | None:
        """The arguments of a `BackupCopy` that adopts it; None if it cannot be adopted."""
        backup = self.backup
        source_region = backup.source_region or backup.region
        is_valid = is_backup_id(backup.source_backup_id) and _is_region(source_region) and self.deletion
        if backup.is_dead or not is_valid:
            return None
        arguments = {
            "region": backup.region,
            "source_backup_id": backup.source_backup_id,
            "source_region": source_region,
            "adopt_backup_id": backup.id,
        }
        return ", ".join(f'"{name}": "{value}"' for name, value in arguments.items())

    @property
    def deletion(self) -> str | None:
        """The shell command that deletes it; None if its id or Region is not valid."""
        if not is_backup_id(self.backup.id) or not _is_region(self.backup.region):
            return None
        return f"aws fsx delete-backup --region {self.backup.region} --backup-id {self.backup.id}"

    def deletion_if(self, *, all_states: bool) -> str | None:
        """Return `deletion`, or None if another state may contain the copy and the copy may contain data.

        The tag cannot show that no other state contains the copy: after `pulumi state move`, it has the former stack's
        owner id until the next `pulumi up`.
        """
        return self.deletion if all_states or self.status is OrphanStatus.FAILED else None


@dataclass(frozen=True, slots=True)
class StackStates:
    """The contents of the given states.

    Attributes:
        backup_ids: ids of all copies, including copies that are pending deletion or not AVAILABLE yet.
        owner_ids: one for a program in Python, and one for each provider of the plugin.
    """

    backup_ids: frozenset[str]
    owner_ids: frozenset[str]

    @classmethod
    def of(cls, resources: Sequence[Mapping[str, Any]]) -> "StackStates":
        return cls(
            backup_ids=frozenset(resource["id"] for resource in resources if resource["type"] in COPY_TYPES),
            owner_ids=frozenset(filter(is_owner_id, map(_owner_id, resources))),
        )


def orphans(backups: Iterable[Backup], states: StackStates) -> list[Orphan]:
    """Return the copies that have our tag and that the given states do not contain, in the given order."""
    return [
        Orphan(backup, _status(backup, states))
        for backup in backups
        if OWNERSHIP_TAG in backup.tags
        and backup.id not in states.backup_ids
        and backup.lifecycle != "DELETED"
        and mismatch(backup, Facts(source_backup_id=backup.source_backup_id or "", region=backup.region)) is None
    ]


def _status(backup: Backup, states: StackStates) -> OrphanStatus:
    claimed = ownership_of(backup.tags)
    if claimed is None or claimed.owner_id not in states.owner_ids:
        return OrphanStatus.UNKNOWN
    return OrphanStatus.FAILED if backup.is_dead else OrphanStatus.RESUMABLE


def _owner_id(resource: Mapping[str, Any]) -> object:
    section, name = _OWNER_IDS.get(resource["type"], ("", ""))
    properties = resource.get(section)
    return properties.get(name) if isinstance(properties, Mapping) else None


def _is_region(name: str) -> bool:
    try:
        partition_of(name)
    except InvalidSettingsError:
        return False
    return True

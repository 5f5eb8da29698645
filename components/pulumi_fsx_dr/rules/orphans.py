"""Copies that carry our mark and that no state holds: what crashes, restored states and lost stacks leave behind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pulumi_fsx_dr.copies.copy import COPY_TYPES, mark_of
from pulumi_fsx_dr.copies.names import by_core_names
from pulumi_fsx_dr.copies.ownership import Mark, Pending, Token, identity_of, stack_of
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.kms import KeyName, same_key


class Fate(StrEnum):
    """What becomes of a copy that no state holds, if nobody does anything.

    Attributes:
        RESUMED: its create was cut off, and the state says so: the next `pulumi up` goes on with it if the program
            still asks for it.
        RESUMABLE: its create was cut off, and the next `pulumi up` goes on with it if the program declares it.
        ELSEWHERE: the state of its stack was not given, and may well hold it.
        LEFT: nobody will ever ask for it again.
    """

    RESUMED = "resumed"
    RESUMABLE = "resumable"
    ELSEWHERE = "elsewhere"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Orphan:
    """A copy that no given state holds."""

    backup: Backup
    mark: Mark
    fate: Fate

    @property
    def stack(self) -> str:
        """The `project/stack` that made it."""
        return stack_of(self.mark.identity)

    def age(self, now: datetime) -> float:
        """Return the hours since the copy was made."""
        return (now - self.backup.creation_time).total_seconds() / 3600

    @property
    def adoption(self) -> str:
        """The arguments of a `BackupCopy` that takes it over."""
        arguments = {
            "region": self.backup.region,
            "source_backup_id": self.backup.source_backup_id,
            "source_region": self.backup.source_region,
            "adopt_backup_id": self.backup.id,
        }
        return ", ".join(f'"{name}": "{value}"' for name, value in arguments.items() if value)

    @property
    def deletion(self) -> str:
        """The shell command that deletes it."""
        return f"aws fsx delete-backup --region {self.backup.region} --backup-id {self.backup.id}"


@dataclass(frozen=True, slots=True)
class GivenStates:
    """What the given states hold.

    Attributes:
        ids: backup ids of all copies, those that are still to be deleted or not yet AVAILABLE included.
        creating: of each create that was cut off, the source, its Region and that of the copy, by `Token.resource`.
        stacks: `project/stack` of each state.
    """

    ids: frozenset[str]
    creating: Mapping[str, tuple[Any, ...]]
    stacks: frozenset[str]

    @classmethod
    def read(cls, exports: Iterable[Mapping[str, Any]]) -> "GivenStates":
        """Read documents of `pulumi stack export`.

        Raises:
            InvalidSettingsError: one of them is no such document.
        """
        deployments = [_deployment(export) for export in exports]
        resources = [r for d in deployments for r in d.get("resources") or ()]
        pending = [p for d in deployments for p in d.get("pending_operations") or ()]
        creating = {
            Token.of(p["resource"]["urn"]).resource: _request(p["resource"].get("inputs") or {})
            for p in pending
            if p["type"] == "creating"
        }
        urns = [*(r["urn"] for r in resources), *(p["resource"]["urn"] for p in pending)]
        return cls(
            ids=frozenset(r["id"] for r in resources if r["type"] in COPY_TYPES and r.get("id")),
            creating=creating,
            stacks=frozenset(stack_of(identity_of(urn)) for urn in urns),
        )


def orphans(backups: Iterable[Backup], states: GivenStates) -> list[Orphan]:
    """Return those of the backups that carry our mark and are not held, in the order given."""
    left = (backup for backup in backups if backup.id not in states.ids and backup.lifecycle != "DELETED")
    marked = ((backup, mark_of(backup)) for backup in left)
    return [Orphan(backup, mark, _fate(backup, mark, states)) for backup, mark in marked if mark]


def _deployment(export: Mapping[str, Any]) -> Mapping[str, Any]:
    deployment = export.get("deployment")
    if not isinstance(deployment, Mapping):
        raise InvalidSettingsError("This is not the document of a stack's state: make it with pulumi stack export.")
    return deployment


def _fate(backup: Backup, mark: Mark, states: GivenStates) -> Fate:
    if isinstance(mark, Pending) and _is_asked_for(backup, states.creating.get(mark.token.resource)):
        return Fate.RESUMED
    if stack_of(mark.identity) not in states.stacks:
        return Fate.ELSEWHERE
    return Fate.RESUMABLE if isinstance(mark, Pending) else Fate.LEFT


def _is_asked_for(backup: Backup, request: tuple[Any, ...] | None) -> bool:
    """Tell whether a create that was cut off asked for this copy; under another key it asks for another one."""
    if request is None or request[:3] != (backup.source_backup_id, backup.source_region, backup.region):
        return False
    # What an alias stands for is not known here. In doubt the copy counts as asked for: otherwise it may get deleted.
    key = KeyName.parse(request[3] or "")
    return key is None or key.is_alias or same_key(request[3], backup.kms_key_arn)


def _request(inputs: Mapping[str, Any]) -> tuple[Any, ...]:
    given = by_core_names(inputs)
    return tuple(given.get(name) for name in ("source_backup_id", "source_region", "region", "kms_key_id"))

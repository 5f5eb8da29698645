"""What a declaration is made from, and what it is: values alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.fsx.backup import Backup

from .retention import UNKNOWN_TIME
from .sources import FileSystems


class Outside(Protocol):
    """What a declaration asks AWS, and what it knows of this run; see `program/lookup.py`.

    Attributes:
        state: all copies that were in the state when the run began.
        owner_id: of the stack; "" in its first run.
        declared: names of the single copies that the program has declared.
    """

    @property
    def state(self) -> Iterable[StateCopy]: ...

    @property
    def owner_id(self) -> str: ...

    @property
    def declared(self) -> Collection[str]: ...

    def backups_of(self, file_system_id: str, region: str) -> Sequence[Backup] | None:
        """Return a file system's backups; None if its Region does not tell."""

    def file_system_exists(self, file_system_id: str, region: str) -> bool:
        """Whether a file system exists; one whose Region does not tell is taken to."""

    def file_systems_in(self, region: str) -> FileSystems | None:
        """Return all file systems of a Region with their tags; None if it does not tell."""

    def copies_in(self, region: str) -> Sequence[Backup]:
        """Return the copies in a DR Region."""

    def copies_left_in(self, region: str) -> Sequence[Backup]:
        """Return the copies in a Region that the program does not declare any more; none if it does not tell."""

    def unlisted(self, copy: StateCopy) -> Backup | None:
        """Return a copy that is not in a listing; None if it is not found or its Region does not tell."""

    def is_gone(self, copy: StateCopy) -> bool:
        """Whether AWS surely does not have a copy any more."""

    def resolved_key(self, region: str, kms_key_id: str) -> str:
        """Return the ARN of a key in a DR Region, or the name as it is if KMS does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A copy that is to be declared.

    Attributes:
        name: the logical name of its resource.
        args: what differs from the arguments of its DrRegion: always the source backup and its Region, the key of the
            source and `add_tags` if it has its own, and for a copy that cannot be made again the Region and key it has.
        state: its entry in the state, if there is one.
        source: the source backup, where FSx was asked and tells.
    """

    name: str
    args: Mapping[str, Any]
    state: StateCopy | None = None
    source: Backup | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """A copy in the state that is not declared any more, and why."""

    copy: StateCopy
    reason: str

    def __str__(self) -> str:
        copy = self.copy
        return f"{copy.id} in {copy.region}, a copy of {copy.source_backup_id}, is deleted: {self.reason}."


@dataclass(slots=True)
class Declaration:
    """What one DrRegion declares, and what a person should know of it.

    Attributes:
        sources: what is copied, with file systems in place of the tags that select them.
        gone: ids of declared copies that AWS surely does not have any more.
        obstacles: by source why new copies of it cannot be made.
        explained: what only a preview says, as it is longer than most people want to read twice.
    """

    sources: list[Mapping[str, Any]] = field(default_factory=list)
    copies: list[Declared] = field(default_factory=list)
    removed: list[Removed] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    obstacles: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    explained: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class KnownCopy:
    """A copy in the state, with what AWS shows of it. Its tags are not looked at."""

    state: StateCopy
    backup: Backup | None

    @property
    def file_system_id(self) -> str:
        """The file system; "" if neither the state nor AWS tells."""
        return self.state.output("file_system_id") or (self.backup and self.backup.file_system_id) or ""

    @property
    def subject(self) -> str:
        """What retention counts by: the volume, else the file system."""
        return self.state.output("volume_id") or (self.backup and self.backup.subject) or self.file_system_id

    @property
    def source(self) -> str:
        """The source backup."""
        return self.state.source_backup_id

    @property
    def counts(self) -> bool:
        """Whether it is AVAILABLE, or will be finished in this run."""
        return self.backup is not None and not self.backup.is_dead

    @property
    def is_available(self) -> bool:
        """Whether it can be restored from."""
        return self.backup is not None and self.backup.is_available

    @property
    def time(self) -> datetime:
        """When its source backup was made, or else the copy."""
        return self.state.source_creation_time or (self.backup and self.backup.creation_time) or UNKNOWN_TIME


def known_copies(copies: Sequence[StateCopy], declared: Collection[str], outside: Outside) -> list[KnownCopy]:
    """Return copies in the state with what AWS shows of them; in a declared Region, not listed is not gone."""
    # A Region that is declared must answer, or nothing can be decided. One that was removed may never answer.
    listed = {
        region: {c.id: c for c in (outside.copies_in if region in declared else outside.copies_left_in)(region)}
        for region in {copy.region for copy in copies}
    }

    def shown(copy: StateCopy) -> Backup | None:
        found = listed[copy.region].get(copy.id)
        return found or (outside.unlisted(copy) if copy.region in declared else None)

    return [KnownCopy(copy, shown(copy)) for copy in copies]

"""What a copy is to this package."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from pulumi_fsx_dr.errors import CopyError
from pulumi_fsx_dr.fsx.backup import Backup, CopyRequest

from .ownership import MARK_TAG, Mark, Ownership, Pending, Recorded, Token, identity_of, mark_in

BACKUP_COPY_TYPE = "pulumi-python:dynamic/fsx:BackupCopy"  # as states and previews name the resource
DR_REGION_TYPE = "pulumi-fsx-dr:index:DrRegion"
NATIVE_COPY_TYPE = "fsx-dr:index:BackupCopy"  # the same, made by the plugin for all languages
NATIVE_DR_REGION_TYPE = "fsx-dr:index:DrRegion"
COPY_TYPES = frozenset({BACKUP_COPY_TYPE, NATIVE_COPY_TYPE})
UNCLAIMED = "unclaimed"  # an output of a copy that was imported, until an update has made it its state's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(CopyRequest):
    """What the program asks for, all of it known.

    Attributes:
        region: where the copy is made.
        timeout: seconds it may take from its own start.
    """

    region: str
    timeout: float

    @classmethod
    def of(cls, inputs: Mapping[str, Any], timeout: float) -> "Wanted":
        """Read it from the checked arguments of a resource."""
        known = {member.name for member in fields(cls)}
        given = {name: value for name, value in inputs.items() if name in known and value is not None}
        return cls(**given, timeout=timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy and what ties it to its resource's state.

    Attributes:
        ownership: what makes it this resource's own.
        source_creation_time: when the backup was made that it is a copy of; None if nobody can tell any more.
        adopted_from: the mark of another resource that it bore when it was adopted, and that may be replaced.
        was_shown: whether FSx has described it since it was started; what it does not show yet is not gone.
    """

    backup: Backup
    ownership: Ownership
    source_creation_time: datetime | None
    adopted_from: str = ""
    was_shown: bool = True

    @property
    def token(self) -> Token | None:
        """The token of its pending mark; None if it was adopted."""
        return Token.parse(self.ownership.token)

    def may_replace(self, mark: Mark | None) -> bool:
        """Tell whether a mark may give way to that of this copy's resource.

        It may if there is none, if it is this resource's own, or the one that CopyBackup set for it and with which
        nobody has gone on since, or the one that was there when it adopted the copy.
        """
        return (
            mark is None
            or self.ownership.covers(mark)
            or self.ownership.started(mark)
            or (bool(self.adopted_from) and str(mark) == self.adopted_from)
        )

    def may_mark(self, backup: Backup) -> bool:
        """Tell whether the mark that a backup carries may give way to that of this copy's resource.

        One that is none of ours is left: somebody else uses the tag, or a later version of this package.
        """
        mark = mark_of(backup)
        # A tag that cannot be read is another thing than no tag: nobody knows what it says.
        return self.may_replace(mark) and not (mark is None and MARK_TAG in backup.tags)

    def claiming_mark(self, urn: str) -> Pending | None:
        """Return the mark that says that our run makes the copy; None if it has no token."""
        token = self.token
        return Pending(token, self.source_creation_time, identity_of(urn), self.ownership.nonce) if token else None

    def recorded_mark(self, urn: str) -> Recorded:
        """Return the mark that makes it a resource's own for good."""
        return Recorded.by(urn, self.ownership.nonce, self.source_creation_time)


class UnfinishedCopyError(CopyError):
    """FSx has accepted the copy, but it could not be seen through; the state must keep it.

    Attributes:
        copy: as far as it has come.
    """

    def __init__(self, message: str, copy: Copy) -> None:
        super().__init__(message)
        self.copy = copy


def mark_of(backup: Backup) -> Mark | None:
    """Return the ownership mark a backup carries."""
    return mark_in(backup.tags)


def source_creation_time(copy: Backup) -> datetime:
    """Return when a copy's source was made, from its ownership mark; without one, when the copy itself was."""
    mark = mark_of(copy)
    return (mark.source_creation_time if mark else None) or copy.creation_time


def owner_of(backup: Backup) -> str:
    """Return whose a backup is by its mark, for people: it proves nothing."""
    mark = mark_of(backup)
    return mark.identity if mark else backup.tags.get(MARK_TAG, "nobody")

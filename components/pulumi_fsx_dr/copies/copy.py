"""What a copy is to this package, and how it is spoken of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pulumi_fsx_dr.errors import CopyError, ServiceError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.kms import KeyName

from .ownership import MARK_TAG, Mark, Ownership, Pending, Recorded, Token, identity_of, parse_mark
from .tags import MAX_TAGS, visible
from .words import duration

BACKUP_COPY_TYPE = "pulumi-python:dynamic/fsx:BackupCopy"  # as states and previews name the resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the program asks for, all of it known.

    Attributes:
        kms_key_id: in any form, or None for the key that FSx manages.
        timeout: seconds a copy may take from its own start.
    """

    source_backup_id: str
    source_region: str
    region: str
    kms_key_id: str | None
    copy_tags: bool
    tags: Mapping[str, str]
    timeout: float


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
            or self._is_own_pending(mark)
            or (bool(self.adopted_from) and str(mark) == self.adopted_from)
        )

    def _is_own_pending(self, mark: Mark) -> bool:
        token = self.token
        return isinstance(mark, Pending) and not mark.nonce and token is not None and mark.token.same_request(token)

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
    return parse_mark(backup.tags.get(MARK_TAG))


def key_text(fsx: FsxRegion, kms_key_id: str | None) -> str | None:
    """Return the wanted key in a form that is the same however it was written."""
    if not kms_key_id:
        return None
    resolved = resolved_key(fsx, kms_key_id)
    name = KeyName.parse(resolved)
    return name.resource if name else resolved


def resolved_key(fsx: FsxRegion, kms_key_id: str) -> str:
    """Return the ARN behind an alias, or the name as it is if KMS does not tell."""
    name = KeyName.parse(kms_key_id)
    if name is None or not name.is_alias:
        return kms_key_id
    try:
        return fsx.key_arn(kms_key_id)
    except ServiceError:
        return kms_key_id


def still_running(copy: Copy, wanted: Wanted) -> str:
    """Say that a copy is not done."""
    percent = copy.backup.progress_percent
    return (
        f"{copy.backup.id}, the copy of {wanted.source_backup_id} in {wanted.region}, is still {copy.backup.lifecycle}"
        + (f" ({percent} %)" if percent is not None else "")
    )


def left_over(backup: Backup, why: str) -> str:
    """Name a copy that this stack's state does not hold, with what can be done about it."""
    return (
        f"{backup.id} in {backup.region}, a copy of {backup.source_backup_id}, {why}: "
        f"fsx-dr orphans --region {backup.region} tells how to adopt or delete it."
    )


def lost(backup_id: str, region: str) -> str:
    """Say that another run has taken a copy over that this one was making."""
    return (
        f"{backup_id} in {region} was taken over by another run of the same resource, of this stack or of one of the "
        "same name in another backend, and is left to that: see that only one runs, then run pulumi up again."
    )


def gone(backup_id: str, region: str) -> str:
    """Say that a copy is no more."""
    return f"{backup_id} in {region} was deleted by somebody else: run pulumi up again to make a new copy."


def too_many_tags(source: Backup, tags: object) -> str | None:
    """Say why FSx cannot copy a source together with its tags, or return None if it can."""
    keys = {*visible(source.tags), *(tags if isinstance(tags, dict) else ())}
    if len(keys) < MAX_TAGS:
        return None
    return (
        f"Backup {source.id} in {source.region} has {len(visible(source.tags))} tags, and with those of the copy they "
        f"are {len(keys) + 1}, of which one marks its owner, while FSx permits {MAX_TAGS}: set copy_tags to False, "
        "or remove tags of the backup."
    )


def progress(backup: Backup, elapsed: float, trouble: ServiceError | None) -> str:
    """Say how far a copy has come, for its row in `pulumi up`."""
    percent = f" {backup.progress_percent} %" if backup.progress_percent is not None else ""
    note = f" (no news: {trouble})" if trouble else ""
    return f"copying{percent}, {duration(elapsed)} so far{note}"

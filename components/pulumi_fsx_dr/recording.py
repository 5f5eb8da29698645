"""What is written on a copy: the mark that makes it a resource's own for good, and its tags."""

from contextlib import suppress
from dataclasses import replace

from .copies import Copy, UnfinishedCopyError, Wanted, gone, mark_of
from .errors import CopyError, NotFoundError, ServiceError
from .fsx import Backup
from .host import Call
from .ownership import MARK_TAG, Pending
from .patience import patiently
from .process import Region
from .tags import TagChange


def record_if_held(urn: str, copy: Copy, here: Region) -> None:
    """Record an AVAILABLE copy of a state that an interrupted run left pending; without permission it stays so."""
    mark = mark_of(copy.backup)
    if copy.backup.is_available and isinstance(mark, Pending) and copy.ownership.covers(mark):
        with suppress(ServiceError):
            here.fsx.tag(copy.backup.arn, {MARK_TAG: str(copy.recorded_mark(urn))})


def record(call: Call, copy: Copy, wanted: Wanted, here: Region, deadline: float) -> Copy:
    """Turn the pending mark into the recorded one, and bring the tags to what is wanted now.

    Raises:
        UnfinishedCopyError: the mark could not be set; the next run tries again.
        CopyError: somebody deleted the copy.
    """
    tags = {**wanted.tags, MARK_TAG: str(copy.recorded_mark(call.urn))}
    try:
        patiently(call, here, deadline, lambda: here.fsx.tag(copy.backup.arn, tags))
    except NotFoundError:
        raise CopyError(gone(copy.backup.id, here.name)) from None
    except ServiceError as error:
        raise UnfinishedCopyError(
            f"{copy.backup.id} in {here.name} is AVAILABLE but not recorded yet; run pulumi up again: {error}", copy
        ) from None
    call.status(f"{copy.backup.id} is AVAILABLE", seconds=0)
    return replace(copy, backup=replace(copy.backup, tags={**copy.backup.tags, **tags}))


def change_tags(call: Call, backup: Backup, change: TagChange, here: Region, deadline: float) -> None:
    """Add and overwrite tags, then remove those that are no longer wanted."""
    if change.added:
        patiently(call, here, deadline, lambda: here.fsx.tag(backup.arn, change.added))
    if change.removed:
        patiently(call, here, deadline, lambda: here.fsx.untag(backup.arn, change.removed))

"""What killed runs left of a resource: found again by its marks, gone on with, or named."""

from collections.abc import Collection, Sequence
from contextlib import suppress

from pulumi_fsx_dr.copies.ownership import Token
from pulumi_fsx_dr.copies.sentences import left_over
from pulumi_fsx_dr.errors import FsxDrError
from pulumi_fsx_dr.session.listing import Listing, PendingCopy
from pulumi_fsx_dr.session.work import Work


def pending_of(listing: Listing, token: Token, held_ids: Collection[str]) -> list[PendingCopy]:
    """Return what runs left pending for a token's resource, without what the state holds already."""
    # A copy of the state may still be pending, if no program has recorded it. In a replacement the engine deletes that
    # one after this create: were it handed out again, the state would point to a deleted copy.
    of_resource = [copy for copy in listing.pending if copy.mark.token.resource == token.resource]
    return [copy for copy in of_resource if copy.backup.id not in held_ids]


def to_resume(found: Sequence[PendingCopy], token: Token) -> PendingCopy | None:
    """Return the copy among them that a create goes on with: an AVAILABLE one, else the oldest."""
    mine = [copy for copy in found if copy.mark.token.same_request(token) and not copy.backup.is_dead]
    return min(mine, key=lambda copy: (not copy.backup.is_available, copy.backup.creation_time), default=None)


def name_left_overs(work: Work, listing: Listing, found: Sequence[PendingCopy], made_id: str) -> None:
    """Delete of the others what FAILED, which holds no data, and name the rest: it may be in another stack's state."""
    for left in found:
        if left.backup.id != made_id and left.backup.is_dead:
            with suppress(FsxDrError):
                work.fsx.delete(left.backup.id)
    # A state in another backend with the same names may hold one of these, so they are named and never deleted.
    known = {made_id, *work.call.held_ids}
    # What is recorded may be in the state, and only who knows all of that can name it.
    suspects = listing.speaking_of(work.call.urn) if work.call.knows_held else [left.backup for left in found]
    for backup in suspects:
        if backup.id not in known and not backup.is_dead:
            why = "was left behind by an interrupted run, and this one made another"
            work.call.warn(left_over(backup, why))

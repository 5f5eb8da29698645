"""Copies with our tag that the state does not contain and that no run resumes: they are named, never deleted."""

from pulumi_fsx_dr.copies.messages import leftover
from pulumi_fsx_dr.copies.ownership import claimed_description, description_of
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.listing import Listing


def name_leftovers(call: Call, listing: Listing, own_id: str) -> None:
    """Name the leftovers of one resource. A DrRegion names those of its copies itself."""
    # Where the ids in the state are not known, any of them may be in the state.
    if not call.knows_state or StateCopy(call.urn, own_id, {}).is_of_dr_region:
        return
    description = description_of(call.urn)
    known = {own_id, *call.state_ids}
    for backup in listing.claimed_by(call.owner_id):
        if backup.id not in known and not backup.is_dead and claimed_description(backup.tags) == description:
            call.warn(leftover(backup))

"""Write the ownership tag of a copy and the tags of the program; no other module writes tags.

CopyBackup sets both. The ownership tag is written again only if a copy is resumed or adopted, if the tag is missing, or
if the state entry was moved to another stack.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum, auto

from pulumi_fsx_dr.copies.copy import CopySpec
from pulumi_fsx_dr.copies.messages import leftover
from pulumi_fsx_dr.copies.ownership import (
    OWNERSHIP_TAG,
    Ownership,
    RequestToken,
    description_of,
    ownership_of,
)
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.copies.tags import MAX_TAGS, TagChange
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.listing import Listing
from pulumi_fsx_dr.runtime.work import Work


def expected_ownership(work: Work, spec: CopySpec) -> Ownership:
    """Return our owner id, and the request token that each run computes for the same request.

    Tags are not part of the token: they may change between a killed run and the next, which must find the same copy.
    All notations of the same key give the same token.
    """
    call, key = work.call, work.region.key_text(spec.kms_key_id)
    token = RequestToken.of(call.owner_id, call.urn, spec.region, spec.source_backup_id, spec.source_region, key)
    first = Ownership(call.owner_id, token)
    # For a token that is in the state, FSx would return the copy in the state, which a replacement deletes afterwards.
    used = [own.token.generation for entry in call.state if (own := entry.ownership) and own.is_same_request(first)]
    return replace(first, token=replace(token, generation=max(used)).next()) if used else first


def unguessable_ownership(work: Work, spec: CopySpec) -> Ownership:
    """Return an ownership that no state entry has, so that the delete of a former entry does not delete the copy."""
    own = expected_ownership(work, spec)
    return replace(own, token=own.token.unused())


def our_ownership(work: Work, backup: Backup) -> Ownership | None:
    """Return the ownership in the tag of a backup; None if it does not have our owner id."""
    own = ownership_of(backup.tags)
    return own if own and own.owner_id == work.call.owner_id else None


class TagState(Enum):
    """How the ownership tag of a copy compares with its state entry."""

    OWN = auto()
    """The tag matches the entry."""
    TO_WRITE = auto()
    """The tag is missing or out of date: an update writes it again."""
    OTHER = auto()
    """The tag belongs to another owner, which may have the copy in its state."""


def tag_state(call: Call, backup: Backup, own: Ownership) -> TagState:
    """Compare the ownership tag of a copy with its state entry.

    A tag with our owner id and another token comes from an adoption or resume that the engine did not save, or from an
    attacker. It is written again unless another state entry contains the copy with that token.
    """
    if is_untagged(backup):
        return TagState.TO_WRITE
    tag = ownership_of(backup.tags)
    if tag == own:
        return TagState.OWN
    if tag is None or tag.owner_id != own.owner_id:
        return TagState.OTHER
    others = [entry.ownership for entry in call.state if entry.id == backup.id and entry.urn != call.urn]
    is_unclaimed = call.knows_state and not any(tag.is_same_request(other) for other in others)
    return TagState.TO_WRITE if is_unclaimed or own.is_same_request(tag) else TagState.OTHER


def is_untagged(backup: Backup) -> bool:
    """Whether a backup has no ownership tag at all; an ownership tag in another format may have an owner."""
    return OWNERSHIP_TAG not in backup.tags


def has_own_tag(backup: Backup, state: StateCopy) -> bool:
    """Whether the ownership tag of a copy matches its state entry."""
    return state.ownership is not None and ownership_of(backup.tags) == state.ownership


def warn_of_leftovers(call: Call, list_region: Callable[[], Listing], own_id: str) -> None:
    """Warn of copies with the tag of this resource that are not in the state and not resumed by this run."""
    # The plan of a DrRegion warns of its leftovers. Without all ids in the state, a leftover cannot be recognized.
    if not call.knows_state or StateCopy(call.urn, own_id, {}).is_of_dr_region:
        return
    known = {own_id, *call.state_ids}
    for backup in list_region().claimed_as(call.owner_id, description_of(call.urn)):
        if backup.id not in known and not backup.is_dead:
            call.warn(leftover(backup))


def write_ownership(work: Work, backup: Backup, ownership: Ownership, tags: Mapping[str, str] | None = None) -> Backup:
    """Write the ownership tag, and the tags of the program if the limit of 50 allows them."""
    own = ownership.tag(work.urn)
    wanted = {**(tags or {}), **own}
    # Above the limit, FSx would refuse the whole call, including the ownership tag.
    if len(backup.tags.keys() | wanted.keys()) > MAX_TAGS:
        wanted = own
    work.retry(lambda: work.region.fsx.tag(backup.arn, wanted))
    return replace(backup, tags={**backup.tags, **wanted})


def change_tags(work: Work, backup: Backup, change: TagChange) -> None:
    """Add and overwrite tags, and remove the tags that are no longer declared."""
    steps: list[Callable[[], object]] = []
    # Tags are added first, so that no declared tag is missing if the second call fails.
    if change.added:
        steps.append(lambda: work.region.fsx.tag(backup.arn, change.added))
    if change.removed:
        steps.append(lambda: work.region.fsx.untag(backup.arn, change.removed))
    # If old and new tags together exceed the limit, tags are removed first.
    if len(backup.tags.keys() | change.added.keys()) > MAX_TAGS:
        steps.reverse()
    for step in steps:
        work.retry(step)

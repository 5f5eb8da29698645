"""The request token of a copy."""

from dataclasses import replace

from pulumi_fsx_dr.copies.copy import CopySpec
from pulumi_fsx_dr.copies.ownership import Ownership, RequestToken
from pulumi_fsx_dr.runtime.retry import Work


def new_ownership(work: Work, spec: CopySpec) -> Ownership:
    """Return the ownership of a copy that CopyBackup did not make for us.

    No entry of the state has it: the delete of an entry that had the copy before leaves the copy.
    """
    own = first_ownership(work, spec)
    return replace(own, token=own.token.unused())


def first_ownership(work: Work, spec: CopySpec) -> Ownership:
    """Return our owner id and the request token at which every run of the same request arrives.

    Tags are not part of it: they may change between a run that was killed and the next, which must find the same copy.
    The key is, in one spelling, so that the same key written another way does not look like another copy.
    """
    call, key = work.call, work.region.key_text(spec.kms_key_id)
    token = RequestToken.of(call.owner_id, call.urn, spec.region, spec.source_backup_id, spec.source_region, key)
    first = Ownership(call.owner_id, token)
    # FSx answers the token of a copy in the state with that copy. In a replacement it is deleted right after create.
    used = [own.token.generation for entry in call.state if (own := entry.ownership) and own.is_same_request(first)]
    return replace(first, token=replace(token, generation=max(used)).next()) if used else first

"""The request token of a copy."""

from dataclasses import replace

from pulumi_fsx_dr.copies.copy import Wanted
from pulumi_fsx_dr.copies.ownership import Ownership, RequestToken
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.region import Region


def new_ownership(call: Call, wanted: Wanted, destination: Region) -> Ownership:
    """Return the ownership of a copy that CopyBackup did not make for us.

    No entry of the state has it: the delete of an entry that had the copy before leaves the copy.
    """
    return Ownership(call.owner_id, request_token(call, wanted, destination).unused())


def request_token(call: Call, wanted: Wanted, destination: Region) -> RequestToken:
    """Return the token at which every run of the same request arrives.

    Tags are not part of it: they may change between a run that was killed and the next, which must find the same copy.
    The key is, in one spelling, so that the same key written another way does not look like another copy.
    """
    key = destination.key_text(wanted.kms_key_id)
    parts = (wanted.region, wanted.source_backup_id, wanted.source_region, key)
    first = Ownership(call.owner_id, RequestToken.of(call.owner_id, call.urn, *parts))
    # FSx answers the token of a copy in the state with that copy. In a replacement it is deleted right after create.
    used = [own.token.generation for entry in call.state if (own := entry.ownership) and own.is_same_request(first)]
    return replace(first.token, generation=max(used)).next() if used else first.token

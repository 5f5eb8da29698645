"""Find the copy of an earlier run and resume it."""

from dataclasses import replace

from pulumi_fsx_dr.copies.copy import Copy, CopySpec
from pulumi_fsx_dr.copies.ownership import ownership_of
from pulumi_fsx_dr.copies.verification import mismatch
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.work import Work

from .tagging import expected_ownership, our_ownership, write_ownership


def candidates(work: Work, spec: CopySpec, *, fresh: bool = False) -> list[Backup]:
    """Return the listed copies with our owner id: copies of our request first, then AVAILABLE ones, then the oldest.

    Anyone may have written the tag, so the caller verifies each copy.
    """
    call = work.call
    found = [
        copy
        for copy in work.retry(lambda: work.region.listing(fresh=fresh)).claimed_by(call.owner_id)
        if copy.source_backup_id == spec.source_backup_id and copy.id not in call.state_ids and not copy.is_dead
    ]
    if not found:
        return []
    first = expected_ownership(work, spec)

    def is_same_request(copy: Backup) -> bool:
        return first.is_same_request(ownership_of(copy.tags))

    # Unless all ids in the state are known, the copy of another request may be in the state.
    possible = [copy for copy in found if call.knows_state or is_same_request(copy)]
    return sorted(possible, key=lambda c: (not is_same_request(c), not c.is_available, c.creation_time, c.id))


def verified(work: Work, spec: CopySpec, backup_id: str) -> Backup | None:
    """Return a copy as it is now; None unless it has our owner id and matches the declaration."""
    backup = work.find(backup_id)
    if backup is None or backup.is_dead or not our_ownership(work, backup):
        return None
    return backup if mismatch(backup, work.retry(lambda: work.region.facts(spec))) is None else None


def renew_ownership(work: Work, spec: CopySpec, copy: Copy) -> Copy:
    """Write a new generation and the declared tags to a resumed copy.

    Another state entry may contain this copy: one that is pending deletion, which the engine does not show, or one that
    `--replace` replaces. That entry has the former generation, so its delete does not delete the copy. The tag is
    written before the wait, because the run may end during the wait.
    """
    own = copy.ownership or expected_ownership(work, spec)
    own = replace(own, token=own.token.unused())
    backup = write_ownership(replace(work, patience=spec.timeout), copy.backup, own, spec.tags)
    return replace(copy, backup=backup, ownership=own)

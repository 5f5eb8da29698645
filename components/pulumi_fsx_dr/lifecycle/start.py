"""CopyBackup, called until FSx answers with a copy that is ours."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from pulumi_fsx_dr.copies.copy import CopySpec
from pulumi_fsx_dr.copies.durations import duration
from pulumi_fsx_dr.copies.ownership import Ownership, ownership_of
from pulumi_fsx_dr.errors import (
    AccessDeniedError,
    CopyError,
    CredentialsError,
    QuotaReachedError,
    ServiceError,
    TransientError,
)
from pulumi_fsx_dr.fsx.backup import Backup, Refused
from pulumi_fsx_dr.runtime.copy_queue import Slot
from pulumi_fsx_dr.runtime.region import LISTED_WITHIN
from pulumi_fsx_dr.runtime.retry import SHOWN_WITHIN, Work

from .make_room import Room
from .resume import candidates, verified
from .tagging import first_ownership, is_untagged, own_of

# A wait in the queue may last for hours, and where there is no terminal each message is a line of output.
_QUEUE_STATUS_SECONDS = 10.0
# A copy that is older than our request was started by an earlier run. AWS's clock and ours may differ by this much.
_CLOCK_SKEW = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class StartedCopy:
    """The copy that FSx started for us; `is_new` unless an earlier run had it started."""

    backup: Backup
    ownership: Ownership
    is_new: bool


def wait_for_slot(work: Work, spec: CopySpec, slot: Slot) -> None:
    """Wait in the queue; fail if copies of others have all slots for longer than the copy may take."""
    blocked_since = None
    while (ahead := slot.ahead) is not None:
        work.raise_if_cancelled()
        work.raise_if_ending()
        # The timeout counts from the copy's own start, so copies of this run may take their time. Those of others may
        # never end.
        blocked_since = (blocked_since or work.now()) if slot.waits_for_others else None
        _raise_if_blocked(work, spec, blocked_since)
        work.call.status(f"waiting for a free slot ({ahead} ahead)", seconds=_QUEUE_STATUS_SECONDS)
        # A free slot ends this wait at once; the two seconds are how late a cancelled call leaves the queue.
        slot.wait(seconds=2)


def start_copy(work: Work, spec: CopySpec, source: Backup) -> StartedCopy:
    """Return the copy that FSx starts, or had started before, for our request token."""
    room = Room(work, spec, source)
    own, is_refused, has_failed = first_ownership(work, spec), False, False
    while True:
        work.raise_if_ending()
        asked = work.now()
        try:
            answer = _call_copy_backup(work, spec, own)
        except QuotaReachedError as error:
            room.make(error)
            continue
        except (TransientError, AccessDeniedError, CredentialsError):
            raise  # another token would not help
        except ServiceError:
            # How FSx answers the token of a deleted copy is not documented, and a refusal may mean just that. So it is
            # asked once more, with a token that no run has used; a second refusal is believed.
            if is_refused:
                raise
            is_refused, own = True, replace(own, token=own.token.unused())
            continue
        if isinstance(answer, Backup):
            is_new = answer.creation_time.timestamp() >= asked - _CLOCK_SKEW
            if is_new and answer.is_dead and has_failed:
                # The first one that FAILED may be that of a run that was killed just now. A second one is reported.
                return StartedCopy(answer, own, is_new)
            has_failed = is_new and answer.is_dead
            if backup := _usable(work, spec, answer, is_new=is_new):
                # The answer of CopyBackup may come without tags.
                return StartedCopy(backup, own_of(work, backup) or own, is_new)
        # Our token with other tags: the copy of a run that was killed before the tags were changed.
        elif backup := _find_listed(work, spec, own):
            return StartedCopy(backup, own, is_new=False)
        # FSx would give this token the same answer again and again.
        own = replace(own, token=own.token.next())


def _call_copy_backup(work: Work, spec: CopySpec, own: Ownership) -> Backup | Literal[Refused.TOKEN_CONFLICT]:
    request = replace(spec, token=str(own.token), tags={**spec.tags, **own.tag(work.urn)})
    blocked_since, refusals = work.now(), 0
    while (answer := work.retry(lambda: work.region.fsx.copy(request))) is Refused.SLOTS_TAKEN:
        refusals += 1
        work.raise_if_ending()
        _raise_if_blocked(work, spec, blocked_since)
        work.call.status("waiting for a free slot (others copy into this Region too)")
        work.back_off(refusals)
    return answer


def _raise_if_blocked(work: Work, spec: CopySpec, since: float | None) -> None:
    waited = work.now() - since if since else 0
    if waited > spec.timeout:
        raise CopyError(
            f"{spec.source_backup_id} was not copied to {work.region.name}: copies of others have had all copy slots "
            f"for {duration(waited)}. Run `pulumi up` again when they have ended."
        )


def _usable(work: Work, spec: CopySpec, answer: Backup, *, is_new: bool) -> Backup | None:
    """Return the copy that FSx answered; None if it is gone or somebody else's, so that the next token is due.

    A copy that was made before we asked is one of an earlier run. A replacement ends with the delete of the copy in the
    state, so that one is not usable.
    """
    if answer.id in work.call.state_ids:
        return None
    if answer.is_dead:
        _delete_failed(work, spec, answer)
        return None
    backup = answer if is_new else _as_shown(work, answer)
    if backup is None or not (is_untagged(backup) or own_of(work, backup)):
        return None
    # Taken last, because a copy that is not used must not look like one that is still needed.
    is_copy = backup.source_backup_id in (None, spec.source_backup_id)
    return backup if is_copy and work.runtime.entries.take(backup.id, work.urn) else None


def _as_shown(work: Work, answer: Backup) -> Backup | None:
    """Return an earlier copy as it is now, with its tags; None if it is gone."""
    shown = work.find(answer.id)
    if shown:
        return None if shown.is_dead else shown
    is_old = answer.creation_time.timestamp() < work.now() - SHOWN_WITHIN
    # FSx can answer a token with a copy that was deleted since. Such a copy is old, and will never be shown.
    return None if is_old else replace(answer, lifecycle="CREATING")


def _delete_failed(work: Work, spec: CopySpec, answer: Backup) -> None:
    """Delete the FAILED copy of a run that was killed: FSx's own answer says that it is ours."""
    if answer.lifecycle == "FAILED" and answer.source_backup_id == spec.source_backup_id:
        # If this fails, `fsx-dr orphans` lists it; it contains no data.
        with suppress(ServiceError):
            work.region.fsx.delete(answer.id)


def _find_listed(work: Work, spec: CopySpec, own: Ownership) -> Backup | None:
    """Return the copy that our token started with other tags; FSx may list it late."""
    listed_by = work.now() + min(LISTED_WITHIN, spec.timeout)
    while True:
        for copy in candidates(work, spec, fresh=True):
            found = verified(work, spec, copy.id) if ownership_of(copy.tags) == own else None
            if found and work.runtime.entries.take(found.id, work.urn):
                return found
        if work.call.is_ending or work.now() >= listed_by:
            return None
        work.call.status("waiting for FSx to list what an earlier run has started")
        work.pause()

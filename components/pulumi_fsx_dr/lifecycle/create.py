"""The making of one copy: resume what an earlier run started, or take a slot and start; wait until it is AVAILABLE.

A run can be killed between any two calls to AWS. CopyBackup itself sets the ownership tag, with the owner id that the
state had before the first copy was made. So the next run finds the copy by its tag or, where FSx does not list it yet,
by FSx's answer to the same request token.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pulumi_fsx_dr.copies.copy import Copy, Wanted
from pulumi_fsx_dr.copies.durations import duration
from pulumi_fsx_dr.copies.outputs import outputs_of
from pulumi_fsx_dr.copies.ownership import Ownership, RequestToken, is_urn, ownership_of
from pulumi_fsx_dr.copies.verification import mismatch
from pulumi_fsx_dr.errors import (
    AccessDeniedError,
    CopyError,
    CredentialsError,
    FsxDrError,
    ServiceError,
    SlotsTakenError,
    TokenConflictError,
    TransientError,
)
from pulumi_fsx_dr.fsx.backup import Backup, CopyRequest, quota_group
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.ledger import Ledger
from pulumi_fsx_dr.runtime.provider_runtime import Session
from pulumi_fsx_dr.runtime.region import LISTED_WITHIN, Region
from pulumi_fsx_dr.runtime.retry import PATIENCE, SHOWN_WITHIN, Work
from pulumi_fsx_dr.runtime.slots import Turn

from . import timeouts
from .adopt import adopt
from .leftovers import name_leftovers
from .partial_failure import kept_if_unfinished
from .source import require_copyable, require_room_for_tags, source_time
from .tagging import is_untagged, write_ownership
from .tokens import request_token
from .wait import wait_until_available

# A wait in the queue may last for hours, and where there is no terminal each message is a line of output.
_QUEUE_STATUS_SECONDS = 10.0
# A copy that is older than our request was started by an earlier run. AWS's clock and ours may differ by this much.
_CLOCK_SKEW = 2.0  # seconds
# These errors do not depend on the token, so another one would not help.
_NO_OTHER_TOKEN_HELPS = (TransientError, AccessDeniedError, CredentialsError)


@dataclass(frozen=True, slots=True)
class Created:
    """The copy's backup id, and every output."""

    id: str
    outputs: dict[str, Any]


def create(call: Call, session: Session, inputs: Mapping[str, Any]) -> Created:
    """Make the copy, or resume the one that an earlier run started, and return once it is AVAILABLE.

    Args:
        call: of the engine.
        session: of this process.
        inputs: the checked arguments.

    Raises:
        UnfinishedCopyError: FSx has accepted the copy, but it is not AVAILABLE; the engine was told to keep it.
        CopyError: there is no copy.
        ServiceError: AWS refused.
    """
    _require_identity(call)
    with kept_if_unfinished(call, session.ledger, partial(outputs_of, inputs)):
        copy = _create(call, session, inputs)
    session.ledger.create_succeeded(call.urn, copy.backup.id, copy.ownership)
    call.status(f"{copy.backup.id} is AVAILABLE", seconds=0)
    return Created(copy.backup.id, outputs_of(inputs, copy))


def _require_identity(call: Call) -> None:
    # Better no copy at all than one that no later run could find again.
    if not is_urn(call.urn):
        raise FsxDrError(
            f"{call.urn!r} is not a valid URN. Use a version of the Pulumi SDK that this package supports."
        )
    if not call.owner_id:
        raise FsxDrError(
            f"{call.name} has no owner id. Declare it with the BackupCopy or DrRegion of this package, in one version."
        )


def _create(call: Call, session: Session, inputs: Mapping[str, Any]) -> Copy:
    wanted = Wanted.of(inputs, call.timeout or timeouts.CREATE)
    destination, source = session.region(wanted.region), session.region(wanted.source_region)
    _look_up_key(call, wanted, destination)
    adopted = inputs.get("adopt_backup_id")
    # In a replacement adopt_backup_id still names the copy that is to be replaced.
    if adopted and not _is_replaced(call, adopted, wanted, destination):
        return adopt(call, adopted, wanted, destination, source, session.ledger)
    creation = _Creation(call, wanted, destination, source, session.ledger)
    copy = creation.resume() or creation.start()
    name_leftovers(call, destination.listing(), copy.backup.id)
    return copy


def _look_up_key(call: Call, wanted: Wanted, destination: Region) -> None:
    """Have KMS tell which key an alias names; otherwise neither the copy of an earlier run nor its token is found."""
    key, work = wanted.kms_key_id, destination.work(call, min(PATIENCE, wanted.timeout))
    # Without permission for KMS the work goes on.
    with suppress(ServiceError):
        work.retry(lambda: destination.key_arn(key) if key else None)


def _is_replaced(call: Call, backup_id: str, wanted: Wanted, destination: Region) -> bool:
    """Whether a copy in the state is to be replaced by another one, because the key is another."""
    if backup_id not in call.state_ids:
        return False
    work = destination.work(call, PATIENCE)
    backup = work.find(backup_id)
    return backup is None or work.retry(lambda: mismatch(backup, destination.facts(wanted))) is not None


@dataclass(frozen=True, slots=True)
class _Creation:
    """One create."""

    call: Call
    wanted: Wanted
    destination: Region
    source: Region
    ledger: Ledger

    def resume(self) -> Copy | None:
        """Return the copy of an earlier run once it is AVAILABLE, None if there is none."""
        for backup in self._candidates():
            # The listing may be old by now, so the copy is verified as it is. One create takes one copy.
            if (found := self._verified(backup.id)) and self.ledger.take(found.id, self.call.urn):
                # In the queue it would wait for a slot that it has itself.
                with self.destination.slots.running_already(found.quota_group) as turn:
                    self.ledger.create_started(self.call.urn, found.subject)
                    time = source_time(self.wanted, self.source, found)
                    copy = Copy(backup=found, ownership=ownership_of(found.tags), source_creation_time=time)
                    return self._finish(copy, turn, is_resumed=True)
        return None

    def start(self) -> Copy:
        """Call CopyBackup when there is a slot, and return the copy once it is AVAILABLE."""
        work = self._work()
        found = work.retry(lambda: self.source.source(self.wanted.source_backup_id))
        source = require_copyable(found, self.wanted)
        # As early as it is known what the copy is of: if it fails, only deletes of the same file system are held up. A
        # copy of which this is not known holds up all deletes of the stack.
        self.ledger.create_started(self.call.urn, source.subject)
        require_room_for_tags(source, self.wanted)
        key = self.destination.key_text(self.wanted.kms_key_id)
        with self.destination.slots.turn(quota_group(source.volume_id, key)) as turn:
            self._wait_for_slot(turn)
            backup, own, is_resumed = self._copy_backup()
            copy = Copy(backup=backup, ownership=own, source_creation_time=source.creation_time)
            return self._finish(copy, turn, is_resumed=is_resumed)

    def _work(self, seconds: float = PATIENCE) -> Work:
        """Return the work of one step, whose time to retry begins now."""
        return self.destination.work(self.call, min(seconds, self.wanted.timeout))

    def _candidates(self, *, fresh: bool = False) -> list[Backup]:
        """Return the copies with our owner id that may be the one to make: of our token first, AVAILABLE, oldest."""
        listing = self._work().retry(lambda: self.destination.listing(fresh=fresh))
        claimed = listing.claimed_by(self.call.owner_id)
        source_id = self.wanted.source_backup_id
        mine = [copy for copy in claimed if copy.source_backup_id == source_id and self._is_free(copy)]
        if not mine:
            return []
        first = self._first_ownership()
        # Without all ids of the state, a copy of another URN may be another entry's.
        possible = [c for c in mine if self.call.knows_state or first.is_same_request(ownership_of(c.tags))]

        def rank(copy: Backup) -> tuple[object, ...]:
            is_ours = first.is_same_request(ownership_of(copy.tags))
            return not is_ours, not copy.is_available, copy.creation_time, copy.id

        return sorted(possible, key=rank)

    def _is_free(self, copy: Backup) -> bool:
        return copy.id not in self.call.state_ids and not copy.is_dead

    def _first_ownership(self) -> Ownership:
        token = request_token(self.call, self.wanted, self.destination)
        return Ownership(self.call.owner_id, token)

    def _verified(self, backup_id: str) -> Backup | None:
        """Return a copy with our owner id as it is now, None if it is not the one that the program asks for."""
        work = self._work()
        backup = work.find(backup_id)
        if backup is None or backup.is_dead:
            return None
        facts = work.retry(lambda: self.destination.facts(self.wanted))
        return backup if self._own(backup) and mismatch(backup, facts) is None else None

    def _own(self, backup: Backup) -> Ownership | None:
        """Return the ownership in a copy's tag if it has our owner id."""
        own = ownership_of(backup.tags)
        return own if own and own.owner_id == self.call.owner_id else None

    def _finish(self, copy: Copy, turn: Turn, *, is_resumed: bool) -> Copy:
        if is_resumed:
            copy = self._take_over(copy)
        return wait_until_available(self._work(), copy, self.wanted, turn)

    def _take_over(self, copy: Copy) -> Copy:
        """Give a resumed copy a new generation, and the tags that the program wants by now.

        The state may have the copy all the same: in an entry that is pending deletion, which the engine tells nobody,
        or in the one that `--replace` replaces, where the ids in the state are not known. That entry has the former
        generation, so that its delete leaves the copy. It is written before the wait: after it both may be saved.
        """
        own = copy.ownership or self._first_ownership()
        own = replace(own, token=own.token.unused())
        backup = write_ownership(self._work(self.wanted.timeout), copy.backup, own, self.wanted.tags)
        return replace(copy, backup=backup, ownership=own)

    def _wait_for_slot(self, turn: Turn) -> None:
        work, blocked_since = self._work(), None
        while (ahead := turn.ahead) is not None:
            work.raise_if_cancelled()
            work.raise_if_ending()
            # The timeout counts from the copy's own start, so copies of this run may take their time. Those of others
            # may never end.
            blocked_since = (blocked_since or work.clock.now()) if turn.waits_for_others else None
            self._raise_if_blocked(blocked_since)
            self.call.status(f"waiting for a free slot ({ahead} ahead)", seconds=_QUEUE_STATUS_SECONDS)
            # A free slot ends this wait at once; the two seconds are how late a cancelled call leaves the queue.
            turn.wait(seconds=2)

    def _raise_if_blocked(self, since: float | None) -> None:
        waited = self.destination.clock.now() - since if since else 0
        if waited > self.wanted.timeout:
            raise CopyError(
                f"{self.wanted.source_backup_id} was not copied to {self.destination.name}: copies of others have had "
                f"all copy slots for {duration(waited)}. Run `pulumi up` again when they have ended."
            )

    def _copy_backup(self) -> tuple[Backup, Ownership, bool]:
        """Return what FSx started or had started before for our token, its ownership, and whether it was before."""
        token, is_refused, has_failed = self._first_ownership().token, False, False
        while True:
            self._work().raise_if_ending()
            asked = self.destination.clock.now()
            try:
                answer = self._ask(token)
            except TokenConflictError:
                # Our token with other tags: the copy of a run that was killed before the tags were changed.
                if started := self._find_listed(token):
                    return started, Ownership(self.call.owner_id, token), True
                token = token.next()
                continue
            except ServiceError as error:
                # How FSx answers the token of a deleted copy is not documented, and a refusal may mean just that. So it
                # is asked once more, with a token that no run has used; a second refusal is believed.
                if is_refused or isinstance(error, _NO_OTHER_TOKEN_HELPS):
                    raise
                is_refused, token = True, token.unused()
                continue
            is_new = answer.creation_time.timestamp() >= asked - _CLOCK_SKEW
            # The first one that FAILED may be that of a run that was killed just now. A second one is reported.
            has_failed_again, has_failed = has_failed and answer.is_dead, answer.is_dead and is_new
            if backup := answer if has_failed_again and is_new else self._usable(answer, is_new=is_new):
                # FSx need not tell tags in an answer.
                own = self._own(backup) or Ownership(self.call.owner_id, token)
                return backup, own, not is_new
            # FSx would answer this token with the same copy again and again.
            token = token.next()

    def _ask(self, token: RequestToken) -> Backup:
        own = Ownership(self.call.owner_id, token)
        request = replace(self.wanted, token=str(token), tags={**self.wanted.tags, **own.tag(self.call.urn)})
        return self._when_there_is_a_slot(request)

    def _when_there_is_a_slot(self, request: CopyRequest) -> Backup:
        work, blocked_since, refusals = self._work(), self.destination.clock.now(), 0
        while True:
            try:
                return self._work().retry(lambda: self.destination.fsx.copy(request))
            except SlotsTakenError:
                refusals += 1
                work.raise_if_ending()
                self._raise_if_blocked(blocked_since)
                self.call.status("waiting for a free slot (others copy into this Region too)")
                work.back_off(refusals)

    def _usable(self, answer: Backup, *, is_new: bool) -> Backup | None:
        """Return the copy that FSx answered, None if it is gone or somebody else's, so that the next token is due.

        A copy that was made before we asked is one of an earlier run. A replacement ends with the delete of the copy in
        the state, so that must not be handed out as the new one.
        """
        if answer.id in self.call.state_ids:
            return None
        if answer.is_dead:
            self._delete_failed(answer)
            return None
        backup = answer if is_new else self._seen(answer)
        if backup is None or not (is_untagged(backup) or self._own(backup)):
            return None
        # Taken last, because a copy that is not used must not look like one that is still needed.
        is_copy = backup.source_backup_id in (None, self.wanted.source_backup_id)
        return backup if is_copy and self.ledger.take(backup.id, self.call.urn) else None

    def _seen(self, answer: Backup) -> Backup | None:
        """Return an earlier copy as it is now, None if it is gone; FSx need not tell tags in an answer."""
        seen = self._work().find(answer.id)
        if seen:
            return None if seen.is_dead else seen
        is_old = answer.creation_time.timestamp() < self.destination.clock.now() - SHOWN_WITHIN
        # FSx can answer a token with a copy that was deleted since. Such a copy is old, and will never be shown.
        return None if is_old else replace(answer, lifecycle="CREATING")

    def _delete_failed(self, answer: Backup) -> None:
        """Delete the FAILED copy of a run that was killed: FSx's own answer says that it is ours."""
        if answer.lifecycle == "FAILED" and answer.source_backup_id == self.wanted.source_backup_id:
            # If this fails, `fsx-dr orphans` lists it; it contains no data.
            with suppress(ServiceError):
                self.destination.fsx.delete(answer.id)

    def _find_listed(self, token: RequestToken) -> Backup | None:
        """Return the copy that our token started with other tags; FSx may list it late."""
        own, work = Ownership(self.call.owner_id, token), self._work(LISTED_WITHIN)
        while True:
            for copy in self._candidates(fresh=True):
                found = self._verified(copy.id) if ownership_of(copy.tags) == own else None
                if found and self.ledger.take(found.id, self.call.urn):
                    return found
            if work.is_late:
                return None
            self.call.status("waiting for FSx to list what an earlier run has started")
            work.pause()

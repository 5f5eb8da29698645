"""The making of one copy: start it or go on with one that was started, wait until it is AVAILABLE, hand it over.

A run can be killed between any two calls to AWS, so each step leaves a note on the copy by which the next run can go
on. CopyBackup itself sets the pending mark, which holds the token: every later run of the same resource finds the copy
by it. Once the state holds the copy, the recorded mark takes its place, with a nonce that only that state knows: from
then on no create picks the copy up, and no other state deletes it. Who writes the recorded mark is settled by the
call's handover; if nobody will do so once the state holds the copy, create does so as its last step.

A pending copy may be in a state all the same: in that of another stack, to which it was moved, or in this one, if the
program ended before it could record the copy. So a pending copy is deleted only if it FAILED and so holds no data; any
other one that this run does not go on with is named in a warning.
"""

from dataclasses import replace
from datetime import datetime
from functools import cached_property

from pulumi_fsx_dr.copies.copy import Copy, UnfinishedCopyError, Wanted, mark_of
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Ownership, Pending, Token, identity_of, new_nonce
from pulumi_fsx_dr.errors import (
    AccessDeniedError,
    CredentialsError,
    LostCopyError,
    NotFoundError,
    ServiceError,
    SlotsTakenError,
    SpentTokenError,
    TokenConflictError,
    TransientError,
)
from pulumi_fsx_dr.fsx.backup import Backup, CopyRequest, quota_group
from pulumi_fsx_dr.session.call import Call
from pulumi_fsx_dr.session.ledger import Ledger
from pulumi_fsx_dr.session.listing import PendingCopy
from pulumi_fsx_dr.session.region import Region
from pulumi_fsx_dr.session.slots import Turn
from pulumi_fsx_dr.session.work import PATIENCE, Work

from .left_overs import name_left_overs, pending_of, to_resume
from .source import require_copyable, require_room_for_tags
from .tag import claim, hand_over, record_kept, show_claim
from .wait import Watch, require_own, wait_until_available

# A wait in the queue may last for hours, and where there is no terminal each message is a line of output.
_QUEUE_STATUS_SECONDS = 10.0
# A copy that is older than our request was started by an earlier run: FSx answers a token that it knows with the copy
# that it made for it then. AWS's clock and ours may differ by as much as this.
_MADE_BEFORE = 2.0  # seconds
# These errors do not depend on the token, so asking again with another one would not help.
_NO_OTHER_TOKEN_HELPS = (TransientError, AccessDeniedError, CredentialsError)


class Making:
    """One copy, from the look for an earlier run's to the AVAILABLE one."""

    def __init__(self, call: Call, wanted: Wanted, here: Region, there: Region, ledger: Ledger) -> None:
        self._call = call
        self._wanted = wanted
        self._here = here
        self._there = there
        self._ledger = ledger
        # Whoever records the copy later has chosen the nonce already: mark and outputs must hold the same one.
        self._nonce = call.handover.nonce or new_nonce()

    def make(self) -> Copy:
        """Return the copy once it is AVAILABLE and, unless somebody else will do that, recorded.

        Raises:
            UnfinishedCopyError: the copy runs on, and the next run resumes it.
            CopyError: there is no copy.
            ServiceError: AWS refused; there is no copy, or none that this resource may hold yet.
        """
        # First of all: a killed run may have started this very copy, and another one would copy terabytes twice.
        found = self._find_pending()
        mine = to_resume(found, self._first_token)
        try:
            copy = (mine and self._resume(mine)) or self._start_anew()
            # Not earlier: only now is it certain which of the copies that were found this run goes on with.
            name_left_overs(self._work, self._here.listing(), found, copy.backup.id)
            # The copy is there, so trouble with its mark is ridden out for as long as the user allows.
            work = self._work.within(self._wanted.timeout)
            # Asked at the last moment: in the hours since the call began, a Ctrl-C may have stopped the program's code.
            return hand_over(work, copy, self._wanted.tags, is_taken_over=self._call.handover.is_taken_over)
        except UnfinishedCopyError as error:
            raise record_kept(self._work, error) from None
        except LostCopyError:
            # Another engine makes the same copies, so the next ones are claimed again before they are handed over.
            self._here.is_contested = True
            raise

    @property
    def _work(self) -> Work:
        """The work of one step; each step has its own time to ride out trouble, counted from its beginning."""
        return self._here.work(self._call, min(PATIENCE, self._wanted.timeout))

    @cached_property
    def _key(self) -> str | None:
        return self._here.key_text(self._wanted.kms_key_id)

    @cached_property
    def _first_token(self) -> Token:
        # Without the tags, which may change between a killed run and the next: that one must find the same copy. The
        # key counts in one spelling, so that the same key written another way does not look like another copy.
        wanted = self._wanted
        return Token.of(self._call.urn, wanted.region, wanted.source_backup_id, wanted.source_region, self._key)

    def _find_pending(self, *, fresh: bool = False) -> list[PendingCopy]:
        listing = self._work.patiently(lambda: self._here.listing(fresh=fresh))
        return pending_of(listing, self._first_token, self._call.held_ids)

    def _resume(self, pending: PendingCopy) -> Copy | None:
        # FSx may be running this copy. In the queue it would wait for a slot that it holds itself.
        with self._here.slots.running_already(pending.backup.quota_group) as turn:
            try:
                return self._see_through(pending.backup, pending.mark, pending.mark.source_creation_time, turn)
            # It was deleted after the Region was listed, so there is nothing left to go on with.
            except (SpentTokenError, NotFoundError):
                return None

    def _see_through(self, backup: Backup, mark: Pending, source_time: datetime | None, turn: Turn) -> Copy:
        """Take over what another run has started, and wait for it."""
        self._ledger.making(self._call.urn, backup.subject)
        copy = self._copy(backup, mark.token, source_time)
        # Before the wait of hours, so that a run that is still at the same copy sees that it has lost it.
        claimed = claim(self._work, copy, self._wanted.tags)
        if claimed:
            # A copy that is AVAILABLE is not looked at again, so what was just written on it is noted here.
            tags = {**backup.tags, **self._wanted.tags, MARK_TAG: str(claimed)}
            copy = replace(copy, backup=replace(backup, tags=tags))
        watch = Watch(copy.ownership, marks=(mark, *filter(None, [claimed])), seen=True)
        return wait_until_available(self._work, copy, self._wanted, turn, watch)

    def _start_anew(self) -> Copy:
        found = self._work.patiently(lambda: self._there.source(self._wanted.source_backup_id))
        source = require_copyable(found, self._wanted)
        # As early as it is known what the copy is of: if it fails, only deletes of the same file system are held up. A
        # copy of which this is not known holds up all deletes of the stack.
        self._ledger.making(self._call.urn, source.subject)
        require_room_for_tags(source, self._wanted)
        with self._here.slots.turn(quota_group(source.volume_id, self._key)) as turn:
            self._wait_for(turn)
            token, refused = self._unused_token(), False
            while True:
                self._work.raise_if_ending()
                try:
                    return self._start(source, token, turn)
                except SpentTokenError:
                    # FSx would answer this token with the same deleted or recorded copy again and again.
                    token = token.next()
                except ServiceError as error:
                    # How FSx answers the token of a deleted copy is not documented, and a refusal may mean just that.
                    # So it is asked once more, with a token that no run can have used; a second refusal is believed.
                    if refused or isinstance(error, _NO_OTHER_TOKEN_HELPS):
                        raise
                    refused, token = True, token.unused(self._here.clock.now())

    def _wait_for(self, turn: Turn) -> None:
        while (ahead := turn.ahead) is not None:
            self._work.raise_if_cancelled()
            self._work.raise_if_ending()
            self._call.status(f"waiting for a free slot ({ahead} ahead)", seconds=_QUEUE_STATUS_SECONDS)
            # A free slot ends this wait at once; the two seconds are how late a cancelled call leaves the queue.
            turn.wait(seconds=2)

    def _unused_token(self) -> Token:
        """Return the first generation that made nothing of what the state holds."""
        # In a replacement the state still holds the copy of the present token, and FSx would answer that token with it.
        # Handed out again, it would be deleted as the old copy right after this create.
        used = (Token.parse(entry.token) for entry in self._call.held)
        generations = [token.generation + 1 for token in used if token and token.same_request(self._first_token)]
        return replace(self._first_token, generation=max([0, *generations]))

    def _start(self, source: Backup, token: Token, turn: Turn) -> Copy:
        mark = Pending(token, source.creation_time, identity_of(self._call.urn))
        request = replace(self._wanted, token=str(token), tags={**self._wanted.tags, MARK_TAG: str(mark)})
        asked = self._here.clock.now()
        try:
            backup = self._ask_for_a_copy(request)
        except TokenConflictError:
            # Our token, but with other tags: a killed run started the copy before the tags were changed in the program.
            pending = self._find_started_otherwise(token)
            return self._see_through(pending.backup, pending.mark, source.creation_time, turn)
        # FSx need not answer tags. Without a look a copy that another state has recorded would be taken for a new one.
        if backup.is_available and mark_of(backup) is None:
            backup = self._look_whose_it_is(backup)
        # A replacement ends with the delete of what the state holds now, so that must not be handed out as new.
        if backup.is_dead or backup.id in self._call.held_ids:
            raise SpentTokenError(f"Token {token} belongs to {backup.id}, which is not ours to resume.")
        return self._watch_started(self._copy(backup, token, source.creation_time), turn, asked)

    def _watch_started(self, copy: Copy, turn: Turn, asked: float) -> Copy:
        """Wait for what CopyBackup answered; FSx answers a token that it knows with the copy that it made for it."""
        backup, watch = copy.backup, Watch(copy.ownership)
        require_own(backup, watch)
        mark = mark_of(backup)
        if isinstance(mark, Pending) and (mark.nonce or backup.creation_time.timestamp() < asked - _MADE_BEFORE):
            # Another run has claimed this copy, or started it before our request, and may still be at it.
            return self._see_through(backup, mark, copy.source_creation_time, turn)
        # Noted in the state if time runs out: refresh and destroy must not take a copy for gone that was never shown.
        copy = replace(copy, was_shown=False)
        # One claim shows another engine that this one is here; one for each copy would double the TagResource calls.
        if self._here.is_first_claim():
            show_claim(self._work, copy)
        copy = wait_until_available(self._work, copy, self._wanted, turn, watch)
        if self._here.is_contested:
            self._claim_contested(copy, watch)
        return copy

    def _claim_contested(self, copy: Copy, watch: Watch) -> None:
        """Claim a copy that another engine may be about to record, and see whether the claim stands."""
        show_claim(self._work, copy)
        # FSx has no conditional write. What another engine wrote at the same moment shows only after a while.
        self._work.pause()
        require_own(self._work.find(copy.backup.id) or copy.backup, watch)

    def _look_whose_it_is(self, answered: Backup) -> Backup:
        """Look at an AVAILABLE copy: it was hardly started just now, and the answer does not tell whose it is."""
        # If FSx does not describe it yet, it counts as running: the wait then sees its mark before it is handed over.
        return self._work.find(answered.id) or replace(answered, lifecycle="CREATING")

    def _copy(self, backup: Backup, token: Token, source_creation_time: datetime | None) -> Copy:
        ownership = Ownership(nonce=self._nonce, token=str(token))
        return Copy(backup=backup, ownership=ownership, source_creation_time=source_creation_time)

    def _ask_for_a_copy(self, request: CopyRequest) -> Backup:
        # Without a deadline: the user's timeout counts from the copy's own start, and copies of others come to an end.
        refused = 0
        while True:
            try:
                return self._work.patiently(lambda: self._here.fsx.copy(request))
            except SlotsTakenError:
                refused += 1
                self._work.raise_if_ending()
                self._call.status("waiting for a free slot (others copy into this Region too)")
                self._work.back_off(refused)

    def _find_started_otherwise(self, token: Token) -> PendingCopy:
        """Find the copy that our token started with other tags; FSx may list late what an interrupted run started."""
        work = self._here.work(self._call, self._here.surely_shown_within)
        while True:
            if mine := to_resume(self._find_pending(fresh=True), token):
                return mine
            if work.is_late:
                # If FSx shows that copy later after all, the next run names it.
                raise SpentTokenError(f"Token {token} was used with other parameters.")
            self._call.status("waiting for FSx to show what an earlier run has started")
            work.pause()

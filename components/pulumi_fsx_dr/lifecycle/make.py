"""The making of one copy: start it or go on with it, wait, hand it over.

The order of effects is what keeps a copy from being lost or made twice. A copy is found again by its pending mark
until it is recorded under a nonce that only the state knows; from then on nothing but that state's delete removes
it. Who records it is the call's handover: where nobody does once the state holds it, create does so as its last step.
What is pending may be in a state, of another stack or of this one, so nothing pending is ever removed but what FAILED;
what is not gone on with is named.
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

_QUEUE_STATUS_SECONDS = 10.0
_MADE_BEFORE = 2.0  # seconds before this run asked; clocks differ
_NO_OTHER_TOKEN_HELPS = (TransientError, AccessDeniedError, CredentialsError)


class Making:
    """One copy, from the look for an earlier run's to the AVAILABLE one."""

    def __init__(self, call: Call, wanted: Wanted, here: Region, there: Region, ledger: Ledger) -> None:
        self._call = call
        self._wanted = wanted
        self._here = here
        self._there = there
        self._ledger = ledger
        self._nonce = call.handover.nonce or new_nonce()

    def make(self) -> Copy:
        """Return the copy once it is AVAILABLE and, unless somebody else will do that, recorded.

        Raises:
            UnfinishedCopyError: the copy runs on, and the next run resumes it.
            CopyError: there is no copy.
            ServiceError: AWS refused; there is no copy, or none that this resource may hold yet.
        """
        found = self._find_pending()
        mine = to_resume(found, self._first_token)
        try:
            copy = (mine and self._resume(mine)) or self._start_anew()
            name_left_overs(self._work, self._here.listing(), found, copy.backup.id)
            work = self._work.within(self._wanted.timeout)
            return hand_over(work, copy, self._wanted.tags, is_taken_over=self._call.handover.is_taken_over)
        except UnfinishedCopyError as error:
            raise record_kept(self._work, error) from None
        except LostCopyError:
            self._here.is_contested = True
            raise

    @property
    def _work(self) -> Work:
        """What is asked next, with its own patience."""
        return self._here.work(self._call, min(PATIENCE, self._wanted.timeout))

    @cached_property
    def _key(self) -> str | None:
        return self._here.key_text(self._wanted.kms_key_id)

    @cached_property
    def _first_token(self) -> Token:
        wanted = self._wanted
        return Token.of(self._call.urn, wanted.region, wanted.source_backup_id, wanted.source_region, self._key)

    def _find_pending(self, *, fresh: bool = False) -> list[PendingCopy]:
        listing = self._work.patiently(lambda: self._here.listing(fresh=fresh))
        return pending_of(listing, self._first_token, self._call.held_ids)

    def _resume(self, pending: PendingCopy) -> Copy | None:
        with self._here.slots.running_already(pending.backup.quota_group) as turn:
            try:
                return self._see_through(pending.backup, pending.mark, pending.mark.source_creation_time, turn)
            except (SpentTokenError, NotFoundError):
                return None

    def _see_through(self, backup: Backup, mark: Pending, source_time: datetime | None, turn: Turn) -> Copy:
        """Take over what another run has started, and wait for it."""
        self._ledger.making(self._call.urn, backup.subject)
        copy = self._copy(backup, mark.token, source_time)
        claimed = claim(self._work, copy, self._wanted.tags)
        if claimed:
            tags = {**backup.tags, **self._wanted.tags, MARK_TAG: str(claimed)}
            copy = replace(copy, backup=replace(backup, tags=tags))
        watch = Watch(copy.ownership, marks=(mark, *filter(None, [claimed])), seen=True)
        return wait_until_available(self._work, copy, self._wanted, turn, watch)

    def _start_anew(self) -> Copy:
        found = self._work.patiently(lambda: self._there.source(self._wanted.source_backup_id))
        source = require_copyable(found, self._wanted)
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
                    token = token.next()
                except ServiceError as error:
                    if refused or isinstance(error, _NO_OTHER_TOKEN_HELPS):
                        raise
                    refused, token = True, token.unused(self._here.clock.now())

    def _wait_for(self, turn: Turn) -> None:
        while (ahead := turn.ahead) is not None:
            self._work.raise_if_cancelled()
            self._work.raise_if_ending()
            self._call.status(f"waiting for a free slot ({ahead} ahead)", seconds=_QUEUE_STATUS_SECONDS)
            turn.wait(seconds=2)

    def _unused_token(self) -> Token:
        """Return the first generation that made nothing of what the state holds."""
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
            pending = self._find_started_otherwise(token)
            return self._see_through(pending.backup, pending.mark, source.creation_time, turn)
        if backup.is_available and mark_of(backup) is None:
            backup = self._look_whose_it_is(backup)
        if backup.is_dead or backup.id in self._call.held_ids:
            raise SpentTokenError(f"Token {token} belongs to {backup.id}, which is not ours to resume.")
        return self._watch_started(self._copy(backup, token, source.creation_time), turn, asked)

    def _watch_started(self, copy: Copy, turn: Turn, asked: float) -> Copy:
        """Wait for what CopyBackup answered; FSx answers a token that it knows with the copy that it made for it."""
        backup, watch = copy.backup, Watch(copy.ownership)
        require_own(backup, watch)
        mark = mark_of(backup)
        if isinstance(mark, Pending) and (mark.nonce or backup.creation_time.timestamp() < asked - _MADE_BEFORE):
            return self._see_through(backup, mark, copy.source_creation_time, turn)
        copy = replace(copy, was_shown=False)
        if self._here.is_first_claim():
            show_claim(self._work, copy)
        copy = wait_until_available(self._work, copy, self._wanted, turn, watch)
        if self._here.is_contested:
            self._claim_contested(copy, watch)
        return copy

    def _claim_contested(self, copy: Copy, watch: Watch) -> None:
        """Claim a copy that another engine may be about to record, and see whether the claim stands."""
        show_claim(self._work, copy)
        self._work.pause()
        require_own(self._work.find(copy.backup.id) or copy.backup, watch)

    def _look_whose_it_is(self, answered: Backup) -> Backup:
        """Look at an AVAILABLE copy: it was hardly started just now, and the answer does not tell whose it is."""
        return self._work.find(answered.id) or replace(answered, lifecycle="CREATING")

    def _copy(self, backup: Backup, token: Token, source_creation_time: datetime | None) -> Copy:
        ownership = Ownership(nonce=self._nonce, token=str(token))
        return Copy(backup=backup, ownership=ownership, source_creation_time=source_creation_time)

    def _ask_for_a_copy(self, request: CopyRequest) -> Backup:
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
                raise SpentTokenError(f"Token {token} was used with other parameters.")
            self._call.status("waiting for FSx to show what an earlier run has started")
            work.pause()

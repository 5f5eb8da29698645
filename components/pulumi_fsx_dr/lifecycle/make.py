"""The making of one copy: start it or go on with it, wait, hand it over.

The order of effects is what keeps a copy from being lost or made twice. A copy is found again by its pending mark
until it is recorded under a nonce that only the state knows; from then on nothing but that state's delete removes
it. The program records it once the state holds it (`confirming.py`); where no program does, create does so as its
last step. What is pending may be in a state, of another stack or of this one, so nothing pending is ever removed
but what FAILED; what is not gone on with is named.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from pulumi_fsx_dr.copies.copy import Copy, UnfinishedCopyError, Wanted, key_text, left_over, mark_of, too_many_tags
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Ownership, Pending, Token, identity_of, new_nonce
from pulumi_fsx_dr.engine.host import Call
from pulumi_fsx_dr.errors import (
    AccessDeniedError,
    CopyError,
    CredentialsError,
    FsxDrError,
    LostCopyError,
    NotFoundError,
    ServiceError,
    SlotsTakenError,
    SpentTokenError,
    TokenConflictError,
    TransientError,
)
from pulumi_fsx_dr.fsx.backup import Backup, CopyRequest, quota_group
from pulumi_fsx_dr.session.ledger import Ledger, Told
from pulumi_fsx_dr.session.patience import PATIENCE, back_off, patiently, pause
from pulumi_fsx_dr.session.session import PendingCopy, Region
from pulumi_fsx_dr.session.slots import Turn

from .tag import claim, hand_over, record_kept, show_claim
from .wait import Watch, require_own, wait_until_available

_QUEUE_STATUS_SECONDS = 10.0
_SURELY_LISTED = 60.0  # seconds after which FSx lists what was started before ...
_SURELY_LISTED_INTERVALS = 20  # ... or so many poll intervals, where those are short
_MADE_BEFORE = 2.0  # seconds before this run asked; clocks differ
_NO_OTHER_TOKEN_HELPS = (TransientError, AccessDeniedError, CredentialsError)
_T = TypeVar("_T")


class Creation:
    """One create, from the look for an earlier run's copy to the AVAILABLE one."""

    def __init__(  # noqa: PLR0913, PLR0917  # what is asked, where, and what this process knows
        self, call: Call, wanted: Wanted, here: Region, there: Region, ledger: Ledger, told: Told
    ) -> None:
        self._call = call
        self._wanted = wanted
        self._here = here
        self._there = there
        self._ledger = ledger
        self._told = told
        self._clock = here.clock
        self._nonce = told.nonce or new_nonce()
        self._token = Token.of(
            call.urn,
            wanted.region,
            wanted.source_backup_id,
            wanted.source_region,
            key_text(here.fsx, wanted.kms_key_id),
        )

    def run(self) -> Copy:
        """Return the copy once it is AVAILABLE and, unless the program will do that, recorded.

        Raises:
            UnfinishedCopyError: the copy runs on, and the next run resumes it.
            CopyError: there is no copy.
            ServiceError: AWS refused; there is no copy, or none that this resource may hold yet.
        """
        found = self._pending_copies()
        mine = self._to_resume(found)
        try:
            copy = (mine and self._resume(mine)) or self._start_anew()
            self._name_left_overs(found, copy)
            return hand_over(self._call, copy, self._wanted, self._here, program_records=self._told.is_program_there)
        except UnfinishedCopyError as error:
            raise record_kept(self._call, error, self._here) from None
        except LostCopyError:
            self._here.is_contested = True
            raise

    def _pending_copies(self, *, fresh: bool = False) -> list[PendingCopy]:
        """Return what runs left pending for this resource, without what the state holds already."""
        pending = self._patiently(lambda: self._here.pending_copies(fresh=fresh))
        return [copy for copy in pending if copy.is_of(self._token) and copy.backup.id not in self._told.ids]

    def _to_resume(self, found: list[PendingCopy]) -> PendingCopy | None:
        mine = [c for c in found if c.mark.token.same_request(self._token) and not c.backup.is_dead]
        return min(mine, key=lambda c: (not c.backup.is_available, c.backup.creation_time), default=None)

    def _resume(self, pending: PendingCopy) -> Copy | None:
        turn = self._here.copies.running_already(pending.backup.quota_group)
        try:
            return self._see_through(pending.backup, pending.mark, pending.mark.source_creation_time, turn)
        except (SpentTokenError, NotFoundError):
            return None
        finally:
            turn.end()

    def _see_through(self, backup: Backup, mark: Pending, source_time: datetime | None, turn: Turn) -> Copy:
        """Take over what another run has started, and wait for it."""
        self._ledger.making(self._call.urn, backup.subject)
        copy = self._copy(backup, mark.token, source_time)
        deadline = self._clock.now() + min(PATIENCE, self._wanted.timeout)
        claimed = claim(self._call, copy, self._wanted.tags, self._here, deadline)
        if claimed:
            tags = {**backup.tags, **self._wanted.tags, MARK_TAG: str(claimed)}
            copy = replace(copy, backup=replace(backup, tags=tags))
        watch = Watch(copy.ownership, marks=(mark, *filter(None, [claimed])), seen=True)
        return wait_until_available(self._call, copy, self._wanted, self._here, turn, watch)

    def _start_anew(self) -> Copy:
        source = self._source()
        self._ledger.making(self._call.urn, source.subject)
        self._require_room_for_tags(source)
        turn = self._here.copies.turn(quota_group(source.volume_id, key_text(self._here.fsx, self._wanted.kms_key_id)))
        try:
            self._wait_for(turn)
            self._token = self._unused_token()
            refused = False
            while True:
                try:
                    return self._start(source, turn)
                except SpentTokenError:
                    self._token = self._token.next()
                except ServiceError as error:
                    if refused or isinstance(error, _NO_OTHER_TOKEN_HELPS):
                        raise
                    refused, self._token = True, self._token.unused(self._clock.now())
        finally:
            turn.end()

    def _unused_token(self) -> Token:
        """Return the first generation that made nothing of what the state holds."""
        used = (Token.parse(held.token) for held in self._told.held)
        generations = [token.generation + 1 for token in used if token and token.same_request(self._token)]
        return replace(self._token, generation=max([0, *generations]))

    def _source(self) -> Backup:
        wanted = self._wanted
        source = self._patiently(lambda: self._there.source(wanted.source_backup_id))
        where = f"{wanted.source_backup_id} in {wanted.source_region}"
        if source is None:
            raise CopyError(f"There is no backup {where} to copy: check source_backup_id and source_region.")
        if not source.is_available:
            raise CopyError(f"Backup {where} is {source.lifecycle}, and only an AVAILABLE one can be copied.")
        if source.copy_obstacle:
            raise CopyError(f"Backup {where} cannot be copied: {source.copy_obstacle}.")
        return source

    def _require_room_for_tags(self, source: Backup) -> None:
        if self._wanted.copy_tags and (problem := too_many_tags(source, self._wanted.tags)):
            raise CopyError(problem)

    def _wait_for(self, turn: Turn) -> None:
        while (ahead := turn.ahead) is not None:
            self._call.raise_if_cancelled()
            self._call.status(f"waiting for a free slot ({ahead} ahead)", seconds=_QUEUE_STATUS_SECONDS)
            turn.wait(seconds=2)

    def _start(self, source: Backup, turn: Turn) -> Copy:
        mark = Pending(self._token, source.creation_time, identity_of(self._call.urn))
        wanted = self._wanted
        request = CopyRequest(
            source_backup_id=wanted.source_backup_id,
            source_region=wanted.source_region,
            token=str(self._token),
            tags={**wanted.tags, MARK_TAG: str(mark)},
            kms_key_id=wanted.kms_key_id,
            copy_tags=wanted.copy_tags,
        )
        asked = self._clock.now()
        try:
            backup = self._request(request)
        except TokenConflictError:
            pending = self._started_otherwise()
            return self._see_through(pending.backup, pending.mark, source.creation_time, turn)
        if backup.is_available and mark_of(backup) is None:
            backup = self._seen(backup)
        return self._watch_started(backup, source.creation_time, turn, asked)

    def _watch_started(self, backup: Backup, source_time: datetime, turn: Turn, asked: float) -> Copy:
        """Wait for what CopyBackup answered; FSx answers a token that it knows with the copy that it made for it."""
        if backup.is_dead or backup.id in self._told.ids:
            raise SpentTokenError(f"Token {self._token} belongs to {backup.id}, which is not ours to resume.")
        copy = self._copy(backup, self._token, source_time)
        watch = Watch(copy.ownership)
        require_own(backup, watch)
        mark = mark_of(backup)
        if isinstance(mark, Pending) and (mark.nonce or backup.creation_time.timestamp() < asked - _MADE_BEFORE):
            return self._see_through(backup, mark, source_time, turn)
        copy = replace(copy, was_shown=False)
        if self._here.is_first_claim():
            show_claim(self._call, copy, self._here)
        copy = wait_until_available(self._call, copy, self._wanted, self._here, turn, watch)
        return self._claim_contested(copy, watch) if self._here.is_contested else copy

    def _claim_contested(self, copy: Copy, watch: Watch) -> Copy:
        """Claim a copy that another engine may be about to record, and see whether the claim stands."""
        show_claim(self._call, copy, self._here)
        pause(self._call, self._here)
        require_own(self._patiently(lambda: self._here.reads.find(copy.backup.id)) or copy.backup, watch)
        return copy

    def _seen(self, answered: Backup) -> Backup:
        """Look whose an AVAILABLE copy is: it was hardly started just now, and the answer does not tell."""
        return self._patiently(lambda: self._here.reads.find(answered.id)) or replace(answered, lifecycle="CREATING")

    def _copy(self, backup: Backup, token: Token, source_creation_time: datetime | None) -> Copy:
        ownership = Ownership(nonce=self._nonce, token=str(token))
        return Copy(backup=backup, ownership=ownership, source_creation_time=source_creation_time)

    def _request(self, request: CopyRequest) -> Backup:
        refused = 0
        while True:
            self._call.raise_if_cancelled()
            try:
                return self._patiently(lambda: self._here.fsx.copy(request))
            except SlotsTakenError:
                refused += 1
                self._call.status("waiting for a free slot (others copy into this Region too)")
                back_off(self._call, self._here, refused)

    def _started_otherwise(self) -> PendingCopy:
        """Find the copy that our token started with other tags; FSx may list late what an interrupted run started."""
        seconds = min(_SURELY_LISTED, _SURELY_LISTED_INTERVALS * self._here.copies.poll_seconds)
        deadline = self._clock.now() + seconds
        while True:
            if mine := self._to_resume(self._pending_copies(fresh=True)):
                return mine
            if self._clock.now() >= deadline:
                raise SpentTokenError(f"Token {self._token} was used with other parameters.")
            self._call.status("waiting for FSx to show what an earlier run has started")
            pause(self._call, self._here)

    def _name_left_overs(self, found: list[PendingCopy], copy: Copy) -> None:
        """Name what interrupted runs left of this resource with other parameters; what FAILED holds no data and goes.

        Anything else may be in the state of another stack.
        """
        for left in found:
            if left.backup.id != copy.backup.id and left.backup.is_dead:
                with suppress(FsxDrError):
                    self._here.fsx.delete(left.backup.id)
        known = {copy.backup.id, *self._told.ids}
        for backup in self._here.speaking_of(self._call.urn):
            if backup.id not in known and not backup.is_dead:
                why = "was left behind by an interrupted run, and this one made another"
                self._call.warn(left_over(backup, why))

    def _patiently(self, ask: Callable[[], _T]) -> _T:
        return patiently(self._call, self._here, self._clock.now() + min(PATIENCE, self._wanted.timeout), ask)

"""The making of one copy: start it or pick it up, wait, hand it over.

The order of effects is what keeps a copy from being lost or made twice. A copy is found again by its pending mark
until it is recorded under a nonce that only the state knows; from then on nothing but that state's delete removes
it. The program records it once the state holds it (`confirming.py`); where there is no such program, create does so
as its last step.
"""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from .availability import may_be_ours, wait_until_available
from .copies import Copy, UnfinishedCopyError, Wanted, key_text, mark_of
from .errors import CopyError, NotFoundError, ServiceError, SlotsTakenError, SpentTokenError, TokenConflictError
from .fsx import Backup, CopyRequest
from .host import Call
from .ownership import MARK_TAG, Ownership, Pending, Token, identity_of, new_nonce
from .patience import PATIENCE, back_off, patiently, pause
from .process import PendingCopy, Region
from .recording import record
from .retiring import clear_away_or_warn
from .waiting import Turn

_QUEUE_STATUS_SECONDS = 10.0
_LATEST = 60.0  # seconds after which FSx surely shows what was started before ...
_LATEST_INTERVALS = 20  # ... or so many poll intervals, where those are short
_T = TypeVar("_T")


class Creation:
    """One create, from the look for an earlier run's copy to the AVAILABLE one."""

    def __init__(self, call: Call, wanted: Wanted, here: Region, there: Region, offered_nonce: str | None) -> None:
        self._call = call
        self._wanted = wanted
        self._here = here
        self._there = there
        self._clock = here.clock
        self._nonce = offered_nonce or new_nonce()
        self._program_records = offered_nonce is not None
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
        except UnfinishedCopyError as error:
            raise UnfinishedCopyError(str(error), self._superseding(found, error.copy)) from None
        return self._handed_over(self._superseding(found, copy))

    def _handed_over(self, copy: Copy) -> Copy:
        """Record the copy unless the program will; what it supersedes goes later, when the state holds it for sure."""
        self._wait_until_deletable(copy.superseded)
        if self._program_records:
            self._call.status(f"{copy.backup.id} is AVAILABLE", seconds=0)
            return copy
        return record(self._call, copy, self._wanted, self._here, self._clock.now() + self._wanted.timeout)

    def _pending_copies(self, *, fresh: bool = False) -> list[PendingCopy]:
        """Return what earlier runs left pending for this resource."""
        pending = self._patiently(lambda: self._here.pending_copies(fresh=fresh))
        return [copy for copy in pending if copy.is_of(self._token)]

    def _to_resume(self, found: list[PendingCopy]) -> PendingCopy | None:
        mine = [c for c in found if c.mark.token.same_request(self._token) and not c.backup.is_dead]
        return min(mine, key=lambda c: (not c.backup.is_available, c.backup.creation_time), default=None)

    def _resume(self, pending: PendingCopy) -> Copy | None:
        turn = self._here.copies.running_already()
        try:
            return self._resumed(pending, turn)
        except SpentTokenError:
            return None
        finally:
            turn.end()

    def _resumed(self, pending: PendingCopy, turn: Turn) -> Copy:
        token = pending.mark.token
        copy = self._copy(pending.backup, token, pending.mark.source_creation_time)
        try:
            available = wait_until_available(self._call, copy, self._wanted, self._here, turn)
        except UnfinishedCopyError as error:
            raise UnfinishedCopyError(str(error), self._taken_over(error.copy, token.next())) from None
        return self._taken_over(available, token.next())

    def _taken_over(self, copy: Copy, token: Token) -> Copy:
        """Mark a copy with a token of our own: an older state entry that holds it can then no longer delete it.

        This comes last, because until the state holds it as ours, only that older entry can.

        Raises:
            CopyError: it could not be marked, so this resource must not hold it too.
        """
        mark = Pending(token, copy.source_creation_time, identity_of(self._call.urn))
        tags = {**self._wanted.tags, MARK_TAG: str(mark)}
        try:
            self._patiently(lambda: self._here.fsx.tag(copy.backup.arn, tags))
        except NotFoundError:
            raise SpentTokenError(f"{copy.backup.id} is gone.") from None
        except ServiceError as error:  # the answer may have been lost, and the mark be set all the same
            seen = self._patiently(lambda: self._here.reads.find(copy.backup.id))
            if seen is None or seen.tags.get(MARK_TAG) != str(mark):
                raise CopyError(
                    f"{copy.backup.id} in {self._here.name}, which an interrupted run left {copy.backup.lifecycle}, "
                    f"could not be taken over; run pulumi up again: {error}"
                ) from None
        return replace(
            copy,
            backup=replace(copy.backup, tags={**copy.backup.tags, **tags}),
            ownership=replace(copy.ownership, token=str(token)),
        )

    def _start_anew(self) -> Copy:
        source = self._source()
        turn = self._here.copies.turn()
        try:
            self._wait_for(turn)
            while True:
                try:
                    return self._start(source, turn)
                except SpentTokenError:
                    self._token = self._token.next()
        finally:
            turn.end()

    def _source(self) -> Backup:
        wanted = self._wanted
        source = self._patiently(lambda: self._there.source(wanted.source_backup_id))
        where = f"{wanted.source_backup_id} in {wanted.source_region}"
        if source is None:
            raise CopyError(f"There is no backup {where} to copy: check source_backup_id and source_region.")
        if not source.is_available:
            raise CopyError(f"Backup {where} is {source.lifecycle}, and only an AVAILABLE one can be copied.")
        return source

    def _wait_for(self, turn: Turn) -> None:
        while (ahead := turn.ahead) is not None:
            self._call.raise_if_cancelled()
            self._call.status(f"waiting for a free slot ({ahead} ahead)", seconds=_QUEUE_STATUS_SECONDS)
            turn.wait(seconds=2)

    def _start(self, source: Backup, turn: Turn) -> Copy:
        pending = Pending(self._token, source.creation_time, identity_of(self._call.urn))
        wanted = self._wanted
        request = CopyRequest(
            source_backup_id=wanted.source_backup_id,
            source_region=wanted.source_region,
            token=str(self._token),
            tags={**wanted.tags, MARK_TAG: str(pending)},
            kms_key_id=wanted.kms_key_id,
            copy_tags=wanted.copy_tags,
        )
        try:
            backup = self._request(request)
        except TokenConflictError:
            return self._resumed(self._started_otherwise(), turn)
        if backup.is_available and mark_of(backup) is None:
            backup = self._seen(backup)
        if backup.is_dead or not may_be_ours(backup, self._token):
            raise SpentTokenError(f"Token {self._token} belongs to {backup.id}, which is not ours to resume.")
        mark = mark_of(backup)
        token = mark.token if isinstance(mark, Pending) else self._token
        copy = self._copy(backup, token, source.creation_time)
        return wait_until_available(self._call, copy, self._wanted, self._here, turn)

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
        """Find the copy that our token started with other tags, or with the key written another way."""
        if mine := self._to_resume(self._pending_copies(fresh=True)):
            return mine
        raise SpentTokenError(f"Token {self._token} was used with other parameters.")

    def _superseding(self, found: list[PendingCopy], copy: Copy) -> Copy:
        """Name to the copy what interrupted runs left of this resource, as far as no state is known to hold it.

        What FAILED is of no use to anybody and goes at once.
        """
        known = {copy.backup.id, *self._here.held, *self._here.handed_out}
        left = [c for c in self._left_behind(found) if c.backup.id not in known]
        dead, alive = (
            {c.backup.id: str(c.mark.token) for c in left if c.backup.is_dead is dead} for dead in (True, False)
        )
        clear_away_or_warn(self._call, dead, self._here, self._wanted.timeout)
        return replace(copy, superseded=alive)

    def _left_behind(self, found: list[PendingCopy]) -> list[PendingCopy]:
        """Look again: FSx may have shown too late what an interrupted run had started."""
        here = self._here
        surely_shown = here.first_listed + min(_LATEST, _LATEST_INTERVALS * here.copies.poll_seconds)
        with suppress(ServiceError):
            fresh = self._token.generation > 0 or here.listed < surely_shown < self._clock.now()
            return self._pending_copies(fresh=fresh)
        return found

    def _wait_until_deletable(self, ids: Collection[str]) -> None:
        """FSx deletes no copy that still runs, and who deletes these is not to wait for hours."""
        deadline = self._clock.now() + self._wanted.timeout
        with suppress(ServiceError):  # whoever deletes them finds out
            while any(b.is_running_copy for b in self._patiently(lambda: self._here.fsx.find(ids)).values()):
                if self._clock.now() >= deadline:
                    return
                self._call.status(f"waiting for {', '.join(ids)}, which an interrupted run left behind")
                pause(self._call, self._here)

    def _patiently(self, ask: Callable[[], _T]) -> _T:
        return patiently(self._call, self._here, self._clock.now() + min(PATIENCE, self._wanted.timeout), ask)

"""Recording, once the engine has proved that its state holds a copy.

Create leaves a copy pending. Were it recorded then, an engine killed before it writes would leave one that no run
finds again. What proves that it was written: a later Diff that shows id and nonce; and the end of the deployment.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

from pulumi_fsx_dr.copies.copy import Copy, mark_of
from pulumi_fsx_dr.copies.outputs import is_own, known
from pulumi_fsx_dr.copies.ownership import Pending, Token
from pulumi_fsx_dr.copies.sentences import nobody_asks_for
from pulumi_fsx_dr.errors import FsxDrError, ServiceError
from pulumi_fsx_dr.lifecycle.confirm import confirm
from pulumi_fsx_dr.lifecycle.left_overs import pending_of
from pulumi_fsx_dr.lifecycle.tag import record
from pulumi_fsx_dr.session.call import Call, StateEntry, engine_writes_at_once
from pulumi_fsx_dr.session.listing import Listing
from pulumi_fsx_dr.session.region import Region
from pulumi_fsx_dr.session.session import Session
from pulumi_fsx_dr.session.work import AT_ONCE

from .tokens import DR_REGION

_OF_ENTRY = ("region", "source_region", "token")
_AT_ONCE = 16  # copies that are recorded at the same time


@dataclass(frozen=True, slots=True)
class _Held:
    """A copy as the engine was told of it, or told of it itself."""

    urn: str
    id: str
    outputs: Mapping[str, Any]

    @property
    def copy(self) -> Copy:
        return known(self.id, self.outputs)


class Proofs:
    """What this process knows of copies that are to be recorded.

    Args:
        session: of this process.
        call_for: makes the call on whose behalf a resource's copy is recorded, which may warn.
    """

    def __init__(self, session: Session, call_for: Callable[[str], Call]) -> None:
        self._session = session
        self._call_for = call_for
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="record")
        self._answered: dict[tuple[str, str], _Held] = {}
        self._under_way: list[Future[None]] = []
        self._held: dict[str, dict[str, StateEntry]] = {}
        self._lock = threading.Lock()

    def answered(self, urn: str, backup_id: str, outputs: Mapping[str, Any]) -> None:
        """Note a copy that the engine is told of; whether it has written it will be known when the deployment ends."""
        with self._lock:
            self._answered[urn, backup_id] = _Held(urn, backup_id, outputs)

    def shown(self, urn: str, backup_id: str, outputs: Mapping[str, Any], *, is_replaced: bool = False) -> None:
        """Record a copy that the state holds, if that is left to do; beside the call that shows it.

        A refresh shows entries, too, that are to be deleted; its Read records what may be recorded of them.

        Args:
            urn: of its resource.
            backup_id: the copy.
            outputs: what the state holds of it.
            is_replaced: whether another will be made, with which what a killed run left may be gone on with.
        """
        entry = StateEntry(urn, backup_id, *(str(outputs.get(name) or "") for name in _OF_ENTRY))
        with self._lock:
            self._held.setdefault(urn, {})[backup_id] = entry
        if self._session.ledger.olds(urn) and is_own(outputs):
            held = _Held(urn, backup_id, outputs)
            self._begin(self._confirm, held)
            if not is_replaced:
                self._begin(self._name_left_overs, held)

    def held_as(self, urn: str) -> tuple[StateEntry, ...]:
        """Return what the state was shown to hold as a resource; a `--replace` shows nothing."""
        with self._lock:
            return tuple(self._held.get(urn, {}).values())

    def is_over(self, seconds: float) -> None:
        """Record all copies that were told of, because the engine has written them; return in time."""
        if engine_writes_at_once():
            with self._lock:
                answered, self._answered = list(self._answered.values()), {}
            for held in answered:
                self._begin(self._record, held)
        with self._lock:
            under_way = list(self._under_way)
        wait(under_way, timeout=seconds)

    def _begin(self, work: Callable[[_Held, Region], object], held: _Held) -> None:
        with self._lock:
            self._under_way.append(self._pool.submit(self._do, work, held))

    def _do(self, work: Callable[[_Held, Region], object], held: _Held) -> None:
        here = self._session.region(str(held.outputs["region"]))
        try:
            work(held, here)
        except FsxDrError as error:
            self._call_for(held.urn).warn(
                f"{held.id} in {here.name} is in the state, and the next pulumi up does what is left to do about it: "
                f"{error}"
            )

    def _record(self, held: _Held, here: Region) -> None:
        tags = held.outputs.get("tags") if held.outputs.get("adopt_backup_id") else None
        record(here.work(self._call_for(held.urn), AT_ONCE), held.copy, tags)

    def _confirm(self, held: _Held, here: Region) -> None:
        call = self._call_for(held.urn)
        if listing := _listing_of(here):
            for warning in confirm(here.work(call, AT_ONCE), _taking_back(held.copy, listing), listing):
                call.warn(warning)

    def _name_left_overs(self, held: _Held, here: Region) -> None:
        listing = _listing_of(here)
        if listing is None or f"{DR_REGION}$" in held.urn:  # which names what was left of its copies itself
            return
        for left in pending_of(listing, Token.of(held.urn), ()):
            if not (self._session.ledger.holds(left.backup.id) or left.backup.is_dead):
                self._call_for(held.urn).warn(nobody_asks_for(left.backup))


def _listing_of(here: Region) -> Listing | None:
    """List a Region; nothing was changed, so one that does not answer is no reason to speak."""
    try:
        return here.listing()
    except ServiceError:
        return None


def _taking_back(copy: Copy, listing: Listing) -> Copy:
    """Return a copy that may replace the mark of a run that went on with it and was killed before the engine wrote.

    Its resource's entry in the state shows this copy, so it shows none of that run's.
    """
    backup = listing.by_id.get(copy.backup.id)
    mark = mark_of(backup) if backup else None
    if isinstance(mark, Pending) and copy.token and mark.token.same_request(copy.token):
        return replace(copy, adopted_from=str(mark))
    return copy

"""The last step of a copy's registration, done by the program: the pending mark gives way to the recorded one.

No later run picks up a recorded copy. So if a copy were recorded first, and the engine were killed before it has
written the resource into the state, the copy would be lost. The engine answers a registration after it has written, and
only the program gets this answer: the provider, whose create has returned by then, never learns of it.
"""

import asyncio
import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from pulumi_fsx_dr.copies.copy import Copy, mark_of
from pulumi_fsx_dr.copies.held import HeldCopy
from pulumi_fsx_dr.copies.outputs import OUTPUTS, known
from pulumi_fsx_dr.copies.ownership import Recorded
from pulumi_fsx_dr.copies.sentences import nobody_asks_for
from pulumi_fsx_dr.errors import CopyError, ServiceError
from pulumi_fsx_dr.lifecycle.confirm import belongs_to_another, confirm
from pulumi_fsx_dr.lifecycle.tag import record, record_new
from pulumi_fsx_dr.session.call import Call, engine_writes_at_once
from pulumi_fsx_dr.session.presence import Presence
from pulumi_fsx_dr.session.region import Region
from pulumi_fsx_dr.session.told import Told
from pulumi_fsx_dr.session.work import Work

from . import lookup
from .once import once_a_run

_PATIENCE = 60.0  # seconds that trouble may hold up the program, and with it the end of the deployment
_SETTLED = 0.3  # seconds until a mark can be seen that another engine wrote at the same moment as this run its own
_NEEDED = ("region", "tags", "adopt_backup_id", *OUTPUTS)
_T = TypeVar("_T")
_pool = ThreadPoolExecutor(16, thread_name_prefix="confirm")


def tell(name: str, args: Mapping[str, Any], nonce: str) -> pulumi.Input[str] | None:
    """Return what the provider is told of a copy: what the program does, and what the state holds already.

    A preview makes nothing, so there it only needs to know where a copy is for which the program does not say.

    Args:
        name: the resource's logical name.
        args: of the copy.
        nonce: under which the program will record the copy; "" if it will not.
    """
    run = lookup.of_this_run()
    run.asked[name] = nonce
    related = (
        run.entries_related
    )  # the state is asked for in each preview, too: an up may do no more than a saved plan says
    if pulumi.runtime.is_dry_run() and args.get("region") and args.get("source_region"):
        return None
    address = _recording().address if nonce else ""
    given = args.get("source_backup_id")

    def message(source: Any) -> str:
        return Told(nonce, address, related(name, source)).sent()

    if isinstance(given, str) or given is None:
        return message(given)
    source: pulumi.Output[str] = pulumi.Output.from_input(given)
    # Also if the source is not known yet: where a copy of this name is must be known to the preview, too.
    return source.apply(message, run_with_unknowns=True)


def can_record(token: str, opts: pulumi.ResourceOptions | None) -> bool:
    """Tell whether this program may record its copies.

    Not in a preview, which makes none, and not with a provider of its own, whose credentials may be others.

    Args:
        token: the resource's type token.
        opts: its options.
    """
    if pulumi.runtime.is_dry_run():
        return False
    return not opts or not (opts.provider or opts.providers or (opts.parent and opts.parent.get_provider(token)))


def record_once_written(copy: pulumi.CustomResource, nonce: str) -> None:
    """Record a copy as soon as the engine has written it down.

    Args:
        copy: a `BackupCopy`.
        nonce: what this run offered for it.
    """
    recording = _recording()
    recording.under_way += 1
    # An output is what the SDK waits for at the end of a program.
    pulumi.Output.from_input(recording.record(copy, nonce))  # type: ignore[arg-type]  # mypy finds no type for a coroutine of None


@dataclass
class _Recording:
    """All copies that one run records; when the last is done, it looks once more at what is written on them."""

    regions: lookup.Lookup
    under_way: int = 0
    recorded: dict[str, list[tuple[pulumi.Resource, str, str]]] = field(default_factory=dict)
    presence: Presence | None = None

    @property
    def address(self) -> str:
        """Where the provider can ask whether this program is still there; "" in a unit test, which has no provider."""
        if isinstance(get_monitor(), MockMonitor):
            return ""
        self.presence = self.presence or Presence()
        return self.presence.address

    @functools.cached_property
    def _ids(self) -> frozenset[str]:
        return frozenset(copy.id for copy in self.regions.held)

    async def record(self, copy: pulumi.CustomResource, nonce: str) -> None:
        """Record one copy; what goes wrong is a warning, as the copy is made and in the state."""
        try:
            held = await _outputs_of(copy)
            if held.get("nonce"):  # else a test's mocks answer in the engine's place
                for warning in await _in_pool(lambda: self._record(copy, held, nonce)):
                    pulumi.log.warn(warning, resource=copy)
        finally:
            self.under_way -= 1
        # Copies whose sources are outputs may be registered after this; then it happens again.
        if not self.under_way:
            await self._end()

    async def _end(self) -> None:
        if self.recorded:
            await asyncio.sleep(_SETTLED)
            for resource, warning in await _in_pool(self._find_overwritten):
                pulumi.log.warn(warning, resource=resource)
        # Asked again, because a copy may have been registered during the pauses above.
        if self.presence and not self.under_way:
            await self.presence.end()
            self.presence = None

    def _record(self, copy: pulumi.Resource, held: Mapping[str, Any], nonce: str) -> list[str]:
        try:
            here = self.regions.region(held["region"])
            # The nonce is new in each run, so a copy with another one was made by an earlier run.
            is_new = held["nonce"] == nonce
            # Recorded now, the copy would be lost by a kill before the engine writes. The next run records it.
            if is_new and not engine_writes_at_once():
                return []
            warnings = list(record_held(held, here, self._ids, is_new=is_new))
            if is_new and not warnings:
                self.recorded.setdefault(here.name, []).append((copy, held["id"], nonce))
        except Exception as error:  # noqa: BLE001  # whatever it is, the copy is made and in the state
            return [f"{held['id']} in {held['region']} is in the state, but not all about it is done yet: {error}"]
        return warnings

    def _find_overwritten(self) -> list[tuple[pulumi.Resource, str]]:
        """Return whose marks another engine has replaced: neither saw the other's when it wrote its own."""
        recorded, self.recorded = self.recorded, {}
        found = []
        for region, copies in recorded.items():
            with suppress(ServiceError):
                seen = self.regions.region(region).fsx.find([backup_id for _, backup_id, _ in copies])
                for resource, backup_id, nonce in copies:
                    mark = mark_of(seen[backup_id]) if backup_id in seen else None
                    # FSx has no conditional write, so two engines may both have seen a free copy and marked it.
                    if isinstance(mark, Recorded) and mark.nonce != nonce:
                        found.append((resource, belongs_to_another(seen[backup_id])))
        return found


@once_a_run
def _recording() -> _Recording:
    return _Recording(lookup.of_this_run())


def record_held(held: Mapping[str, Any], here: Region, ids: Collection[str], *, is_new: bool) -> Iterator[str]:
    """Record a copy that the state is known to hold, and yield what a person should know.

    Args:
        held: id, URN and outputs, as the state holds them.
        here: the Region it is in.
        ids: of all copies that the state holds.
        is_new: whether this run made it; its provider has seen then that the mark is still its own.
    """
    work, copy = here.work(Call(urn=held["urn"]), _PATIENCE), known(held["id"], held)
    try:
        if not is_new:
            yield from _mend(work, copy, here, ids)
        elif held.get("adopt_backup_id"):
            # Create has left the former owner's mark, which may have changed since: so this one looks before it writes.
            record(work, copy, held.get("tags"))
        else:
            record_new(work, copy)
    except (CopyError, ServiceError) as error:
        yield (
            f"{held['id']} in {here.name} is in the state, and the next pulumi up does what is left to do about it: "
            f"{error}"
        )


def _mend(work: Work, copy: Copy, here: Region, ids: Collection[str]) -> Iterator[str]:
    """Do what is left to do about a copy of an earlier run, and name what else such runs left."""
    urn = work.call.urn
    try:
        listing = here.listing()
    except ServiceError:  # nothing was changed, so a Region that does not answer is no reason to speak
        return
    yield from confirm(work, copy, listing)
    if HeldCopy(urn, {}).is_of_dr_region:
        return  # which names what was left of its copies itself
    for left in listing.speaking_of(urn):
        if left.id not in ids and not left.is_dead:
            yield nobody_asks_for(left)


async def _outputs_of(copy: pulumi.CustomResource) -> dict[str, Any]:
    """Return id, URN and outputs of a registered copy; nothing if it was not made."""
    try:
        backup_id, urn = await copy.id.future(), await copy.urn.future()
        if not backup_id:
            return {}
        known_outputs = {name: await getattr(copy, name).future() for name in _NEEDED}
    except Exception:  # noqa: BLE001  # the registration failed, and the engine says why
        return {}
    return {"id": backup_id, "urn": urn, **known_outputs}


async def _in_pool(ask: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(_pool, ask)

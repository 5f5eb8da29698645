"""The last step of a copy's registration, in the program: its mark says recorded once the state holds the copy.

Only the program gets a proof of that, because the engine answers a registration after it has written the resource
down. Were the copy recorded by create, a kill before the engine writes would leave one that no run finds again. And
only then may go what interrupted runs left of the resource: until then the state may hold one of those.
"""

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pulumi

from . import lookup
from .copies import mark_of, source_time
from .errors import CopyError, ServiceError
from .fsx import Backup
from .host import Call
from .ownership import MARK_TAG, Recorded, Token, identity_of
from .patience import patiently
from .process import PendingCopy, Region
from .retiring import clear_away

_PATIENCE = 60.0  # seconds that trouble may hold up the program, and with it the end of the deployment
_OUTPUTS = ("id", "urn", "arn", "region", "nonce", "token", "source_creation_time", "superseded")
_pool = ThreadPoolExecutor(16, thread_name_prefix="confirm")


def can_confirm(token: str, opts: pulumi.ResourceOptions | None) -> bool:
    """Tell whether this program may record its copies.

    Not in a preview, which makes none, and not with a provider of its own, whose credentials may be others.

    Args:
        token: the resource's type token.
        opts: its options.
    """
    if pulumi.runtime.is_dry_run():
        return False
    return not opts or not (opts.provider or opts.providers or (opts.parent and opts.parent.get_provider(token)))


def confirm_once_written(copy: pulumi.CustomResource, nonce: str) -> None:
    """Confirm a copy as soon as the engine has written it down.

    Args:
        copy: a `BackupCopy`.
        nonce: what this run offered for it.
    """
    regions = lookup.of_this_run()

    def confirmed(known: Mapping[str, Any]) -> list[str]:
        try:
            return list(confirm(known, nonce, regions.region(known["region"])))
        except Exception as error:  # noqa: BLE001  # whatever it is, the copy is made and in the state
            return [f"{known['id']} in {known['region']} is in the state, but not all about it is done yet: {error}"]

    async def confirm_and_warn(known: dict[str, Any]) -> None:
        if known["nonce"]:  # else a test's mocks answer in the engine's place
            for warning in await asyncio.get_running_loop().run_in_executor(_pool, confirmed, known):
                pulumi.log.warn(warning, resource=copy)

    pulumi.Output.all(**{name: getattr(copy, name) for name in _OUTPUTS}).apply(confirm_and_warn)  # type: ignore[arg-type]  # mypy finds no type for a coroutine of None


def confirm(held: Mapping[str, Any], nonce: str, here: Region) -> Iterator[str]:
    """Record a copy that the state is known to hold, remove what it supersedes, and yield what a person should know.

    A copy of an earlier run is looked for among those that are pending: that run may have ended before it could.

    Args:
        held: id, URN and outputs, as the state holds them.
        nonce: what this run offered; it is the copy's own if this run made it.
        here: the Region it is in.
    """
    call = Call(urn=held["urn"])
    try:
        if held["nonce"] == nonce:
            _record(call, held, here)
        else:
            yield from _confirmed_late(call, held, here)
        clear_away(call, held.get("superseded") or {}, here, _PATIENCE)
    except (CopyError, ServiceError) as error:
        yield (
            f"{held['id']} in {here.name} is in the state, and the next pulumi up does what is left to do about it: "
            f"{error}"
        )


def _confirmed_late(call: Call, held: Mapping[str, Any], here: Region) -> Iterator[str]:
    backups: list[Backup] = []
    pending: list[PendingCopy] = []
    with suppress(ServiceError):  # nothing was changed, so a Region that does not answer is no reason to speak
        backups, pending = here.backups(), here.pending_copies()
    own = Token.of(call.urn)
    if any(_is_held(copy, held, own) for copy in pending) or any(_is_renamed(b, held) for b in backups):
        _record(call, held, here)
    for copy in pending:
        if _is_left(copy, held, own):
            yield (
                f"{copy.backup.id} in {here.name} was left behind by an interrupted run, and nothing asks for it any "
                "more: fsx-dr orphans tells how to adopt or delete it."
            )


def _record(call: Call, held: Mapping[str, Any], here: Region) -> None:
    mark = Recorded.by(call.urn, held["nonce"], source_time(held))
    deadline = here.clock.now() + _PATIENCE
    patiently(call, here, deadline, lambda: here.fsx.tag(held["arn"], {MARK_TAG: str(mark)}))


def _is_held(copy: PendingCopy, held: Mapping[str, Any], own: Token) -> bool:
    """Tell whether it is the one in the state; a run that was to replace it by itself may have given it a token."""
    is_ours = str(copy.mark.token) == held.get("token") or copy.is_of(own)
    return copy.backup.id == held["id"] and is_ours and copy.backup.is_available


def _is_renamed(backup: Backup, held: Mapping[str, Any]) -> bool:
    """Tell whether it is the one in the state, and its mark speaks of another stack, project or name."""
    mark = mark_of(backup) if backup.id == held["id"] else None
    if not isinstance(mark, Recorded) or mark.nonce != held["nonce"]:
        return False
    return str(mark) != str(replace(mark, identity=identity_of(held["urn"])))


def _is_left(copy: PendingCopy, held: Mapping[str, Any], own: Token) -> bool:
    known = {held["id"], *(held.get("superseded") or ())}
    return copy.is_of(own) and copy.backup.id not in known and not copy.backup.is_dead

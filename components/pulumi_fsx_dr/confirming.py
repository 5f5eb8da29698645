"""The last step of a copy's registration, in the program: its mark says recorded once the state holds the copy.

Only the program gets a proof of that, because the engine answers a registration after it has written the resource
down. Were the copy recorded by create, a kill before the engine writes would leave one that no run finds again. And
only then may go what interrupted runs left of the resource: until then the state may hold one of those.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pulumi

from . import lookup
from .copies import source_time
from .errors import FsxDrError
from .host import Call
from .ownership import MARK_TAG, Recorded, identity_of
from .patience import patiently
from .process import Region
from .retiring import clear_away

_PATIENCE = 60.0  # seconds of trouble; the program, and with it the deployment, ends no sooner
_OUTPUTS = ("id", "urn", "arn", "region", "nonce", "source_creation_time", "superseded")
_pool = ThreadPoolExecutor(16, thread_name_prefix="confirm")


def can_confirm(token: str, opts: pulumi.ResourceOptions | None) -> bool:
    """Tell whether this program may record a new copy of its own.

    Not in a preview, which makes none, and not with a provider of its own, whose credentials may be others.

    Args:
        token: the resource's type token.
        opts: its options.
    """
    if pulumi.runtime.is_dry_run() or (opts and opts.provider):
        return False
    return not (opts and opts.parent and opts.parent.get_provider(token))


def confirm_once_written(copy: pulumi.CustomResource, nonce: str) -> pulumi.Output[bool]:
    """Confirm a copy as soon as the engine has written it down, if it was made under this nonce, so in this run."""
    regions = lookup.of_this_run()

    async def confirm_if_due(known: dict[str, Any]) -> bool:
        is_due = bool(known["nonce"] == nonce or known["superseded"])
        if is_due:
            confirmation = partial(_confirm, known, nonce, regions)
            try:
                await asyncio.get_running_loop().run_in_executor(_pool, confirmation)
            except FsxDrError as error:
                pulumi.log.warn(_warning(known, error), resource=copy)
        return is_due

    return pulumi.Output.all(**{name: getattr(copy, name) for name in _OUTPUTS}).apply(confirm_if_due)


def confirm(outputs: Mapping[str, Any], urn: str, nonce: str, here: Region) -> None:
    """Record a copy that the state is known to hold, if this run made it, and remove what it supersedes.

    Args:
        outputs: what the state holds of it.
        urn: its resource.
        nonce: what this run offered; that of an older copy may not be its mark any more.
        here: the Region it is in.

    Raises:
        CopyError: what it supersedes could not be deleted yet.
        ServiceError: AWS refused; the copy may stay pending, and the state that holds it can still delete it.
    """
    call, deadline = Call(urn=urn), here.clock.now() + _PATIENCE
    if outputs["nonce"] == nonce:
        mark = Recorded(nonce, source_time(outputs), identity_of(urn))
        patiently(call, here, deadline, lambda: here.fsx.tag(outputs["arn"], {MARK_TAG: str(mark)}))
    clear_away(call, outputs.get("superseded") or {}, here, _PATIENCE)


def _confirm(known: Mapping[str, Any], nonce: str, regions: lookup.Lookup) -> None:
    confirm(known, known["urn"], nonce, regions.region(known["region"]))


def _warning(known: Mapping[str, Any], error: FsxDrError) -> str:
    return (
        f"{known['id']} in {known['region']} is in the state, but could not be marked as recorded, or what it "
        f"supersedes could not be removed; run pulumi refresh, then pulumi up: {error}"
    )

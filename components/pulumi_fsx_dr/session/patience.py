"""Riding out trouble that passes: throttling, server-side failures, lost connections, expired credentials."""

import random
from collections.abc import Callable
from typing import TypeVar

from pulumi_fsx_dr.engine.host import Call
from pulumi_fsx_dr.errors import TransientError

from .session import Region

PATIENCE = 120.0  # seconds of trouble before the service has accepted anything

_LONGEST_INTERVALS = 8  # poll intervals between two tries
_SLICE = 0.5  # seconds; how soon a pause notices that nobody waits any more
_T = TypeVar("_T")


def patiently(call: Call, here: Region, deadline: float, ask: Callable[[], _T]) -> _T:
    """Ask until there is an answer, riding out transient trouble until the deadline (seconds since the epoch)."""
    tries = 0
    while True:
        call.raise_if_cancelled()
        try:
            return ask()
        except TransientError as error:
            if here.clock.now() >= deadline:
                raise
            tries += 1
            call.status(f"trying again: {error}")
            back_off(call, here, tries)


def back_off(call: Call, here: Region, tries: int) -> None:
    """Pause the longer, the more tries there were; with jitter, so that many do not try together."""
    longest = here.copies.poll_seconds * min(2**tries, _LONGEST_INTERVALS)
    pause(call, here, random.uniform(longest / 4, longest))  # noqa: S311  # jitter, not a secret


def pause(call: Call, here: Region, seconds: float | None = None) -> None:
    """Sleep, by default until the next poll interval begins, unless the call is cancelled.

    The intervals begin for all at the same time, so that those who look then share their calls.
    """
    now, interval = here.clock.now(), here.copies.poll_seconds
    end = now + seconds if seconds else (now // interval + 1) * interval
    while (left := end - here.clock.now()) > 0:
        call.raise_if_cancelled()
        here.clock.sleep(min(left, _SLICE))

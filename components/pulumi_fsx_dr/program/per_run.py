"""What there is one of in each run of a program."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from pulumi.runtime.settings import get_monitor

_T = TypeVar("_T")
# With weak keys, so that what a run has looked up goes when the run ends.
_runs: WeakKeyDictionary[Any, dict[Callable[[], Any], Any]] = WeakKeyDictionary()


def once_a_run(make: Callable[[], _T]) -> Callable[[], _T]:
    """Have an object made at first use in each run, and return that one from then on.

    One process may run programs again and again, and what the last run saw is no ground for what this one does.
    """

    @functools.wraps(make)
    def of_this_run() -> _T:
        made = _runs.setdefault(get_monitor(), {})  # each run has a monitor of its own
        if make not in made:
            made[make] = make()
        found: _T = made[make]
        return found

    return of_this_run


def begin_anew() -> None:
    """Have everything made again: unit tests may share one monitor, and each is a run of its own."""
    _runs.clear()

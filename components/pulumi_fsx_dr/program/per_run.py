"""Objects that are made once in each run of a program."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from pulumi.runtime.settings import get_monitor

_T = TypeVar("_T")
# With weak keys, so that the lookups of a run are dropped when the run ends.
_runs: WeakKeyDictionary[Any, dict[Callable[[], Any], Any]] = WeakKeyDictionary()


def once_a_run(make: Callable[[], _T]) -> Callable[[], _T]:
    """Make an object at its first use in each run, and return the same object after that.

    One process may run several programs, and no run may use the lookups of an earlier one.
    """

    @functools.wraps(make)
    def of_this_run() -> _T:
        made = _runs.setdefault(get_monitor(), {})  # each run has its own monitor
        if make not in made:
            made[make] = make()
        found: _T = made[make]
        return found

    return of_this_run


def begin_anew() -> None:
    """Make everything again: unit tests may share one monitor, and each counts as a run."""
    _runs.clear()

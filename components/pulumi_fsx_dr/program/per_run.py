"""Objects that are created once in each run of a program."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from pulumi.runtime.settings import get_monitor

_T = TypeVar("_T")
# With weak keys, so that the objects of a run are freed when it ends.
_runs: WeakKeyDictionary[Any, dict[Callable[[], Any], Any]] = WeakKeyDictionary()


def once_a_run(make: Callable[[], _T]) -> Callable[[], _T]:
    """Create an object at its first use in a run, and return the same object later in that run.

    One process may run several programs, and a run must not use the lookups of an earlier one.
    """

    @functools.wraps(make)
    def of_this_run() -> _T:
        made = _runs.setdefault(get_monitor(), {})  # each run has its own monitor
        if make not in made:
            made[make] = make()
        found: _T = made[make]
        return found

    return of_this_run


def forget_all() -> None:
    """Forget all objects: unit tests may share one monitor, and each test is a run."""
    _runs.clear()

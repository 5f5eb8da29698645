"""What there is one of in each run of a program."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from pulumi.runtime.settings import get_monitor

_T = TypeVar("_T")


def once_a_run(make: Callable[[], _T]) -> Callable[[], _T]:
    """Have an object made at first use in each run, and return that one from then on.

    One process may run programs again and again, and what the last run saw is no ground for what this one does.
    """
    # With weak keys, so that what a run has looked up goes when the run ends.
    made: WeakKeyDictionary[Any, _T] = WeakKeyDictionary()

    @functools.wraps(make)
    def of_this_run() -> _T:
        run = get_monitor()  # each run has a monitor of its own
        if run not in made:
            made[run] = make()
        return made[run]

    return of_this_run

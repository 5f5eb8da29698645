"""How the run time of a function grows with its input."""

import gc
from collections.abc import Callable
from time import thread_time

TIMES = 8


def growth(number: int, prepare: Callable[[int], Callable[[], object]]) -> float:
    """Return the factor by which the time grows for `TIMES` as much input; about `TIMES` for linear time.

    Args:
        number: the smaller size.
        prepare: returns the function for a size.
    """
    return _seconds(prepare(TIMES * number)) / _seconds(prepare(number))


def _seconds(function: Callable[[], object]) -> float:
    """Return the shortest of several times, because other processes only make it longer."""
    gc.disable()
    try:
        return min(_timed(function) for _ in range(4))
    finally:
        gc.enable()


def _timed(function: Callable[[], object]) -> float:
    begun = thread_time()
    function()
    return thread_time() - begun

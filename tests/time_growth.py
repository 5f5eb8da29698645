"""How the time of a function grows with what it is given."""

import gc
from collections.abc import Callable
from time import process_time

TIMES = 8


def growth(number: int, prepare: Callable[[int], Callable[[], object]]) -> float:
    """Return how many times as long a function takes for `TIMES` as much; a linear one takes about `TIMES` as long.

    Args:
        number: the smaller size.
        prepare: makes the function for a size.
    """
    return _seconds(prepare(TIMES * number)) / _seconds(prepare(number))


def _seconds(function: Callable[[], object]) -> float:
    """Return the shortest of several times: whatever else the machine does only makes it longer."""
    gc.disable()
    try:
        return min(_timed(function) for _ in range(4))
    finally:
        gc.enable()


def _timed(function: Callable[[], object]) -> float:
    begun = process_time()
    function()
    return process_time() - begun

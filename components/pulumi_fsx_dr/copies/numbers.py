"""Numbers in settings."""

import math
from typing import Any


def positive(given: Any) -> float | None:
    """Return a positive, finite number; None for anything else."""
    try:
        number = float(given)
    except (TypeError, ValueError):
        return None
    # This also refuses NaN, because every comparison with NaN is false.
    return number if 0 < number < math.inf else None

"""Numbers as people give them."""

import math
from typing import Any


def positive(given: Any) -> float | None:
    """Return a positive, finite number, or None if it is none."""
    try:
        number = float(given)
    except (TypeError, ValueError):
        return None
    # NaN, too, is refused by this, as it is neither larger nor smaller than anything.
    return number if 0 < number < math.inf else None

"""Verdicts, times and sizes as the commands write them."""

from collections.abc import Mapping
from types import MappingProxyType

MARKS: Mapping[str, str] = MappingProxyType({"ready": "✓", "late": "!", "missing": "✗"})
"""The sign of each verdict."""

NONE = "\N{EN DASH}"
"""What stands where there is nothing to say."""

_MINUTES = 60
_DAY = 24
_KIB = 1024
_SHORT_DIGITS = 8


def hours(value: float | None) -> str:
    """Return hours as one short figure: `40 min`, `18.5 h`, `3.2 days`."""
    if value is None:
        return NONE
    if value < 1:
        return f"{value * _MINUTES:.0f} min"
    return f"{value:.1f} h".replace(".0 ", " ") if value < 2 * _DAY else f"{value / _DAY:.1f} days".replace(".0 ", " ")


def size(in_bytes: int | None) -> str:
    """Return a size in the largest binary unit that leaves a figure of 1 or more."""
    if in_bytes is None:
        return NONE
    value, unit = float(in_bytes), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        if value < _KIB:
            break
        value, unit = value / _KIB, larger
    return f"{value:.1f} {unit}".replace(".0 ", " ")


def short_id(name: str) -> str:
    """Return an id without its middle: `backup-0d…4a92`, by which people tell copies apart."""
    kind, _, digits = name.rpartition("-")
    return f"{kind}-{digits[:2]}…{digits[-4:]}" if len(digits) > _SHORT_DIGITS else name


def percent(value: int | None) -> str:
    """Return a percentage."""
    return NONE if value is None else f"{value:.0f} %"

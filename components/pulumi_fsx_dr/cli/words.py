"""Times and sizes as people write them."""

NONE = "\N{EN DASH}"
_MINUTES = 60
_DAY = 24
_KIB = 1024


def hours(value: float | None) -> str:
    """Return hours as one short figure: `40 min`, `18.5 h`, `3.2 days`."""
    if value is None:
        return NONE
    if value < 1:
        return f"{value * _MINUTES:.0f} min"
    return f"{value:.1f} h".replace(".0 ", " ") if value < 2 * _DAY else f"{value / _DAY:.1f} days".replace(".0 ", " ")


def duration(seconds: float | None) -> str:
    """Return seconds as hours and minutes: `45 s`, `12 min`, `3 h 05 min`."""
    if seconds is None:
        return NONE
    if seconds < _MINUTES:
        return f"{seconds:.0f} s"
    whole_hours, minutes = divmod(round(seconds / _MINUTES), _MINUTES)
    return f"{whole_hours} h {minutes:02} min" if whole_hours else f"{minutes} min"


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


def percent(value: int | None) -> str:
    """Return a percentage."""
    return NONE if value is None else f"{value:.0f} %"

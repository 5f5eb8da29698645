"""Durations as text, in the same format in all messages and tables."""

_MINUTES = 60


def duration(seconds: float) -> str:
    """Return seconds as hours and minutes: `45 s`, `12 min`, `3 h 05 min`."""
    if round(seconds) < _MINUTES:
        return f"{round(seconds)} s"
    hours, minutes = divmod(round(seconds / _MINUTES), _MINUTES)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"

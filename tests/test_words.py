"""How long something took reads the same in every sentence and table."""

import pytest
from pulumi_fsx_dr.copies.words import duration


@pytest.mark.parametrize(
    ("seconds", "read"),
    [
        (0.4, "0 s"),
        (45, "45 s"),
        (59.6, "1 min"),
        (725, "12 min"),
        (3599, "1 h 00 min"),
        (11_100, "3 h 05 min"),
        (86_400, "24 h 00 min"),
    ],
)
def test_a_duration_is_in_seconds_then_in_minutes_then_in_hours_and_minutes(seconds: float, read: str) -> None:
    assert duration(seconds) == read

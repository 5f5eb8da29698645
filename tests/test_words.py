"""How long something took, and how far it has come, reads the same in every sentence and table."""

import pytest
from pulumi_fsx_dr.copies.durations import duration
from pulumi_fsx_dr.copies.messages import progress

from tests.backups import copy


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


def test_the_row_of_a_copy_begins_with_the_percentage_because_a_narrow_terminal_shows_no_more() -> None:
    assert progress(copy(progress_percent=37), 725, None) == "37 % copying, 12 min"
    assert progress(copy(), 45, TimeoutError("no answer")) == "copying, 45 s (no news: no answer)"

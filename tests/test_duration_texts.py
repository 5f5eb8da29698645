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
def test_duration_uses_suitable_unit(seconds: float, read: str) -> None:
    assert duration(seconds) == read


def test_progress_starts_with_percentage() -> None:
    assert progress(copy(progress_percent=37), 725, None) == "37% copying, 12 min"
    assert progress(copy(), 45, TimeoutError("no answer")) == "copying, 45 s (last poll failed: no answer)"

"""Whatever happens to whole stacks, in whatever order: nothing leaves without a reason, and nothing is forgotten."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stacks.lives import Life

_FEW = settings(
    max_examples=60, stateful_step_count=25, deadline=None, derandomize=True, print_blob=True, database=None
)
_MANY = settings(
    max_examples=600, stateful_step_count=50, deadline=None, report_multiple_bugs=False, print_blob=True, database=None
)


def test_nothing_is_lost_or_forgotten_in_any_life_of_a_stack() -> None:
    run_state_machine_as_test(Life, settings=_FEW)


@pytest.mark.slow
def test_nothing_is_lost_or_forgotten_in_many_long_lives() -> None:
    run_state_machine_as_test(Life, settings=_MANY)

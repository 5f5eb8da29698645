"""In any sequence of events, each delete has a reason, and every copy is known."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stacks.attacked_machine import AttackedStackMachine
from tests.stacks.machine import StackMachine

_FEW = settings(
    max_examples=20, stateful_step_count=25, deadline=None, derandomize=True, print_blob=True, database=None
)
_MANY = settings(
    max_examples=600, stateful_step_count=50, deadline=None, report_multiple_bugs=False, print_blob=True, database=None
)


_MACHINES = pytest.mark.parametrize("machine", [StackMachine, AttackedStackMachine])


@_MACHINES
def test_stack_machines_keep_every_copy_known(machine: type[StackMachine]) -> None:
    run_state_machine_as_test(machine, settings=_FEW)


@pytest.mark.slow
@_MACHINES
def test_stack_machines_keep_every_copy_known_in_long_runs(machine: type[StackMachine]) -> None:
    run_state_machine_as_test(machine, settings=_MANY)

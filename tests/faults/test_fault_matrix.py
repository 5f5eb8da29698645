"""Whatever AWS does to a call: the next `up` finds or makes exactly the copies asked for, and leaves none behind."""

import pytest

from tests.faults.cells import Action, Lasting, cells, play, wrongs
from tests.faults.playing import Theatre

HALVES: list[tuple[Action, ...]] = [
    ("CopyBackup", "TagResource"),
    ("DescribeBackups", "DescribeBackups while copying", "DeleteBackup"),
]


@pytest.mark.parametrize(
    "lasting",
    ["once", pytest.param("for 30 s", marks=pytest.mark.slow), pytest.param("for ever", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("actions", HALVES, ids=["making", "looking and deleting"])
def test_a_fault_leaves_neither_a_second_copy_nor_an_orphan(
    theatre: Theatre, actions: tuple[Action, ...], lasting: Lasting
) -> None:
    played = cells(actions, lasting)

    outcomes = play(theatre, played)

    assert wrongs(outcomes) == {}
    assert [cell for cell in played if outcomes[cell].told] == [cell for cell in played if cell.is_to_fail]

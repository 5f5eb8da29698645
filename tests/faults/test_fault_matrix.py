"""Whatever AWS does to a call: the next `up` finds or makes exactly the copies asked for, and leaves none behind."""

from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest

from tests.faults.cells import ACTIONS, Cell, Lasting, Outcome, cells, play, wrongs
from tests.faults.playing import Theatre
from tests.faults.reliability import Page


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "lasting",
    ["once", pytest.param("for 30 s", marks=pytest.mark.slow), pytest.param("for ever", marks=pytest.mark.slow)],
)
def test_a_fault_leaves_neither_a_second_copy_nor_an_orphan(
    theatres: tuple[Theatre, Theatre], lasting: Lasting, page: Page
) -> None:
    halves = cells(ACTIONS[:2], lasting), cells(ACTIONS[2:], lasting)

    with ThreadPoolExecutor() as pool:
        outcomes: dict[Cell, Outcome] = dict(chain(*(half.items() for half in pool.map(play, theatres, halves))))

    page.faults.update(outcomes)
    assert wrongs(outcomes) == {}
    assert [cell for cell in outcomes if outcomes[cell].told] == [cell for cell in outcomes if cell.is_to_fail]

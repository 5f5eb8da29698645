"""However and whenever a run is interrupted: the next `up` finds or makes exactly the copies asked for."""

import pytest

from tests.faults.crashes import CRASHES, MOMENTS, Cell, Outcome, play
from tests.faults.playing import Theatre
from tests.faults.reliability import Page

PLAYED = [Cell(crash, moment) for crash in CRASHES for moment in MOMENTS]
# A create marks its copy as recorded before it answers, and the engine writes the answer down afterwards. A kill in
# between leaves a copy that looks like one a state holds, and nothing that a create is told shows that none does.
IN_BETWEEN = [cell for cell in PLAYED if cell.moment == "recorded, not in the state" and cell.crash != "first Ctrl-C"]


@pytest.mark.timeout(300)
def test_an_interruption_leaves_neither_a_second_copy_nor_an_orphan(theatre: Theatre, page: Page) -> None:
    outcomes = play(theatre, PLAYED)

    page.interruptions.update(outcomes)
    assert {cell: outcomes[cell].wrong for cell in PLAYED if cell not in IN_BETWEEN and outcomes[cell].wrong} == {}
    assert [cell for cell in IN_BETWEEN if not _is_only_an_orphan_that_is_named(outcomes[cell])] == []


def _is_only_an_orphan_that_is_named(outcome: Outcome) -> bool:
    """Tell whether nothing is wrong but copies too many, and `fsx-dr orphans` names just these."""
    about_orphans = [wrong for wrong in outcome.wrong if "too many of" in wrong or "no state holds it" in wrong]
    return about_orphans == outcome.wrong and bool(outcome.orphans) and outcome.orphans == outcome.named

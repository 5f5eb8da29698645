"""Whatever AWS does to a call: the next `up` finds or makes exactly the copies asked for, and leaves none behind."""

from pathlib import Path

import pytest

from simulator.fsx.faults import FaultKind
from tests.faults.cells import KINDS, Lasting, companies, play, wrongs
from tests.faults.engines import ENGINES, on
from tests.faults.playing import Theatre, play_all
from tests.faults.reliability import Page

HANGING: tuple[FaultKind, ...] = ("hang",)  # 20 s pass until the client gives up
QUICK = tuple(kind for kind in KINDS if kind not in HANGING)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("engine", "lasting", "kinds"),
    [
        on(engine, lasting, kinds, name=name, slow=True)
        for engine in ENGINES
        for name, lasting, kinds in (
            ("once", "once", QUICK),
            ("once, hanging", "once", HANGING),
            ("for 30 s", "for 30 s", KINDS),
            ("for ever", "for ever", KINDS),
        )
    ],
)
def test_a_fault_leaves_neither_a_second_copy_nor_an_orphan(
    engine: type[Theatre], lasting: Lasting, kinds: tuple[FaultKind, ...], tmp_path: Path, page: Page
) -> None:
    outcomes = play_all(engine, tmp_path, companies(lasting, kinds), play)

    page.of(engine).faults.update(outcomes)
    assert wrongs(outcomes) == {}
    failing = [cell for cell in outcomes if cell.is_to_fail]
    assert [cell for cell in outcomes if outcomes[cell].failed] == failing
    assert [cell for cell in outcomes if outcomes[cell].told] == failing

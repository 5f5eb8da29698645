"""After any fault of AWS, the next `up` leads to exactly the declared copies."""

from pathlib import Path

import pytest

from simulator.fsx.faults import FaultKind
from tests.faults.engines import ENGINES, on
from tests.faults.fault_matrix import KINDS, Lasting, batches, problems, run_cells
from tests.faults.harness import Harness, run_all
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
            ("whole run", "whole run", KINDS),
        )
    ],
)
def test_up_after_fault_leaves_declared_copies_only(
    engine: type[Harness], lasting: Lasting, kinds: tuple[FaultKind, ...], tmp_path: Path, page: Page
) -> None:
    outcomes = run_all(engine, tmp_path, batches(lasting, kinds), run_cells)

    page.of(engine).faults.update(outcomes)
    assert problems(outcomes) == {}
    failing = [cell for cell in outcomes if cell.is_to_fail]
    assert [cell for cell in outcomes if outcomes[cell].failed] == failing
    assert [cell for cell in outcomes if outcomes[cell].diagnostics] == failing

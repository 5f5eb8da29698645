"""After any interruption, the next `up` leads to exactly the declared copies."""

from pathlib import Path

import pytest

from tests.faults.cli_harness import CliHarness, NativeHarness
from tests.faults.crash_matrix import batches, run_cells
from tests.faults.engines import on
from tests.faults.harness import Harness, run_all
from tests.faults.host_harness import HostHarness
from tests.faults.reliability import Page


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("engine", [on(HostHarness, slow=True), on(CliHarness), on(NativeHarness)])
def test_up_after_interruption_leaves_declared_copies_only(engine: type[Harness], tmp_path: Path, page: Page) -> None:
    outcomes = run_all(engine, tmp_path, batches(engine), run_cells)

    page.of(engine).interruptions.update(outcomes)
    assert {cell: wrong for cell, wrong in outcomes.items() if wrong} == {}

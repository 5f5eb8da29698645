"""However and whenever a run is interrupted: the next `up` finds or makes exactly the copies asked for."""

from pathlib import Path

import pytest

from tests.faults.crashes import companies, play
from tests.faults.engines import on
from tests.faults.on_the_cli import CliTheatre, NativeTheatre
from tests.faults.on_the_host import HostTheatre
from tests.faults.playing import Theatre, play_all
from tests.faults.reliability import Page


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("engine", [on(HostTheatre, slow=True), on(CliTheatre), on(NativeTheatre)])
def test_an_interruption_leaves_neither_a_second_copy_nor_an_orphan(
    engine: type[Theatre], tmp_path: Path, page: Page
) -> None:
    outcomes = play_all(engine, tmp_path, companies(engine), play)

    page.of(engine).interruptions.update(outcomes)
    assert {cell: wrong for cell, wrong in outcomes.items() if wrong} == {}

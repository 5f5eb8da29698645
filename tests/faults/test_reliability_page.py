"""tests/faults/results.md has all results of each engine."""

import re
from itertools import product
from pathlib import Path

import pytest

from simulator.sections import write_section
from tests.faults.crash_matrix import CRASHES, MOMENTS
from tests.faults.crash_matrix import Cell as Interruption
from tests.faults.engines import ENGINES
from tests.faults.fault_matrix import ACTIONS, KINDS, LASTING, Outcome
from tests.faults.fault_matrix import Cell as Fault
from tests.faults.harness import Harness
from tests.faults.reliability import PAGE, Results, section
from tests.sequence_table import FILES, SECTION, title

ROOT = Path(__file__).parents[2]

engines = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.engine)


def written(kind: str, engine: type[Harness]) -> str:
    name = section(kind, engine)
    return PAGE.read_text().partition(f"<!-- {name} -->")[2].partition(f"<!-- end of {name} -->")[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of the rows of a table, without its heading."""
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in lines]


@engines
def test_page_has_all_results_without_failures(engine: type[Harness]) -> None:
    faults, interruptions = written("faults", engine), written("interruptions", engine)

    assert [(action, kind) for action, kinds, *_ in rows(faults) for kind in kinds.split(", ")] == list(
        product(ACTIONS, KINDS)
    )
    assert [row[0] for row in rows(interruptions)] == list(CRASHES)
    assert "**wrong" not in faults + interruptions
    assert f" the {engine.engine}" in faults


def test_page_has_all_sequences_by_their_present_names() -> None:
    tests = [name for file in FILES for name in re.findall(r"^def test_(\w+)", (ROOT / file).read_text(), re.MULTILINE)]
    text = PAGE.read_text().partition(f"<!-- {SECTION} -->")[2].partition(f"<!-- end of {SECTION} -->")[0]

    assert [row[0] for row in rows(text)] == sorted(map(title, tests))
    assert "**wrong" not in text


def test_incomplete_table_is_not_written() -> None:
    interruptions: dict[Interruption, list[str]] = {
        Interruption(crash, moment): [] for crash in CRASHES for moment in MOMENTS[1:]
    }

    assert Results(interruptions=interruptions).tables() == {}


def test_write_section_changes_only_that_section(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Before.\n<!-- rows -->\nold\n<!-- end of rows -->\nAfter.\n")

    write_section(page, "rows", "new")
    write_section(page, "rows", "newer")

    assert page.read_text() == "Before.\n<!-- rows -->\n\nnewer\n\n<!-- end of rows -->\nAfter.\n"


def test_write_section_refuses_page_without_section(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Nothing to fill in.\n")

    with pytest.raises(ValueError, match="<!-- rows -->"):
        write_section(page, "rows", "new")

    assert page.read_text() == "Nothing to fill in.\n"


def test_faults_with_equal_results_share_a_row() -> None:
    outcomes = {
        Fault(action, kind, lasting): Outcome(struck=True, failed=kind == "lost", diagnostics=[], then=[])
        for action, kind, lasting in product(ACTIONS, KINDS, LASTING)
    }

    table = Results(faults=outcomes).tables()["faults"]

    before, after = ", ".join(KINDS[: KINDS.index("lost")]), ", ".join(KINDS[KINDS.index("lost") + 1 :])
    assert [kinds for _, kinds, *_ in rows(table)] == [before, "lost", after] * len(ACTIONS)

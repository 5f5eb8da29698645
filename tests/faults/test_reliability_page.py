"""docs/reliability.md has all results of each engine, and is written by programs."""

from itertools import pairwise
from pathlib import Path

import pytest

from simulator.sections import write_section
from tests.faults.crash_matrix import CRASHES, MOMENTS
from tests.faults.crash_matrix import Cell as Interruption
from tests.faults.engines import ENGINES
from tests.faults.fault_matrix import ACTIONS, KINDS, LASTING, Action, Cell
from tests.faults.harness import Harness
from tests.faults.reliability import PAGE, Results, section

engines = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.engine)


def written(of_what: str, engine: type[Harness]) -> str:
    name = section(of_what, engine)
    return PAGE.read_text().partition(f"<!-- {name} -->")[2].partition(f"<!-- end of {name} -->")[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table's rows, without those of its rule."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("| ---")]
    return [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in lines]


def table(engine: type[Harness], action: Action) -> list[list[str]]:
    """Return the rows of the table of one action."""
    titles = [f"#### {title}\n" for title in ACTIONS]
    ends = dict(pairwise([*titles, "<!--"]))
    begin = f"#### {action}\n"
    return rows(written("faults", engine).partition(begin)[2].partition(ends[begin])[0])


@engines
@pytest.mark.parametrize("action", ACTIONS)
def test_page_has_every_fault_and_no_wrong_result(engine: type[Harness], action: Action) -> None:
    head, *told = table(engine, action)

    assert head[1 : 1 + len(LASTING)] == list(LASTING)
    assert [row[0] for row in told] == list(KINDS)
    for kind, row in zip(KINDS, told, strict=True):
        fails = [Cell(action, kind, lasting).is_to_fail for lasting in LASTING]
        assert [outcome == "fails, then finishes" for outcome in row[1 : 1 + len(LASTING)]] == fails
        assert {*row[1 : 1 + len(LASTING)]} <= {"succeeds", "fails, then finishes"}


@engines
def test_page_has_every_interruption_and_no_wrong_result(engine: type[Harness]) -> None:
    head, *told = rows(written("crashes", engine))

    assert head[1:] == list(MOMENTS)
    assert told == [[crash, *("as asked" for _ in MOMENTS)] for crash in CRASHES]


@engines
def test_each_table_names_its_engine(engine: type[Harness]) -> None:
    for of_what in ("faults", "crashes"):
        assert f" the {engine.engine}" in written(of_what, engine).strip().splitlines()[0]


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


def test_write_section_leaves_page_without_the_section(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Nothing to fill in.\n")

    with pytest.raises(ValueError, match="<!-- rows -->"):
        write_section(page, "rows", "new")

    assert page.read_text() == "Nothing to fill in.\n"

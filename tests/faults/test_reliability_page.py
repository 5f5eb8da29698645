"""docs/reliability.md tells of everything that was played, and is written by programs."""

from pathlib import Path

import pytest

from rehearsal.sections import write_section
from tests.faults.cells import ACTIONS, KINDS, LASTING
from tests.faults.crashes import CRASHES
from tests.faults.reliability import PAGE


def test_the_page_tells_of_every_cell_and_of_none_that_went_wrong() -> None:
    rows = [line.split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    told = {(row[0].removeprefix("| "), outcome) for row in rows for outcome in row[1:4]}

    for kind in KINDS:
        assert len([row for row in rows if row[0] == f"| {kind}" and len(row) == len(LASTING) + 2]) == len(ACTIONS)
        assert {outcome for name, outcome in told if name == kind} <= {"succeeds", "fails, then finishes"}
    assert [crash for crash in CRASHES if f"| {crash}" not in {row[0] for row in rows}] == []


def test_only_the_named_section_of_a_page_is_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Before.\n<!-- rows -->\nold\n<!-- end of rows -->\nAfter.\n")

    write_section(page, "rows", "new")
    write_section(page, "rows", "newer")

    assert page.read_text() == "Before.\n<!-- rows -->\n\nnewer\n\n<!-- end of rows -->\nAfter.\n"


def test_a_page_without_the_section_is_left_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Nothing to fill in.\n")

    with pytest.raises(ValueError, match="has not once the mark <!-- rows -->"):
        write_section(page, "rows", "new")

    assert page.read_text() == "Nothing to fill in.\n"

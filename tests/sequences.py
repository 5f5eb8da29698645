"""The table of docs/reliability.md that tells of the sequences, each a test whose name is its sentence."""

import re
from collections import defaultdict

import pytest

from simulator.sections import write_section
from tests.faults.reliability import PAGE

FILES = ("tests/end_to_end/test_nothing_leaves.py", "tests/stacks/test_found_sequences.py")
SECTION = "sequences"
_ENGINES = {"pulumi": "Pulumi CLI", "fake-engine": "fake engine", "": "in process"}
_TEST = re.compile(r"(?P<file>[^:]+)::test_(?P<name>\w+)(?:\[(?P<case>.*)\])?")


class Sequences:
    """Takes note of how each sequence ended; the controller of a distributed run hears of all of them."""

    def __init__(self) -> None:
        self._ended: dict[str, dict[str, str]] = defaultdict(dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note an outcome; one case that failed is what counts of a sequence."""
        test = _TEST.fullmatch(report.nodeid)
        if test is None or test["file"] not in FILES or not (report.when == "call" or report.failed):
            return
        engine = _ENGINES.get((test["case"] or "").rpartition("-")[2], _ENGINES[""])
        sequence = self._ended[f"{test['name'].replace('_', ' ').capitalize()}."]
        sequence[engine] = "**wrong**" if report.failed else sequence.get(engine, "holds")

    def pytest_sessionfinish(self) -> None:
        """Write the table, if any sequence was played."""
        if self._ended:
            write_section(PAGE, SECTION, self.table())

    def table(self) -> str:
        """Return the table, a row for each sequence."""
        engines = list(_ENGINES.values())
        head = f"| Sequence | {' | '.join(engines)} |\n|---|{'---|' * len(engines)}"
        rows = (
            f"| {sentence} | {' | '.join(ended.get(engine, '') for engine in engines)} |"
            for sentence, ended in sorted(self._ended.items())
        )
        return "\n".join([head, *rows])

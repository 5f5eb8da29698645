"""The table of sequences in tests/faults/results.md; each sequence is a test, and its name becomes the title."""

import re
from collections import defaultdict

import pytest

from simulator.sections import write_section
from tests.faults.reliability import PAGE

FILES = ("tests/end_to_end/test_no_unexpected_deletes.py", "tests/stacks/test_machine_regressions.py")
SECTION = "sequences"
_ENGINES = {"pulumi": "Pulumi CLI", "fake-engine": "fake engine", "": "in process"}  # by a part of the test's id
_TEST = re.compile(r"(?P<file>[^:]+)::test_(?P<name>\w+)(?:\[(?P<case>.*)\])?")
_SPELLINGS = {"dr region": "DR Region", "region": "Region", "fsx": "FSx", "ontap": "ONTAP", "kms": "KMS"}


class Sequences:
    """Records the result of each sequence; in a distributed run, the controller gets all reports."""

    def __init__(self) -> None:
        self._results: dict[str, dict[str, str]] = defaultdict(dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record a result; a sequence fails if one of its cases fails."""
        test = _TEST.fullmatch(report.nodeid)
        if test is None or test["file"] not in FILES or not (report.when == "call" or report.failed):
            return
        engine = next(name for part, name in _ENGINES.items() if part in (test["case"] or ""))
        results = self._results[title(test["name"])]
        results[engine] = "**wrong**" if report.failed else results.get(engine, "correct")

    def pytest_sessionfinish(self) -> None:
        """Write the table if a sequence was run."""
        if self._results:
            write_section(PAGE, SECTION, self.table())

    def table(self) -> str:
        """Return the table with a row for each sequence."""
        engines = list(_ENGINES.values())
        head = f"| Sequence | {' | '.join(engines)} |\n|---|{'---|' * len(engines)}"
        rows = (
            f"| {sequence} | {' | '.join(results.get(engine, '') for engine in engines)} |"
            for sequence, results in sorted(self._results.items())
        )
        return "\n".join([head, *rows])


def title(name: str) -> str:
    """Return the title of the test with this name, without its `test_`."""
    words = name.replace("_", " ")
    for written, spelling in _SPELLINGS.items():
        words = re.sub(rf"\b{written}", spelling, words)
    return words[:1].upper() + words[1:]

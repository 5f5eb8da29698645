"""The table of the sequences in docs/reliability.md: each is a test, whose name is the sentence."""

import re
from collections import defaultdict

import pytest

from simulator.sections import write_section
from tests.faults.reliability import PAGE

FILES = ("tests/end_to_end/test_no_unexpected_deletes.py", "tests/stacks/test_machine_regressions.py")
SECTION = "sequences"
_ENGINES = {"pulumi": "Pulumi CLI", "fake-engine": "fake engine", "": "in process"}  # by a part of the id
_TEST = re.compile(r"(?P<file>[^:]+)::test_(?P<name>\w+)(?:\[(?P<case>.*)\])?")


class Sequences:
    """Records how each sequence ended; in a distributed run, the controller gets all reports."""

    def __init__(self) -> None:
        self._ended: dict[str, dict[str, str]] = defaultdict(dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record an outcome; a sequence with a failed case has failed."""
        test = _TEST.fullmatch(report.nodeid)
        if test is None or test["file"] not in FILES or not (report.when == "call" or report.failed):
            return
        engine = next(name for part, name in _ENGINES.items() if part in (test["case"] or ""))
        sequence = self._ended[f"{test['name'].replace('_', ' ').capitalize()}."]
        sequence[engine] = "**wrong**" if report.failed else sequence.get(engine, "holds")

    def pytest_sessionfinish(self) -> None:
        """Write the table, if any sequence was run."""
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

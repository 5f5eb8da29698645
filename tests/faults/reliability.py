"""The tables of tests/faults/results.md."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from simulator.fsx.faults import FaultKind
from simulator.sections import write_section
from tests.faults import crash_matrix, fault_matrix
from tests.faults.harness import Harness

PAGE = Path(__file__).with_name("results.md")


@dataclass
class Results:
    """The results of all cells on one engine."""

    faults: dict[fault_matrix.Cell, fault_matrix.Outcome] = field(default_factory=dict)
    interruptions: dict[crash_matrix.Cell, list[str]] = field(default_factory=dict)

    def tables(self) -> dict[str, str]:
        """Return the complete tables by name."""
        tables = {}
        if len(self.faults) == len(fault_matrix.ACTIONS) * len(fault_matrix.KINDS) * len(fault_matrix.LASTING):
            rows = (row for action in fault_matrix.ACTIONS for row in self._of_action(action))
            tables["faults"] = _table(["Call", "Fault", *fault_matrix.LASTING], rows)
        if len(self.interruptions) == len(crash_matrix.CRASHES) * len(crash_matrix.MOMENTS):
            tables["interruptions"] = _table(["", *crash_matrix.MOMENTS], map(self._of_crash, crash_matrix.CRASHES))
        return tables

    def _of_action(self, action: fault_matrix.Action) -> Iterator[list[str]]:
        """Yield one row for all consecutive faults that have the same results."""

        def results(kind: FaultKind) -> list[str]:
            cells = (fault_matrix.Cell(action, kind, lasting) for lasting in fault_matrix.LASTING)
            return [_faulted(self.faults[cell]) for cell in cells]

        for same, kinds in groupby(fault_matrix.KINDS, results):
            yield [action, ", ".join(kinds), *same]

    def _of_crash(self, crash: crash_matrix.Crash) -> list[str]:
        problems = (self.interruptions[crash_matrix.Cell(crash, moment)] for moment in crash_matrix.MOMENTS)
        return [crash, *(_wrong(wrong) or "correct" for wrong in problems)]


@dataclass
class Page:
    """The results on each engine."""

    results: dict[type[Harness], Results] = field(default_factory=dict)

    def of(self, engine: type[Harness]) -> Results:
        """Return the results on an engine."""
        return self.results.setdefault(engine, Results())

    def write(self) -> None:
        """Write the complete tables."""
        for engine, results in self.results.items():
            for kind, table in results.tables().items():
                write_section(PAGE, section(kind, engine), f"Run on {engine.version()}.\n\n{table}")


def section(kind: str, engine: type[Harness]) -> str:
    """Return the name of the section that has a table of an engine."""
    return f"{kind} on the {engine.engine}"


def _faulted(outcome: fault_matrix.Outcome) -> str:
    if outcome.then:
        return _wrong(outcome.then)
    return "fails, then succeeds" if outcome.failed else "succeeds"


def _wrong(problems: Sequence[str]) -> str:
    return f"**wrong: {'; '.join(problems)}**".replace("|", "\\|") if problems else ""


def _table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    lines: list[Iterable[str]] = [head, ["---" for _ in head], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

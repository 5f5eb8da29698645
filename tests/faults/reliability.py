"""The tables of docs/reliability.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.fsx.faults import FaultKind
from simulator.sections import write_section
from tests.faults import crash_matrix, fault_matrix
from tests.faults.harness import Harness

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


@dataclass
class Results:
    """The results of all cells on one engine."""

    faults: dict[fault_matrix.Cell, fault_matrix.Outcome] = field(default_factory=dict)
    interruptions: dict[crash_matrix.Cell, list[str]] = field(default_factory=dict)

    def tables(self) -> dict[str, str]:
        """Return the tables that are complete, by name."""
        tables = {}
        if len(self.faults) == len(fault_matrix.ACTIONS) * len(fault_matrix.KINDS) * len(fault_matrix.LASTING):
            tables["faults"] = "\n\n".join(self._of_action(action) for action in fault_matrix.ACTIONS)
        if len(self.interruptions) == len(crash_matrix.CRASHES) * len(crash_matrix.MOMENTS):
            tables["crashes"] = _table(["", *crash_matrix.MOMENTS], map(self._of_crash, crash_matrix.CRASHES))
        return tables

    def _of_action(self, action: fault_matrix.Action) -> str:
        rows = [self._row(action, kind) for kind in fault_matrix.KINDS]
        return f"#### {action}\n\n" + _table(["Fault", *fault_matrix.LASTING, "What the user reads"], rows)

    def _row(self, action: fault_matrix.Action, kind: FaultKind) -> list[str]:
        outcomes = [self.faults[fault_matrix.Cell(action, kind, lasting)] for lasting in fault_matrix.LASTING]
        messages = sorted({text for outcome in outcomes for text in outcome.diagnostics})
        return [kind, *map(_faulted, outcomes), "<br>".join(messages).replace("|", "\\|")]

    def _of_crash(self, crash: crash_matrix.Crash) -> list[str]:
        problems = (self.interruptions[crash_matrix.Cell(crash, moment)] for moment in crash_matrix.MOMENTS)
        return [crash, *(_wrong(wrong) or "as asked" for wrong in problems)]


@dataclass
class Page:
    """The results on each engine."""

    results: dict[type[Harness], Results] = field(default_factory=dict)

    def of(self, engine: type[Harness]) -> Results:
        """Return the results on an engine."""
        return self.results.setdefault(engine, Results())

    def write(self) -> None:
        """Write the tables that are complete."""
        for engine, results in self.results.items():
            for of_what, tables in results.tables().items():
                write_section(PAGE, section(of_what, engine), f"Run on {engine.version()}.\n\n{tables}")


def section(of_what: str, engine: type[Harness]) -> str:
    """Return the name of the page's section with an engine's tables."""
    return f"{of_what} on the {engine.engine}"


def _faulted(outcome: fault_matrix.Outcome) -> str:
    if outcome.then:
        return _wrong(outcome.then)
    return "fails, then finishes" if outcome.failed else "succeeds"


def _wrong(problems: Sequence[str]) -> str:
    return f"**wrong: {'; '.join(problems)}**" if problems else ""


def _table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    lines: list[Iterable[str]] = [head, ["---" for _ in head], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

"""The tables of docs/reliability.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.fsx.faults import FaultKind
from simulator.sections import write_section
from tests.faults import cells, crashes
from tests.faults.playing import Theatre

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


@dataclass
class Played:
    """What came of every cell that was played on one engine."""

    faults: dict[cells.Cell, cells.Outcome] = field(default_factory=dict)
    interruptions: dict[crashes.Cell, list[str]] = field(default_factory=dict)

    def tables(self) -> dict[str, str]:
        """Return the tables by what they tell of, those alone of which every cell was played."""
        tables = {}
        if len(self.faults) == len(cells.ACTIONS) * len(cells.KINDS) * len(cells.LASTING):
            tables["faults"] = "\n\n".join(self._of_action(action) for action in cells.ACTIONS)
        if len(self.interruptions) == len(crashes.CRASHES) * len(crashes.MOMENTS):
            tables["crashes"] = _table(["", *crashes.MOMENTS], map(self._of_crash, crashes.CRASHES))
        return tables

    def _of_action(self, action: cells.Action) -> str:
        rows = [self._row(action, kind) for kind in cells.KINDS]
        return f"#### {action}\n\n" + _table(["Fault", *cells.LASTING, "What the user reads"], rows)

    def _row(self, action: cells.Action, kind: FaultKind) -> list[str]:
        outcomes = [self.faults[cells.Cell(action, kind, lasting)] for lasting in cells.LASTING]
        sentences = sorted({text for outcome in outcomes for text in outcome.told})
        return [kind, *map(_faulted, outcomes), "<br>".join(sentences).replace("|", "\\|")]

    def _of_crash(self, crash: crashes.Crash) -> list[str]:
        wrongs = (self.interruptions[crashes.Cell(crash, moment)] for moment in crashes.MOMENTS)
        return [crash, *(_wrong(wrong) or "as asked" for wrong in wrongs)]


@dataclass
class Page:
    """What was played on each engine."""

    played: dict[type[Theatre], Played] = field(default_factory=dict)

    def of(self, engine: type[Theatre]) -> Played:
        """Return what was played on an engine."""
        return self.played.setdefault(engine, Played())

    def write(self) -> None:
        """Write those tables anew of which every cell was played."""
        for engine, played in self.played.items():
            for of_what, tables in played.tables().items():
                write_section(PAGE, section(of_what, engine), f"Played on {engine.version()}.\n\n{tables}")


def section(of_what: str, engine: type[Theatre]) -> str:
    """Return the name of the page's section with an engine's tables."""
    return f"{of_what} on the {engine.engine}"


def _faulted(outcome: cells.Outcome) -> str:
    if outcome.then:
        return _wrong(outcome.then)
    return "fails, then finishes" if outcome.failed else "succeeds"


def _wrong(wrongs: Sequence[str]) -> str:
    return f"**wrong: {'; '.join(wrongs)}**" if wrongs else ""


def _table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    lines: list[Iterable[str]] = [head, ["---" for _ in head], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

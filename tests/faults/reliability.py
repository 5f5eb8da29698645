"""The tables of docs/reliability.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.fsx.faults import FaultKind
from rehearsal.sections import write_section
from tests.faults import cells, crashes

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


@dataclass
class Page:
    """What came of every cell that was played."""

    faults: dict[cells.Cell, cells.Outcome] = field(default_factory=dict)
    interruptions: dict[crashes.Cell, crashes.Outcome] = field(default_factory=dict)

    def write(self) -> None:
        """Write the tables anew."""
        write_section(PAGE, "faults", "\n\n".join(self._of_action(action) for action in cells.ACTIONS))
        rows = [
            [crash, *(_crashed(self.interruptions.get(crashes.Cell(crash, moment))) for moment in crashes.MOMENTS)]
            for crash in crashes.CRASHES
        ]
        write_section(PAGE, "crashes", _table(["", *crashes.MOMENTS], rows))

    def _of_action(self, action: cells.Action) -> str:
        rows = [self._row(action, kind) for kind in cells.KINDS]
        return f"### {action}\n\n" + _table(["Fault", *cells.LASTING, "What the user reads"], rows)

    def _row(self, action: cells.Action, kind: FaultKind) -> list[str]:
        played = [cells.Cell(action, kind, lasting) for lasting in cells.LASTING]
        outcomes = [self.faults[cell] for cell in played if cell in self.faults]
        sentences = sorted({text for outcome in outcomes for text in outcome.told})
        return [kind, *map(_faulted, outcomes), "<br>".join(sentences).replace("|", "\\|")]


def _faulted(outcome: cells.Outcome) -> str:
    if outcome.then:
        return "**wrong: " + "; ".join(outcome.then) + "**"
    return "fails, then finishes" if outcome.told else "succeeds"


def _crashed(outcome: crashes.Outcome | None) -> str:
    if outcome is None:
        return ""
    return f"{len(outcome.orphans)} copies left, named by `fsx-dr orphans`" if outcome.wrong else "as asked"


def _table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    lines: list[Iterable[str]] = [head, ["---" for _ in head], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

"""The tables of docs/reliability.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

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
        rows = [
            [cell.kind, cell.lasting, _faulted(outcome), "<br>".join(outcome.told).replace("|", "\\|")]
            for cell, outcome in sorted(self.faults.items(), key=lambda item: cells.KINDS.index(item[0].kind))
            if cell.action == action
        ]
        return f"### {action}\n\n" + _table(["Fault", "How long", "Outcome", "What the user reads"], rows)


def _faulted(outcome: cells.Outcome) -> str:
    if outcome.then:
        return "**wrong: " + "; ".join(outcome.then) + "**"
    return "`up` fails, the next one finishes" if outcome.told else "`up` succeeds"


def _crashed(outcome: crashes.Outcome | None) -> str:
    if outcome is None:
        return ""
    return f"{len(outcome.orphans)} copies left, named by `fsx-dr orphans`" if outcome.wrong else "as asked"


def _table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    lines: list[Iterable[str]] = [head, ["---" for _ in head], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

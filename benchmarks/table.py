"""The table of the benchmarks: figures and targets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.table import Table

HEADINGS = ("Figure", "Ours", "Naive", "Reference", "Target", "Verdict")


@dataclass(frozen=True)
class Target:
    """The maximum or minimum of a figure of the package."""

    at_most: float | None = None
    at_least: float | None = None

    def __str__(self) -> str:
        most = [f"≤ {self.at_most:g}"] if self.at_most is not None else []
        least = [f"≥ {self.at_least:g}"] if self.at_least is not None else []
        return "exactly " + f"{self.at_most:g}" if self.at_most == self.at_least else " and ".join(least + most)

    def is_met(self, value: float) -> bool:
        """Whether a value is within the target, without rounding."""
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)


@dataclass(frozen=True)
class Row:
    """One figure: of the package, of the naive provider, and of a reference."""

    figure: str
    ours: float
    naive: float | None = None
    reference: float | None = None
    target: Target | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        verdict = ("met" if self.target.is_met(self.ours) else "missed") if self.target else ""
        numbers = (_number(value) for value in (self.ours, self.naive, self.reference))
        return (self.figure, *numbers, str(self.target or ""), verdict)


@dataclass(frozen=True)
class Section:
    """The rows of one workload."""

    title: str
    rows: Sequence[Row]


def as_rich(sections: Iterable[Section]) -> Table:
    """Return the table for a terminal."""
    table = Table(*HEADINGS)
    for section in sections:
        table.add_section()
        table.add_row(f"[bold]{section.title}[/bold]")
        for row in section.rows:
            table.add_row(*row.cells)
    return table


def as_markdown(sections: Iterable[Section]) -> str:
    """Return the table for a page."""
    lines = [_line(HEADINGS), _line(["---", *["---:"] * 3, "---", "---"])]
    for section in sections:
        lines += [_line([f"**{section.title}**", *[""] * 5]), *(_line(row.cells) for row in section.rows)]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"  # noqa: PLR2004  # three digits are enough

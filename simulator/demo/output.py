"""What the demo prints: steps, commands, checks, and a table of the AWS calls."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from simulator.fsx.records import Entry


class DemoFailedError(Exception):
    """A command or check of the demo failed."""


class DemoOutput:
    """Prints the demo, and ends it at the first check that fails."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._steps = 0

    def step(self, title: str, *sentences: str) -> None:
        """Print the title of the next step, and what it does."""
        self._steps += 1
        self._console.print()
        self._console.rule(f"[bold cyan]{self._steps}. {title}", align="left", style="cyan")
        for sentence in sentences:
            self._console.print(sentence)

    def command(self, line: str) -> None:
        """Print a command as one would type it."""
        self._console.print(f"\n$ {line}", style="bold", markup=False, soft_wrap=True)

    def check(self, claim: str, *, holds: bool) -> None:
        """Print a claim and whether it holds.

        Raises:
            DemoFailedError: it does not hold.
        """
        self._console.print(f"[green]  ✓ {claim}" if holds else f"[bold red]  ✗ {claim}")
        if not holds:
            raise DemoFailedError(claim)

    def calls(self, journal: Iterable[Entry]) -> None:
        """Print how often each action was called, how many copies it made, and its errors."""
        table = Table(title="AWS calls", title_justify="left")
        table.add_column("Action")
        for heading in ("Calls", "Copies", "Errors"):
            table.add_column(heading, justify="right")
        by_action: dict[str, list[Entry]] = {}
        for entry in journal:
            by_action.setdefault(f"{entry['service']}:{entry['action']}", []).append(entry)
        for action, entries in sorted(by_action.items()):
            errors = Counter(entry["error"] for entry in entries if entry["error"])
            copies = sum(entry["made"] is not None for entry in entries)
            listed = ", ".join(f"{times} {error}" for error, times in errors.items())
            table.add_row(action, str(len(entries)), str(copies or ""), listed)
        self._console.print()
        self._console.print(table)

    def end(self, sentence: str) -> None:
        """Print the result."""
        self._console.print(f"\n[bold]{sentence}")

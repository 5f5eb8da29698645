"""What a person sees of a demonstration: acts, commands, findings, and a table of the calls it took."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from simulator.fsx.records import Entry


class DemoFailedError(Exception):
    """What was shown is not what was announced."""


class DemoOutput:
    """Tells the story and stops it where it is not true."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._acts = 0

    def act(self, title: str, *sentences: str) -> None:
        """Announce what comes next."""
        self._acts += 1
        self._console.print()
        self._console.rule(f"[bold cyan]{self._acts}. {title}", align="left", style="cyan")
        for sentence in sentences:
            self._console.print(sentence)

    def command(self, line: str) -> None:
        """Show a command as one would type it."""
        self._console.print(f"\n$ {line}", style="bold", markup=False, soft_wrap=True)

    def expect(self, finding: str, *, holds: bool) -> None:
        """Tell a finding.

        Raises:
            DemoFailedError: it does not hold.
        """
        self._console.print(f"[green]  ✓ {finding}" if holds else f"[bold red]  ✗ {finding}")
        if not holds:
            raise DemoFailedError(finding)

    def expect_success(self, exit_code: int) -> None:
        """Go on only if a command succeeded.

        Raises:
            DemoFailedError: it did not.
        """
        if exit_code:
            raise DemoFailedError(f"The command failed or was interrupted (exit code {exit_code}).")

    def calls(self, journal: Iterable[Entry]) -> None:
        """Show how often each action was called, what it made and how often it was turned away."""
        table = Table(title="Calls to the simulator of AWS", title_justify="left")
        table.add_column("Action")
        for heading in ("Calls", "Made", "Turned away"):
            table.add_column(heading, justify="right")
        for (service, action), entries in sorted(_by_action(journal).items()):
            away = Counter(entry["error"] for entry in entries if entry["error"])
            reasons = ", ".join(f"{times} {reason}" for reason, times in away.items())
            made = sum(entry["made"] is not None for entry in entries)
            table.add_row(f"{service}:{action}", str(len(entries)), str(made or ""), reasons)
        self._console.print()
        self._console.print(table)

    def close(self, sentence: str) -> None:
        """Tell how it ended."""
        self._console.print(f"\n[bold]{sentence}")


def _by_action(journal: Iterable[Entry]) -> dict[tuple[str, str], list[Entry]]:
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in journal:
        found.setdefault((entry["service"], entry["action"]), []).append(entry)
    return found

"""The demo's output: acts, commands, checks, and what Pulumi reported, in at most 120 lines."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from simulator.fsx.records import Entry

_KEY = re.compile(r"arn:aws:kms:\S+?/(\w{8})[\w-]+")
_NEXT_STEPS = (
    ("Run your own program without AWS", "docs/try-without-aws.md"),
    ("Copy backups in your own account", "docs/quick-start.md"),
    ("See what the fsx-dr command can do", ".venv/bin/fsx-dr --help"),
)


class DemoFailedError(Exception):
    """A command or check of the demo failed."""


class DemoOutput:
    """Prints the demo; a terminal also shows the latest line of the command that runs."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._started = time.monotonic()
        self._acts = 0
        self._checks = 0

    @contextmanager
    def act(self, title: str, claim: str) -> Iterator[None]:
        """Print the title and the claim of an act, and at its end the number of passed checks."""
        self._acts += 1
        before = self._checks
        self._console.print()
        self._console.rule(f"[bold cyan]{self._acts}. {title}", align="left", style="cyan")
        self._console.print(claim)
        yield
        self._console.print(f"[bold green]Passed[/]: {self._checks - before} of {self._checks - before} checks.")

    @contextmanager
    def command(self, line: str) -> Iterator[Callable[[str], None]]:
        """Print a command, and yield a function that shows a line of its output while it runs."""
        shortened = _KEY.sub(r"arn:aws:kms:…/\1…", line)
        self._line(f"$ {shortened}", "bold")
        if not self._console.is_terminal:
            yield lambda _: None
            return
        with self._console.status("") as status:
            width = self._console.width - 3  # the spinner needs three columns
            yield lambda shown: status.update(Text(shown.strip()[:width], "dim"))

    def note(self, text: str) -> None:
        """Print a result of the latest command."""
        self._line(f"  {text}", "dim")

    def _line(self, text: str, style: str) -> None:
        """Print one line: cut off at the edge of a terminal, whole in a pipe or file."""
        if self._console.is_terminal:
            self._console.print(Text(text, style), no_wrap=True, overflow="ellipsis")
        else:
            self._console.print(Text(text, style), soft_wrap=True)

    def check(self, claim: str, *, holds: bool) -> None:
        """Print a claim and whether it holds.

        Raises:
            DemoFailedError: the claim does not hold.
        """
        self._checks += 1
        self._console.print(f"[green]  ✓ {claim}" if holds else f"[bold red]  ✗ {claim}")
        if not holds:
            raise DemoFailedError(claim)

    def calls(self, journal: Iterable[Entry]) -> None:
        """Print how often each AWS action was called."""
        counts = Counter(f"{entry['service']}:{entry['action']}" for entry in journal)
        listed = ", ".join(f"{count} {action}" for action, count in sorted(counts.items()))
        self._console.print(f"\nAWS calls: {listed}.")

    def passed(self) -> None:
        """Print the result of a complete demo, and the next steps."""
        seconds = time.monotonic() - self._started
        self.end(f"All {self._acts} acts passed: {self._checks} checks in {seconds:.0f} s. Everything was cleaned up.")
        self._console.print("\nNext steps:")
        width = max(len(step) for step, _ in _NEXT_STEPS)
        for step, where in _NEXT_STEPS:
            self._console.print(f"  {step:{width}}  {where}")

    def end(self, sentence: str) -> None:
        """Print how the demo ended."""
        self._console.print(f"\n{sentence}", style="bold", markup=False)


def summary(lines: Iterable[str]) -> str:
    """Return the counts below `Resources:` in the output of a run, such as `2 created, 6 unchanged`."""
    counts: list[str] = []
    below = False
    for line in lines:
        if line.startswith("Resources:"):
            below = True
        elif below and line.startswith("    "):
            counts.append(line.strip())
        elif below:
            break
    return ", ".join(count for count in counts if not count.startswith("0 "))


def messages(lines: Iterable[str]) -> list[str]:
    """Return what the DR Regions report, and warnings, without AWS's own texts.

    The CLI lists messages below `Diagnostics:` and the resource. The fake engine prints them after the resource's name.
    """
    found: list[str] = []
    resource = ""
    for line in lines:
        if heading := re.fullmatch(r"  (\S+) \(\S+\):", line):
            resource = heading[1]
        elif not line.startswith("    "):
            resource = resource if not line.strip() else ""
        elif resource == "pulumi-fsx-dr:index:DrRegion" or (resource and line.startswith("    warning: ")):
            found.append(line.strip())
        elif logged := re.fullmatch(r"    (?:dr-[a-z]+-[a-z]+-\d+)?: (.*)", line):
            found.append(logged[1])
    return [re.sub(r" \(AWS said: .*\)$", "", message) for message in found]

"""The parts of docs/languages.md that come from the examples and their runs."""

import re
from dataclasses import dataclass

from simulator.project import ROOT
from simulator.sections import write_section

from .examples import NEWEST, OLDER, OTHER, Example

PAGE = ROOT / "docs" / "languages.md"
PREVIEWED = {
    "fsx-dr:index:DrRegion dr create",
    f"fsx-dr:index:BackupCopy dr-{NEWEST} create",
    f"fsx-dr:index:BackupCopy dr-{OLDER} create",
    f"fsx-dr:index:BackupCopy dr-{OTHER} create",
    "fsx-dr:index:BackupCopy ledger create",
}
_FENCES = {"Pulumi.yaml": "yaml", "index.ts": "typescript", "main.go": "go", "__main__.py": "python"}


@dataclass(frozen=True)
class Recorder:
    """Writes into the page, if that was asked for."""

    writes: bool

    def program(self, example: Example) -> None:
        """Put an example's program into the page."""
        if self.writes:
            write_section(PAGE, section(example, "program"), program(example))

    def preview(self, example: Example, printed: str) -> None:
        """Put what a preview printed into the page."""
        if self.writes:
            write_section(PAGE, section(example, "preview"), preview(printed))


def section(example: Example, part: str) -> str:
    """Return the name of a part of the page."""
    return f"{example.language}: {part}"


def shown(example: Example, part: str) -> str:
    """Return what the page shows there."""
    name = section(example, part)
    begin, end = f"<!-- {name} -->\n\n", f"\n\n<!-- end of {name} -->"
    return PAGE.read_text().partition(begin)[2].partition(end)[0]


def program(example: Example) -> str:
    """Return an example's program as the page shows it."""
    text = (example.folder / example.program).read_text().rstrip()
    return f"```{_FENCES[example.program]}\n{text}\n```"


def preview(printed: str) -> str:
    """Return what a preview printed, as the page shows it.

    A row for each resource: the engine shows that of the stack twice, and the others in an order of its own.
    """
    stack, *others = dict.fromkeys(re.findall(r"^ \+  \S+ \S+ create\b", printed, re.MULTILINE))
    summary = printed[printed.index("Outputs:") :].rstrip()
    return "\n".join(["```console", "$ pulumi preview", stack, *sorted(others), summary, "```"])


def rows(printed: str) -> set[str]:
    """Return what a preview, or the page, says is done with the package's resources: type, name, operation.

    The engine repeats the row in front of each message for the resource; those have more words.
    """
    return set(re.findall(r"^ [+~-]+ +(fsx-dr:\S+ \S+ \S+) *$", printed, re.MULTILINE))

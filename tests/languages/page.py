"""The sections of docs/languages.md that are generated from the examples."""

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
    """Writes sections of the page if the option is set."""

    writes: bool

    def program(self, example: Example) -> None:
        """Write the program of an example."""
        if self.writes:
            write_section(PAGE, section(example, "program"), program(example))

    def preview(self, example: Example, printed: str) -> None:
        """Write the output of a preview."""
        if self.writes:
            write_section(PAGE, section(example, "preview"), preview(printed))


def section(example: Example, part: str) -> str:
    """Return the name of a section."""
    return f"{example.language}: {part}"


def shown(example: Example, part: str) -> str:
    """Return the content of a section."""
    name = section(example, part)
    begin, end = f"<!-- {name} -->\n\n", f"\n\n<!-- end of {name} -->"
    return PAGE.read_text().partition(begin)[2].partition(end)[0]


def program(example: Example) -> str:
    """Return the program of an example as Markdown."""
    text = (example.folder / example.program).read_text().rstrip()
    return f"```{_FENCES[example.program]}\n{text}\n```"


def preview(printed: str) -> str:
    """Return the output of a preview as Markdown.

    One row for each resource, because the engine repeats the row of the stack and orders the others randomly.
    """
    stack, *others = dict.fromkeys(re.findall(r"^ \+  \S+ \S+ create\b", printed, re.MULTILINE))
    summary = printed[printed.index("Outputs:") :].rstrip()
    return "\n".join(["```console", "$ pulumi preview", stack, *sorted(others), summary, "```"])


def rows(printed: str) -> set[str]:
    """Return type, name and operation of this package's resources in a preview.

    The engine repeats a row before each message of the resource; those rows are longer and are ignored.
    """
    return set(re.findall(r"^ [+~-]+ +(fsx-dr:\S+ \S+ \S+) *$", printed, re.MULTILINE))

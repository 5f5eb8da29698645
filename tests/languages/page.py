"""The parts of docs/languages.md that come from the examples and their runs."""

import re
from dataclasses import dataclass

from simulator.project import ROOT
from simulator.sections import write_section

from .examples import EVERY_EXAMPLE, NEWEST, OLDER, OTHER, YAML, Example

PAGE = ROOT / "docs" / "languages.md"
PREVIEWED = {
    "fsx-dr:index:DrRegion dr create",
    f"fsx-dr:index:BackupCopy dr-{NEWEST} create",
    f"fsx-dr:index:BackupCopy dr-{OLDER} create",
    f"fsx-dr:index:BackupCopy dr-{OTHER} create",
    "fsx-dr:index:BackupCopy ledger create",
}
SHOWN = [example for example in EVERY_EXAMPLE if example.language in ("yaml", "typescript")]


@dataclass(frozen=True)
class Recorder:
    """Writes sections of the page if the option is set."""

    writes: bool

    def program(self, example: Example) -> None:
        """Put an example's program into the page."""
        if self.writes:
            write_section(PAGE, example.language, program(example))

    def preview(self, example: Example, printed: str) -> None:
        """Write the preview of the YAML example; the previews of the other languages are the same."""
        if self.writes and example is YAML:
            write_section(PAGE, "preview", preview(printed))


def shown(section: str) -> str:
    """Return a section of the page."""
    begin, end = f"<!-- {section} -->\n\n", f"\n\n<!-- end of {section} -->"
    return PAGE.read_text().partition(begin)[2].partition(end)[0]


def program(example: Example) -> str:
    """Return an example's program as the page shows it."""
    text = (example.folder / example.program).read_text().rstrip()
    return f"```{example.language}\n{text}\n```"


def preview(printed: str) -> str:
    """Return the output of a preview as the page shows it: sorted rows of the resources, then messages and outputs."""
    # The engine shows the row of the stack twice, and the others in any order.
    stack, *others = dict.fromkeys(re.findall(r"^ \+  \S+ \S+ create\b", printed, re.MULTILINE))
    summary = printed[printed.index("Diagnostics:") :].rstrip()
    return "\n".join(["```console", "$ pulumi preview", stack, *sorted(others), summary, "```"])


def rows(printed: str) -> set[str]:
    """Return the rows of the package's resources in a preview: type, name, operation."""
    # The engine repeats the row in front of each message for the resource; those have more words.
    return set(re.findall(r"^ [+~-]+ +(fsx-dr:\S+ \S+ \S+) *$", printed, re.MULTILINE))

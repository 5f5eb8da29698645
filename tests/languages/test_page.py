"""docs/languages.md shows the examples as they are, and previews of just these; held without a CLI."""

import pytest
import yaml

from .examples import EVERY_EXAMPLE, Example
from .page import PREVIEWED, Recorder, program, rows, shown

EXAMPLES = pytest.mark.parametrize("example", EVERY_EXAMPLE, ids=lambda example: example.language)


@EXAMPLES
def test_the_page_shows_the_program(example: Example, recorder: Recorder) -> None:
    recorder.program(example)

    assert shown(example, "program") == program(example)


@EXAMPLES
def test_the_page_shows_a_preview_of_the_program(example: Example) -> None:
    name = yaml.safe_load((example.folder / "Pulumi.yaml").read_text())["name"]
    preview = shown(example, "preview")

    assert f" +  pulumi:pulumi:Stack {name}-dev create" in preview.splitlines()
    assert rows(preview) == PREVIEWED
    assert "    + 6 to create" in preview.splitlines()


@EXAMPLES
def test_the_readme_tells_in_a_few_lines_how_to_run_it(example: Example) -> None:
    lines = (example.folder / "README.md").read_text().splitlines()

    assert len([line for line in lines if line]) == 5
    assert lines[2].startswith("    pulumi package add ../../../plugin ")
    assert lines[4].startswith("    pulumi preview && pulumi up")


def test_every_example_is_of_the_same_stack() -> None:
    """By what they name, whatever the language."""
    for word in ("eu-west-1", "fs-0123456789abcdef0", "fs-0123456789abcdef1", "backup-0123456789abcdef0", "storage"):
        assert [e.language for e in EVERY_EXAMPLE if word not in program(e)] == []


def test_rows_ignores_messages_of_a_preview() -> None:
    printed = """
 +  fsx-dr:index:DrRegion dr create backup-0123456789abcdef3 is copied into eu-west-1: full, 10.0 GB.
 +  fsx-dr:index:DrRegion dr create 
 ~  fsx-dr:index:BackupCopy ledger update
"""  # noqa: W291 - the CLI ends rows so

    assert rows(printed) == {"fsx-dr:index:DrRegion dr create", "fsx-dr:index:BackupCopy ledger update"}

"""docs/languages.md has the programs of the examples and their previews."""

import pytest
import yaml

from .examples import EVERY_EXAMPLE, Example
from .page import PREVIEWED, Recorder, program, rows, shown

EXAMPLES = pytest.mark.parametrize("example", EVERY_EXAMPLE, ids=lambda example: example.language)


@EXAMPLES
def test_page_shows_program_of_example(example: Example, recorder: Recorder) -> None:
    recorder.program(example)

    assert shown(example, "program") == program(example)


@EXAMPLES
def test_page_shows_preview_of_example(example: Example) -> None:
    name = yaml.safe_load((example.folder / "Pulumi.yaml").read_text())["name"]
    preview = shown(example, "preview")

    assert f" +  pulumi:pulumi:Stack {name}-dev create" in preview.splitlines()
    assert rows(preview) == PREVIEWED
    assert "    + 6 to create" in preview.splitlines()


def test_rows_ignores_messages_of_a_preview() -> None:
    printed = """
 +  fsx-dr:index:DrRegion dr create backup-0123456789abcdef3 is copied into eu-west-1: full, 10.0 GB.
 +  fsx-dr:index:DrRegion dr create 
 ~  fsx-dr:index:BackupCopy ledger update
"""  # noqa: W291  # the CLI ends rows with a space

    assert rows(printed) == {"fsx-dr:index:DrRegion dr create", "fsx-dr:index:BackupCopy ledger update"}

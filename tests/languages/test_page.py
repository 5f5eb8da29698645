"""docs/languages.md shows programs of the examples, and their preview."""

import pytest
import yaml

from .examples import YAML, Example
from .page import PREVIEWED, SHOWN, Recorder, program, rows, shown


@pytest.mark.parametrize("example", SHOWN, ids=lambda example: example.language)
def test_page_shows_program_of_example(example: Example, recorder: Recorder) -> None:
    recorder.program(example)

    assert shown(example.language) == program(example)


def test_page_shows_preview_of_example() -> None:
    name = yaml.safe_load((YAML.folder / "Pulumi.yaml").read_text())["name"]
    preview = shown("preview")

    assert f" +  pulumi:pulumi:Stack {name}-dev create" in preview.splitlines()
    assert rows(preview) == PREVIEWED
    assert "    + 6 to create" in preview.splitlines()


def test_rows_ignores_messages_of_a_preview() -> None:
    printed = """
 +  fsx-dr:index:DrRegion dr create backup-0123456789abcdef3 is copied to eu-west-1: full, 10 GB.
 +  fsx-dr:index:DrRegion dr create 
 ~  fsx-dr:index:BackupCopy ledger update
"""  # noqa: W291 - the CLI ends rows with a space

    assert rows(printed) == {"fsx-dr:index:DrRegion dr create", "fsx-dr:index:BackupCopy ledger update"}

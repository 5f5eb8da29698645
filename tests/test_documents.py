"""What the documents show is so: their programs run, and their links lead somewhere."""

import re
from pathlib import Path

import pulumi
import pytest

from rehearsal.fsx import Control
from tests.recording import RecordingEngine

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/*.md")]
PROGRAMS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_programs_in_the_readme_declare_copies(program: str, aws: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    file_system = aws.seed_file_system("eu-central-1", file_system_id="fs-0123456789abcdef0")
    aws.seed_backup("eu-central-1", file_system, backup_id="backup-0123456789abcdef0")
    monkeypatch.setattr(pulumi, "export", lambda *_: None)
    engine = RecordingEngine()

    engine.run(lambda: exec(program, {}))  # noqa: S102  # the README's own words

    copy = engine.only("pulumi-python:dynamic/fsx:BackupCopy")
    assert copy.inputs["source_backup_id"] == "backup-0123456789abcdef0"
    assert (copy.inputs["source_region"], copy.inputs["region"]) == ("eu-central-1", "eu-west-1")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_relative_links_lead_to_files_and_headings(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]*)(?:#([\w-]+))?\)", document.read_text())
    inside = [(document.parent / path if path else document, heading) for path, heading in links if ":" not in path]

    assert [str(path) for path, _ in inside if not path.exists()] == []
    assert [heading for path, heading in inside if heading and heading not in _headings(path)] == []


def _headings(document: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}

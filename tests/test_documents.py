"""Documentation: programs run, links and paths exist, and the site loads nothing from other hosts.

To correct line numbers in links to code: pytest tests/test_documents.py --write-line-links
"""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pulumi
import pytest
from click.testing import CliRunner
from pulumi_fsx_dr.cli.commands import fsx_dr

from simulator.fsx import Control
from tests.recording import RecordingEngine

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "components" / "pulumi_fsx_dr"
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("examples/*/*.md")),
    *sorted(ROOT.glob("examples/*/*/README.md")),
]
ARCHITECTURE, CONTRIBUTING = ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"
DECISIONS = sorted(ROOT.glob("docs/decisions/*.md"))
# docs/testing.md has a separate test.
GUIDES = [
    ROOT / "README.md",
    *sorted({*ROOT.glob("docs/*.md")} - {ROOT / "docs" / "testing.md"}),
    *sorted(ROOT.glob("docs/reference/*.md")),
]
PROGRAMS = {
    f"{guide.name}-{number}": program
    for guide in GUIDES
    for number, program in enumerate(re.findall(r"```python\n(.*?)```", guide.read_text(), re.DOTALL))
    if "import" in program and "pulumi_fsx_dr_sdk" not in program  # the generated SDK
}


COPYING = {name: program for name, program in PROGRAMS.items() if re.search("BackupCopy|DrRegion", program)}
# Programs with the other resources, and the type of what these register first.
OTHERS = {"dr-key.md-0": "aws:kms/key:Key", "restored-file-system.md-0": "aws:fsx/windowsFileSystem:WindowsFileSystem"}


@pytest.mark.parametrize("program", COPYING.values(), ids=COPYING.keys())
def test_documented_program_declares_copy(program: str, aws: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    file_system = aws.seed_file_system("eu-central-1", file_system_id="fs-0123456789abcdef0")
    aws.seed_backup("eu-central-1", file_system, backup_id="backup-0123456789abcdef0")
    monkeypatch.setattr(pulumi, "export", lambda *_: None)
    engine = RecordingEngine()

    engine.run(lambda: exec(program, {}))  # noqa: S102  # our own program

    copy = engine.only("pulumi-python:dynamic/fsx:BackupCopy")
    assert copy.inputs["source_backup_id"] == "backup-0123456789abcdef0"
    assert (copy.inputs["source_region"], copy.inputs["region"]) == ("eu-central-1", "eu-west-1")


@pytest.mark.parametrize("program", sorted(PROGRAMS.keys() - COPYING.keys()))
def test_documented_program_declares_its_resource(program: str, aws: Control) -> None:
    file_system = aws.seed_file_system("eu-west-1", "WINDOWS")
    aws.seed_backup("eu-west-1", file_system, backup_id="backup-0fedcba9876543210")
    engine = RecordingEngine()

    engine.run(lambda: exec(PROGRAMS[program], {}))  # noqa: S102  # a program of ours

    assert len(engine.of_type(OTHERS[program])) == 1


def test_readme_program_works_with_report(aws: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    file_system = aws.seed_file_system("eu-central-1", file_system_id="fs-0123456789abcdef0", tags={"Name": "ledger"})
    aws.seed_backup("eu-central-1", file_system)
    exported: dict[str, pulumi.Output[Any]] = {}
    known: dict[str, Any] = {}
    monkeypatch.setattr(pulumi, "export", exported.__setitem__)

    def program() -> None:
        exec(PROGRAMS["README.md-0"], {})  # noqa: S102  # our own program
        pulumi.Output.all(**exported).apply(known.update)

    RecordingEngine().run(program)
    result = CliRunner().invoke(fsx_dr, ["report", "--outputs", "-", "--format", "json"], input=json.dumps(known))

    [row] = json.loads(result.stdout)["rows"]
    assert (row["name"], row["region"], row["verdict"]) == (
        "ledger",
        "eu-west-1",
        "missing",
    )  # the recording engine makes no copies
    assert row["target_hours"] == 24.0


def test_readme_shows_forecast_of_its_program(
    aws: Control, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    file_system = aws.seed_file_system("eu-central-1", file_system_id="fs-0123456789abcdef0")
    for hours in (2, 26, 50):
        aws.seed_backup("eu-central-1", file_system, created=aws.now() - 3600 * hours)
    kms = aws.client("kms", "eu-west-1")
    kms.create_alias(AliasName="alias/fsx-dr", TargetKeyId=kms.create_key()["KeyMetadata"]["Arn"])
    monkeypatch.setattr(pulumi, "export", lambda *_: None)

    RecordingEngine().run(lambda: exec(PROGRAMS["README.md-0"], {}), preview=True)  # noqa: S102  # a program of ours

    [forecast] = [record.message for record in caplog.records if "copies to make" in record.message]
    assert f"    {forecast}\n" in (ROOT / "README.md").read_text()


def test_site_loads_nothing_from_other_hosts(tmp_path: Path) -> None:
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    made = subprocess.run(build, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # our own

    assert made.returncode == 0, made.stderr
    pages = {page: page.read_text() for page in tmp_path.rglob("*.html")}
    assert tmp_path / "reference" / "backup-copy.html" in pages
    loaded = {address for page in pages.values() for address in _loaded(page)}
    loaded |= {url for sheet in tmp_path.rglob("*.css") for url in _URL_IN_CSS.findall(sheet.read_text())}
    assert {address for address in loaded if urlsplit(address).netloc} == set()
    # The theme's script calls other hosts if a page has one of these.
    assert [page.name for page, text in pages.items() if re.search('class="(mermaid|md-source)"', text)] == []


_URL_IN_CSS = re.compile(r"""(?:url\(|@import )["']?([^"')]+)""")


def _loaded(page: str) -> Iterator[str]:
    """Yield the addresses that a browser loads when it shows a page."""
    for tag in re.findall(r"<(?:img|script|iframe|source|video|audio|embed|object|link|svg|use)\b[^>]*>", page):
        if 'rel="canonical"' not in tag:
            yield from re.findall(r"""\b(?:src|srcset|data|href)=["']?([^"' >]+)""", tag)
    yield from _URL_IN_CSS.findall("".join(re.findall(r"<style>(.*?)</style>", page, re.DOTALL)))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_relative_links_have_targets(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]*)(?:#([\w-]+))?\)", document.read_text())
    inside = [(document.parent / path if path else document, heading) for path, heading in links if ":" not in path]

    assert [str(path) for path, _ in inside if not path.exists()] == []
    in_pages = [(path, heading) for path, heading in inside if heading and path.suffix != ".py"]
    assert [heading for path, heading in in_pages if heading not in _headings(path)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_line_links_point_to_definitions(document: Path, request: pytest.FixtureRequest) -> None:
    text = document.read_text()
    if request.config.getoption("--write-line-links"):
        text = _LINE_LINK.sub(lambda link: f"[`{link[1]}`]({link[2]}#L{_line_of(document, link) or 0})", text)
        document.write_text(text)

    assert [link[0] for link in _LINE_LINK.finditer(text) if int(link[3]) != _line_of(document, link)] == []
    assert len(re.findall(r"\.py#", text)) == len(_LINE_LINK.findall(text))  # each link names a definition


@pytest.mark.parametrize("document", [ARCHITECTURE, CONTRIBUTING, *DECISIONS], ids=lambda document: document.name)
def test_paths_in_developer_pages_exist(document: Path) -> None:
    assert [
        path for path in sorted(_paths(document)) if not ((ROOT / path).exists() or (PACKAGE / path).exists())
    ] == []


def test_make_targets_in_contributing_exist() -> None:
    named = set(re.findall(r"[`$] ?make ([\w-]+)", CONTRIBUTING.read_text()))

    assert named - set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)) == set()


_LINE_LINK = re.compile(r"\[`([\w.]+)`\]\(([^)#\s]+\.py)#L(\d+)\)")


def _line_of(document: Path, link: re.Match[str]) -> int | None:
    """Return the line of the class or function that a link names, or None unless there is exactly one."""
    found = dict(_definitions(ast.parse((document.parent / link[2]).read_text())))
    nested = [line for name, line in found.items() if name.endswith(f".{link[1]}")]
    return found.get(link[1]) or (nested[0] if len(nested) == 1 else None)


def _definitions(parent: ast.AST, prefix: str = "") -> Iterator[tuple[str, int]]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", node.lineno
            yield from _definitions(node, f"{prefix}{node.name}.")


def _paths(document: Path) -> set[str]:
    spans = re.findall(r"`([\w./-]+)`", document.read_text())
    return {span for span in spans if "/" in span or Path(span).suffix in (".md", ".py", ".toml", ".txt", ".yaml")}


def _headings(document: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}

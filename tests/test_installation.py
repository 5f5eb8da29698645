"""Installation: every file names the same repository and version, and none names a project of a package index."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi_fsx_dr import optional
from pulumi_fsx_dr.errors import InvalidSettingsError

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REPOSITORY, VERSION = PROJECT["urls"]["Repository"], PROJECT["version"]
OWNER = REPOSITORY.split("/")[3]
NAME = PROJECT["name"]
SOURCE = f"git+{REPOSITORY}@v{VERSION}"
FOLDERS = (
    ".ci",
    ".github",
    "benchmarks",
    "components",
    "docs",
    "examples",
    "pipelines",
    "plugin",
    "simulator",
    "tests",
)
NOT_OURS = {".git", "__pycache__", "node_modules", "venv", ".venv", "sdks", "recorded", "pulumi_fsx_dr.egg-info"}
# Placeholders of other projects. Here the only one is OWNER, and names of users begin with acme.
OTHER_PLACEHOLDERS = r"\b(?:FORGE|HOST|GROUP|ORG|REPO|REPOSITORY|YOUR|YOU)[/.]|\b(?:your|my)[-_](?:org|repo|name)"


def texts() -> Iterator[tuple[str, str]]:
    """Yield path and text of each file of a checkout, except this one."""
    files = [*ROOT.glob("*"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))]
    for path in files:
        parts = path.relative_to(ROOT).parts
        if path.is_file() and path != Path(__file__) and path.suffix != ".png" and not NOT_OURS & {*parts}:
            yield "/".join(parts), path.read_text()


def found(pattern: str) -> set[tuple[str, str]]:
    """Return what matches a pattern, with the path of its file."""
    return {(path, match[0]) for path, text in texts() for match in re.finditer(pattern, text)}


def test_installation_commands_name_repository_and_tag() -> None:
    extras = rf"{NAME}\[[\w,]+\]"

    assert found(rf"{extras} @ {re.escape(SOURCE)}")
    assert found(rf"{extras}(?! @ {re.escape(SOURCE)})") == set()
    assert found(rf"(?:pip|uv|pipx|npm|go) (?:install|add|get) '?{NAME}\b(?!\[)") == set()


def test_files_name_no_package_index() -> None:
    named = found(r"(?i)\bpypi\b|twine upload|npmjs\.com|shields\.io|nuget\.org")

    assert {(path, word) for path, word in named if not path.startswith("tests/")} == set()


def test_addresses_have_one_owner_and_one_version() -> None:
    addresses = rf"(?:github\.com|githubusercontent\.com|uses:|--repo)[/ ]+([\w.-]+)/{NAME}\b"

    assert {owner for _, text in texts() for owner in re.findall(addresses, text)} == {OWNER}
    assert {version for _, text in texts() for version in re.findall(rf"{NAME}[\w./-]*?[@/]v(\d[\w.]*\w)", text)} == {
        VERSION
    }


def test_owner_is_the_only_placeholder() -> None:
    assert found(OTHER_PLACEHOLDERS) == set()


def test_set_owner_replaces_every_placeholder(tmp_path: Path) -> None:
    git = shutil.which("git")
    if not git:
        pytest.skip("there is no git on PATH")
    for path, text in texts():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text.replace(f"{OWNER}/", "OWNER" + "/"))
    for command in (["init", "--quiet"], ["add", "--all", "--force"]):
        subprocess.run([git, *command], cwd=tmp_path, check=True)  # noqa: S603  # our own

    subprocess.run([sys.executable, str(tmp_path / ".ci" / "set_owner.py"), "storage-team"], check=True)  # noqa: S603  # our own

    left = [file for file in tmp_path.rglob("*") if ".git/" not in str(file) and file.is_file()]
    assert [str(file) for file in left if re.search(r"\bOWNER/", file.read_text())] == []
    assert f"https://github.com/storage-team/{NAME}" in (tmp_path / "pyproject.toml").read_text()


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--owner"], ["-team"], ["storage team"], ["a/b"]], ids=str)
def test_set_owner_without_a_valid_name_changes_nothing(tmp_path: Path, arguments: list[str]) -> None:
    for path in (".ci/set_owner.py", "README.md"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    command = [sys.executable, str(tmp_path / ".ci" / "set_owner.py"), *arguments]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own

    assert "Traceback" not in ended.stderr
    assert (ended.returncode == 0) == (arguments == ["--help"])
    assert (tmp_path / "README.md").read_bytes() == (ROOT / "README.md").read_bytes()


def test_missing_extra_is_installed_from_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pulumi_aws", None)

    with pytest.raises(InvalidSettingsError) as refused:
        optional.import_pulumi_aws()

    assert f"pip install '{NAME}[aws] @ {SOURCE}'" in str(refused.value)


def test_documents_require_cli_of_oldest_sdk() -> None:
    [oldest] = re.findall(r"pulumi>=([\d.]+)", " ".join(PROJECT["dependencies"]))

    found = {version for _, text in texts() for version in re.findall(r"CLI(?:\]\(\S+\))? \(?(3\.\d+) or later", text)}

    assert found == {oldest}

"""Print the notes of a release, if its tag, version, changelog section and addresses match."""

# ruff: noqa: INP001  # a script

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def notes(tag: str, address: str) -> str:
    """Return the changelog's section of a version.

    Args:
        tag: such as v0.2.0.
        address: the URL of the repository that releases.

    Raises:
        SystemExit: something does not match; the text says what to correct.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = project["version"]
    if tag != f"v{version}":
        sys.exit(f"The tag is {tag}, but pyproject.toml has version {version}. Change one of them.")
    if elsewhere := [url for url in project["urls"].values() if not f"{url}/".startswith(f"{address}/")]:
        sys.exit(f"pyproject.toml has {elsewhere[0]}, which is not in {address}. Run: python .ci/set_owner.py NAME")
    section = re.search(
        rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## \[|\Z)",
        (ROOT / "CHANGELOG.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    if section is None:
        sys.exit(f"CHANGELOG.md has no section [{version}]. Write it.")
    return section[1].strip()


if __name__ == "__main__":
    sys.stdout.write(notes(*sys.argv[1:]) + "\n")

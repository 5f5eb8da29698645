"""Print a release's notes from the changelog, if the tag, the version, the changelog and the addresses agree."""

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
        address: of the repository that releases.

    Raises:
        SystemExit: something is to be mended first; the text says what.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = project["version"]
    if tag != f"v{version}":
        sys.exit(f"The tag is {tag}, but the version in pyproject.toml is {version}: make them agree.")
    if elsewhere := [url for url in project["urls"].values() if not f"{url}/".startswith(f"{address}/")]:
        sys.exit(f"{elsewhere[0]} in pyproject.toml is not below {address}: correct the addresses.")
    section = re.search(
        rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## \[|\Z)",
        (ROOT / "CHANGELOG.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    if section is None:
        sys.exit(f"CHANGELOG.md has no section [{version}]: write it.")
    return section[1].strip()


if __name__ == "__main__":
    sys.stdout.write(notes(*sys.argv[1:]) + "\n")

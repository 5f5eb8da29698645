"""Write the owner of the repository into every address."""

# ruff: noqa: INP001  # a script

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAME = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
PLACEHOLDER = re.compile(rb"\bOWNER(?=/)")


def set_owner(name: str) -> None:
    """Replace the placeholder in all files of the repository.

    Raises:
        SystemExit: GitHub does not allow the name.
    """
    if not NAME.fullmatch(name):
        sys.exit(f"{name!r} is not a name that GitHub allows. Give the user or organization that owns the repository.")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)  # noqa: S607  # git
    for path in (ROOT / file for file in listed.stdout.decode().split("\0") if file):
        before = path.read_bytes()
        after = PLACEHOLDER.sub(name.encode(), before)
        if after != before:
            path.write_bytes(after)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="user or organization on GitHub")
    set_owner(parser.parse_args().name)

"""A small Pulumi engine for machines without the Pulumi CLI; it uses Pulumi's host of dynamic providers."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

INSTALLED = Path(__file__).parents[2] / ".pulumi-cli"  # where `make setup` installs the CLI
FAKE_ENGINE = [sys.executable, "-m", "simulator.fake_engine"]
_OLDEST = (3, 246)  # that of the SDK, which pyproject.toml names


def find_engine() -> list[str]:
    """Return the first words of a command: the Pulumi CLI (3.246 or later) or, if it is missing, the fake engine."""
    for cli in (shutil.which("pulumi"), shutil.which("pulumi", path=str(INSTALLED / "bin"))):
        if cli and _version(cli) >= _OLDEST:
            return [cli]
    return FAKE_ENGINE


def _version(cli: str) -> tuple[int, ...]:
    answer = subprocess.run([cli, "version"], capture_output=True, text=True, check=False)  # noqa: S603 - the Pulumi CLI
    return tuple(int(part) for part in re.findall(r"\d+", answer.stdout)[:2])

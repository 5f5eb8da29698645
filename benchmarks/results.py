"""The page of results, with the date and the machine."""

import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.table import Section, as_markdown
from simulator.fake_engine import FAKE_ENGINE, find_engine
from simulator.sections import write_section

PAGE = Path(__file__).with_name("results.md")


def write(name: str, sections: Iterable[Section]) -> None:
    """Write the table of one command, with the date and the machine."""
    write_section(PAGE, name, f"{_machine()}\n\n{as_markdown(sections)}")


def _machine() -> str:
    packages = ", ".join(f"{package} {version(package)}" for package in ("pulumi", "boto3"))
    processors = f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}"
    return f"{datetime.now(UTC).date()}: {processors}, {_engine()}, Python {platform.python_version()}, {packages}"


def _engine() -> str:
    engine = find_engine()
    if engine == FAKE_ENGINE:
        return "fake engine"
    answer = subprocess.run([*engine, "version"], capture_output=True, text=True, check=True)  # noqa: S603 - the engine
    return f"Pulumi CLI {answer.stdout.strip()}"

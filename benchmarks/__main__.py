"""`python -m benchmarks`: run all benchmarks, print the tables and write them to docs/benchmarks.md.

`python -m benchmarks hosts` only compares the two hosts, `python -m benchmarks protection` only measures the time until
everything is protected.
"""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from string import Template

from rich.console import Console

from benchmarks.figures import SHORTEST_COPY, Workload
from benchmarks.measuring import PARALLEL
from benchmarks.protection import FileSystems, time_until_protected
from benchmarks.sections import many_copies, native_copies, timed_copies, timed_copies_and_destroy
from benchmarks.table import Section, as_markdown, as_rich
from simulator.fake_engine import FAKE_ENGINE, find_engine
from simulator.project import POLL_SECONDS
from simulator.sections import write_section

_PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_TEMPLATE = Path(__file__).with_name("page.md")


def main(*only: str) -> None:
    """Measure, print and write."""
    console = Console(width=130)
    if not only:
        sections = _printed(_measured(), console)
        _PAGE.write_text(_page(sections))
    if only != ("hosts",):
        write_section(_PAGE, "protection", as_markdown(_printed(_protection(), console)))
    if only != ("protection",) and find_engine() != FAKE_ENGINE:  # which runs no plugins
        write_section(_PAGE, "hosts", as_markdown(_printed(_hosts(), console)))
    console.print(f"Written to docs/{_PAGE.name}.")


def _printed(measured: Iterator[Section], console: Console) -> list[Section]:
    began, sections = time.monotonic(), []
    for section in measured:
        sections.append(section)
        console.print(f"{time.monotonic() - began:.0f} s: {section.title}")
    console.print(as_rich(sections))
    return sections


def _measured() -> Iterator[Section]:
    yield timed_copies(Workload(copies=60, copy_seconds=SHORTEST_COPY, regions=3))
    yield from timed_copies_and_destroy(Workload(copies=300, copy_seconds=SHORTEST_COPY, regions=6))
    yield from many_copies(Workload(copies=1_000, copy_seconds=0, regions=10))


def _protection() -> Iterator[Section]:
    ten, six = (11, 10, 9, 8, 7, 5, 4, 3, 2.5, 2.4), (10, 8, 7, 6, 4, 3)
    for workload in (
        FileSystems(ten, keep=6),
        FileSystems(ten, keep=6, parallel=8),
        FileSystems(ten, keep=6, regions=2),
        FileSystems(six, keep=4),
        FileSystems(six, keep=4, parallel=8),
        FileSystems(six, keep=4, regions=2),
    ):
        yield time_until_protected(workload)


def _hosts() -> Iterator[Section]:
    yield native_copies(Workload(copies=1_000, copy_seconds=0, regions=10))


def _page(sections: list[Section]) -> str:
    return Template(_TEMPLATE.read_text()).substitute(
        date=datetime.now(UTC).date(),
        machine=f"{os.cpu_count()} processors, {platform.system()} {platform.release()}, {platform.machine()}",
        engine=_engine(),
        python=platform.python_version(),
        pulumi=version("pulumi"),
        boto3=version("boto3"),
        poll=POLL_SECONDS,
        parallel=PARALLEL,
        table=as_markdown(sections),
    )


def _engine() -> str:
    engine = find_engine()
    if engine == FAKE_ENGINE:
        return "the fake engine (no Pulumi CLI found)"
    answer = subprocess.run([*engine, "version"], capture_output=True, text=True, check=True)  # noqa: S603 - the engine
    return f"Pulumi CLI {answer.stdout.strip()}"


if __name__ == "__main__":
    main(*sys.argv[1:])

"""`python -m benchmarks`: measure, print the tables and write them to benchmarks/results.md."""

import time
from collections.abc import Iterable

import click
from rich.console import Console

from benchmarks import results
from benchmarks.figures import SHORTEST_COPY, Workload
from benchmarks.protection import FileSystems, time_until_protected
from benchmarks.sections import many_copies, native_copies, timed_copies, timed_copies_and_destroy
from benchmarks.table import Section, as_rich
from simulator.fake_engine import FAKE_ENGINE, find_engine


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """Measure the package against a naive provider, on the simulator, and write benchmarks/results.md.

    Without a COMMAND, all benchmarks run, which takes about 25 minutes.
    """
    if context.invoked_subcommand is None:
        for command in (copies, protection, hosts):
            context.invoke(command)


@main.command()
def copies() -> None:
    """Measure up, preview, refresh and destroy."""
    _measure("copies", _copies())


@main.command()
def protection() -> None:
    """Measure the time until everything is protected."""
    _measure("protection", map(time_until_protected, _file_systems()))


@main.command()
def hosts() -> None:
    """Compare the two plugin hosts, on the CLI."""
    if find_engine() == FAKE_ENGINE:
        click.echo("hosts: skipped. This benchmark needs the Pulumi CLI, because the fake engine does not run plugins.")
        return
    _measure("hosts", [native_copies(Workload(copies=1_000, copy_seconds=0, regions=10))])


def _measure(name: str, measured: Iterable[Section]) -> None:
    """Run the benchmarks of one command, and print and write their table."""
    console = Console(width=130)
    console.print(f"{name}: started")
    began, sections = time.monotonic(), []
    for section in measured:
        sections.append(section)
        console.print(f"{name}: {section.title} ({time.monotonic() - began:.0f} s)")
    console.print(as_rich(sections))
    results.write(name, sections)
    console.print(f"{name}: written to {results.PAGE.parent.name}/{results.PAGE.name}")


def _copies() -> Iterable[Section]:
    yield timed_copies(Workload(copies=60, copy_seconds=SHORTEST_COPY, regions=3))
    yield from timed_copies_and_destroy(Workload(copies=300, copy_seconds=SHORTEST_COPY, regions=6))
    yield from many_copies(Workload(copies=1_000, copy_seconds=0, regions=10))


def _file_systems() -> Iterable[FileSystems]:
    ten, six = (11, 10, 9, 8, 7, 5, 4, 3, 2.5, 2.4), (10, 8, 7, 6, 4, 3)
    for sizes, keep in ((ten, 6), (six, 4)):
        yield FileSystems(sizes, keep)
        yield FileSystems(sizes, keep, parallel=8)
        yield FileSystems(sizes, keep, regions=2)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")

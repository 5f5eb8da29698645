"""Processor time and memory of the provider's process, from /proc."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from simulator.project import Project

_SAMPLE_SECONDS = 0.1
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Usage:
    """Processor seconds and peak memory (MB); the last tenth of a second before the end can be missing."""

    cpu_seconds: float = 0
    peak_mb: float = 0


@contextmanager
def sampled(project: Project) -> Iterator[Usage]:
    """Sample the project's host of dynamic providers during the context."""
    usage, over = Usage(), Event()
    sampler = Thread(target=_sample, args=(project, usage, over), daemon=True)
    sampler.start()
    try:
        yield usage
    finally:
        over.set()
        sampler.join()


def _sample(project: Project, usage: Usage, over: Event) -> None:
    host = None
    while not over.wait(_SAMPLE_SECONDS):
        with suppress(OSError):
            host = host or next((Path(f"/proc/{pid}") for pid in project.plugins()), None)
            if host:
                usage.cpu_seconds = max(usage.cpu_seconds, _cpu_seconds(host))
                usage.peak_mb = max(usage.peak_mb, _peak_mb(host))


def _cpu_seconds(host: Path) -> float:
    fields = (host / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _peak_mb(host: Path) -> float:
    lines = (host / "status").read_text().splitlines()
    # A process that has just ended has a status without memory.
    return max((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:")), default=0)

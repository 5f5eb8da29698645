"""The interruptions: each kind at each moment of a copy."""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from simulator.project import eventually
from tests.faults.harness import DR_REGIONS, Diagnostics, Harness, Run, kill
from tests.faults.workload import Program

Crash = Literal["CLI killed", "plugin killed", "both killed", "first Ctrl-C", "second Ctrl-C"]
Moment = Literal[
    "queued",
    "before CopyBackup's answer",
    "copying",
    "AVAILABLE, not saved",
    "deleting",
]
CRASHES: tuple[Crash, ...] = get_args(Crash)
MOMENTS: tuple[Moment, ...] = get_args(Moment)
_LONG, _SHORT = 3600.0, 0.5  # durations of a copy in seconds
_MOMENT_SECONDS = 600.0  # until all copies are at their moment; many runs start together
_LIMITS = dict.fromkeys(("create", "update", "delete"), "3600s")  # timeouts of steps that wait for other copies
_WANTED: Mapping[Moment, tuple[int, ...]] = {"queued": (1, 2, 3, 4, 5, 6, 7), "deleting": ()}


class Cell(NamedTuple):
    """An interruption at a moment."""

    crash: Crash
    moment: Moment


@dataclass
class _CellRun:
    """A cell in its Region."""

    cell: Cell
    region: str
    harness: Harness
    faults: list[int] = field(default_factory=list)

    @property
    def wanted(self) -> tuple[int, ...]:
        """The numbers of the declared copies."""
        return _WANTED.get(self.cell.moment, (0, 1, 2))

    @property
    def program(self) -> Program:
        """The declared copies."""
        return self.harness.program(self.region, *self.wanted, **_LIMITS)

    def prepare(self) -> None:
        """Make the run stay at the moment."""
        aws, at = self.harness.aws, self.cell.moment
        if at in ("queued", "copying", "AVAILABLE, not saved"):
            aws.set_copy_seconds(_LONG, region=self.region)
        elif at == "before CopyBackup's answer":
            self.faults.append(aws.add_fault("lost", "CopyBackup", region=self.region))
        else:
            self.faults.append(aws.add_fault("hang", "DeleteBackup", region=self.region))

    def has_come(self) -> bool:
        """Whether the run has reached the moment."""
        copies = [c for c in self.harness.copies(self.region) if c["source_backup_id"] in self._sources]
        moments: Mapping[Moment, Callable[[], bool]] = {
            "queued": lambda: len(copies) == 5,
            "before CopyBackup's answer": lambda: len(copies) == len(self.wanted),
            "copying": lambda: len(copies) == len(self.wanted),
            "AVAILABLE, not saved": lambda: len(copies) == len(self.wanted) and self._are_made(copies),
            "deleting": lambda: self._called("DeleteBackup") >= 1,
        }
        return moments[self.cell.moment]()

    def release(self) -> None:
        """End the running copies and the faults."""
        self.harness.aws.set_copy_seconds(_SHORT, region=self.region)
        self.harness.aws.finish_copies(region=self.region)
        for fault in self.faults:
            self.harness.aws.lift_fault(fault)

    def problems(self, diagnostics: Diagnostics) -> list[str]:
        """Return the diagnostics of a run, and the problems after it."""
        said = [text for text, _ in diagnostics.get(self.region, [])]
        return [*said, *self.harness.problems(self.region, *self.wanted)]

    def _are_made(self, copies: Sequence[Mapping[str, Any]]) -> bool:
        """Finish copies while DescribeBackups hangs, so that the run does not notice."""
        if not self.faults:
            self.faults.append(self.harness.aws.add_fault("hang", "DescribeBackups", region=self.region))
            self.harness.aws.finish_copies(region=self.region)
        return all(copy["lifecycle"] == "AVAILABLE" for copy in copies)

    @property
    def _sources(self) -> set[str]:
        return {self.harness.sources[number] for number in self.wanted}

    def _called(self, action: str) -> int:
        return len(self.harness.aws.journal(self.region, action))


def batches(kind: type[Harness]) -> list[list[Cell]]:
    """Return all cells, in batches for one run each."""
    last = MOMENTS[-1:] if kind.deletes_last else ()
    parts = [[moment for moment in MOMENTS if moment not in last], *([moment] for moment in last)]
    return [[Cell(crash, moment) for moment in part] for crash in CRASHES for part in parts]


def run_cells(harness: Harness, cells: list[Cell]) -> dict[Cell, list[str]]:
    """Run cells with the same interruption, each in its own Region: an interrupted run, then another run.

    Returns:
        By cell: the diagnostics of the other run, and the problems after it.
    """
    runs = [_CellRun(cell, region, harness) for cell, region in zip(cells, DR_REGIONS, strict=False)]
    harness.aws.set_copy_seconds(_SHORT)
    if deleting := {cell_run.region: harness.program(cell_run.region, 0) for cell_run in runs if not cell_run.wanted}:
        assert harness.up(deleting) == {}
    harness.aws.clear_journal()
    for cell_run in runs:
        cell_run.prepare()
    (crash,) = {cell.crash for cell in cells}
    _interrupt(harness, crash, runs)
    harness.unlock()
    again = harness.up({cell_run.region: cell_run.program for cell_run in runs})
    return {cell_run.cell: cell_run.problems(again) for cell_run in runs}


def _interrupt(harness: Harness, crash: Crash, runs: list[_CellRun]) -> None:
    """Start a run, and interrupt it when all its copies are at their moment."""
    with harness.started({cell_run.region: cell_run.program for cell_run in runs}) as run:
        for cell_run in runs:
            eventually(cell_run.has_come, f"{cell_run.cell}", seconds=_MOMENT_SECONDS)
        _CRASHES[crash](run)
        if crash in _SURVIVED:
            _release(runs)
        eventually(run.is_over, f"the end after {crash}", seconds=_MOMENT_SECONDS)
    _release(runs)


def _release(runs: list[_CellRun]) -> None:
    for cell_run in runs:
        cell_run.release()


def _cli_killed(run: Run) -> None:
    kill(run.process.pid)


def _plugin_killed(run: Run) -> None:
    kill(*run.hosts())


def _all_killed(run: Run) -> None:
    kill(*run.processes())


def _ctrl_c(run: Run) -> None:
    run.process.send_signal(signal.SIGINT)


def _ctrl_c_twice(run: Run) -> None:
    _ctrl_c(run)
    while run.process.poll() is None:  # a second signal before the first is handled has no effect
        time.sleep(0.5)
        _ctrl_c(run)


_CRASHES: Mapping[Crash, Callable[[Run], None]] = {
    "CLI killed": _cli_killed,
    "plugin killed": _plugin_killed,
    "both killed": _all_killed,
    "first Ctrl-C": _ctrl_c,
    "second Ctrl-C": _ctrl_c_twice,
}
_SURVIVED: tuple[Crash, ...] = ("plugin killed", "first Ctrl-C")  # the engine continues, and waits for its program

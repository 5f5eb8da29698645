"""Every kind of interruption at every moment of a copy's life: what is played, and what is left of it."""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from simulator.project import eventually
from tests.faults.fleet import Program
from tests.faults.playing import DR_REGIONS, Run, Theatre, Told, kill

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
_LONG, _SHORT = 3600.0, 0.5  # seconds a copy takes
_MOMENT_SECONDS = 600.0  # within which all copies come to their moment; many runs start together
_LIMITS = dict.fromkeys(("create", "update", "delete"), "3600s")  # of steps that wait until all are at their moments
_WANTED: Mapping[Moment, tuple[int, ...]] = {"queued": (1, 2, 3, 4, 5, 6, 7), "deleting": ()}


class Cell(NamedTuple):
    """An interruption at a moment."""

    crash: Crash
    moment: Moment


@dataclass
class _Scene:
    """A cell in its Region."""

    cell: Cell
    region: str
    theatre: Theatre
    faults: list[int] = field(default_factory=list)

    @property
    def wanted(self) -> tuple[int, ...]:
        """The sources of which the program declares copies."""
        return _WANTED.get(self.cell.moment, (0, 1, 2))

    @property
    def program(self) -> Program:
        """What the program declares."""
        return self.theatre.program(self.region, *self.wanted, **_LIMITS)

    def prepare(self) -> None:
        """See to it that the run stays at the moment."""
        aws, at = self.theatre.aws, self.cell.moment
        if at in ("queued", "copying", "AVAILABLE, not saved"):
            aws.set_copy_seconds(_LONG, region=self.region)
        elif at == "before CopyBackup's answer":
            self.faults.append(aws.add_fault("lost", "CopyBackup", region=self.region))
        else:
            self.faults.append(aws.add_fault("hang", "DeleteBackup", region=self.region))

    def has_come(self) -> bool:
        """Whether the run is at the moment."""
        copies = [c for c in self.theatre.copies(self.region) if c["source_backup_id"] in self._sources]
        moments: Mapping[Moment, Callable[[], bool]] = {
            "queued": lambda: len(copies) == 5,
            "before CopyBackup's answer": lambda: len(copies) == len(self.wanted),
            "copying": lambda: len(copies) == len(self.wanted),
            "AVAILABLE, not saved": lambda: len(copies) == len(self.wanted) and self._are_made(copies),
            "deleting": lambda: self._called("DeleteBackup") >= 1,
        }
        return moments[self.cell.moment]()

    def release(self) -> None:
        """Let what runs and hangs come to its end."""
        self.theatre.aws.set_copy_seconds(_SHORT, region=self.region)
        self.theatre.aws.finish_copies(region=self.region)
        for fault in self.faults:
            self.theatre.aws.lift_fault(fault)

    def wrongs(self, told: Told) -> list[str]:
        """Return what a run said, and what is not as it must be after it."""
        said = [text for text, _ in told.get(self.region, [])]
        return [*said, *self.theatre.wrongs(self.region, *self.wanted)]

    def _are_made(self, copies: Sequence[Mapping[str, Any]]) -> bool:
        """Finish copies behind the back of the run, which is told nothing more and so has not handed them on."""
        if not self.faults:
            self.faults.append(self.theatre.aws.add_fault("hang", "DescribeBackups", region=self.region))
            self.theatre.aws.finish_copies(region=self.region)
        return all(copy["lifecycle"] == "AVAILABLE" for copy in copies)

    @property
    def _sources(self) -> set[str]:
        return {self.theatre.sources[number] for number in self.wanted}

    def _called(self, action: str) -> int:
        return len(self.theatre.aws.journal(self.region, action))


def companies(kind: type[Theatre]) -> list[list[Cell]]:
    """Return all cells, those together that one run can hold at their moments."""
    last = MOMENTS[-1:] if kind.deletes_last else ()
    parts = [[moment for moment in MOMENTS if moment not in last], *([moment] for moment in last)]
    return [[Cell(crash, moment) for moment in part] for crash in CRASHES for part in parts]


def play(theatre: Theatre, played: list[Cell]) -> dict[Cell, list[str]]:
    """Play cells of one interruption, each in a Region of its own: a run that is interrupted, and another one.

    Returns:
        By cell what the other run said, and all that was wrong after it.
    """
    scenes = [_Scene(cell, region, theatre) for cell, region in zip(played, DR_REGIONS, strict=False)]
    theatre.aws.set_copy_seconds(_SHORT)
    if deleting := {scene.region: theatre.program(scene.region, 0) for scene in scenes if not scene.wanted}:
        assert theatre.up(deleting) == {}
    theatre.aws.clear_journal()
    for scene in scenes:
        scene.prepare()
    (crash,) = {cell.crash for cell in played}
    _interrupt(theatre, crash, scenes)
    theatre.unlock()
    again = theatre.up({scene.region: scene.program for scene in scenes})
    return {scene.cell: scene.wrongs(again) for scene in scenes}


def _interrupt(theatre: Theatre, crash: Crash, scenes: list[_Scene]) -> None:
    """Start a run, and interrupt it once all its copies are at their moment."""
    with theatre.started({scene.region: scene.program for scene in scenes}) as run:
        for scene in scenes:
            eventually(scene.has_come, f"{scene.cell}", seconds=_MOMENT_SECONDS)
        _CRASHES[crash](run)
        if crash in _SURVIVED:
            _release(scenes)
        eventually(run.is_over, f"the end after {crash}", seconds=_MOMENT_SECONDS)
    _release(scenes)


def _release(scenes: list[_Scene]) -> None:
    for scene in scenes:
        scene.release()


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
    while run.process.poll() is None:  # two that come before the first is handled are one
        time.sleep(0.5)
        _ctrl_c(run)


_CRASHES: Mapping[Crash, Callable[[Run], None]] = {
    "CLI killed": _cli_killed,
    "plugin killed": _plugin_killed,
    "both killed": _all_killed,
    "first Ctrl-C": _ctrl_c,
    "second Ctrl-C": _ctrl_c_twice,
}
_SURVIVED: tuple[Crash, ...] = ("plugin killed", "first Ctrl-C")  # by the engine, which waits for its program

"""Every kind of interruption at every moment of a copy's life: what is played, and what is left of it."""

import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from pulumi_fsx_dr.ownership import MARK_TAG

from rehearsal import fleet
from tests.faults.playing import DR_REGIONS, Run, Theatre, eventually, kill

Crash = Literal["CLI killed", "plugin killed", "both killed", "first Ctrl-C", "second Ctrl-C"]
Moment = Literal[
    "queued",
    "before CopyBackup's answer",
    "copying",
    "AVAILABLE, not recorded",
    "recorded, not in the state",
    "deleting",
]
CRASHES: tuple[Crash, ...] = get_args(Crash)
MOMENTS: tuple[Moment, ...] = get_args(Moment)
_LONG, _SHORT = 600.0, 0.5  # seconds a copy takes
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
    def program(self) -> fleet.Program:
        """What the program declares."""
        return self.theatre.program(self.region, *self.wanted)

    def prepare(self) -> None:
        """See to it that the run stays at the moment."""
        aws, at = self.theatre.aws, self.cell.moment
        if at in ("queued", "copying"):
            aws.set_copy_seconds(_LONG, region=self.region)
        elif at == "before CopyBackup's answer":
            self.faults.append(aws.add_fault("lost", "CopyBackup", region=self.region))
        elif at == "deleting":
            self.faults.append(aws.add_fault("hang", "DeleteBackup", region=self.region))
        else:
            kind: Literal["hang", "lost"] = "hang" if at == "AVAILABLE, not recorded" else "lost"
            self.faults.append(aws.add_fault(kind, "TagResource", region=self.region))

    def has_come(self) -> bool:
        """Tell whether the run is at the moment."""
        copies = [c for c in self.theatre.copies(self.region) if c["source_backup_id"] in self._sources]
        moments: Mapping[Moment, Callable[[], bool]] = {
            "queued": lambda: len(copies) == 5,
            "before CopyBackup's answer": lambda: len(copies) == len(self.wanted),
            "copying": lambda: len(copies) == len(self.wanted),
            "AVAILABLE, not recorded": lambda: self._called("TagResource") >= len(self.wanted),
            "recorded, not in the state": lambda: bool(copies) and all(_is_recorded(copy) for copy in copies),
            "deleting": lambda: self._called("DeleteBackup") >= 1,
        }
        return moments[self.cell.moment]()

    def release(self) -> None:
        """Let what runs and hangs come to its end."""
        self.theatre.aws.set_copy_seconds(_SHORT, region=self.region)
        self.theatre.aws.finish_copies(region=self.region)
        for fault in self.faults:
            self.theatre.aws.lift_fault(fault)

    @property
    def _sources(self) -> set[str]:
        return {self.theatre.sources[number] for number in self.wanted}

    def _called(self, action: str) -> int:
        return len(self.theatre.aws.journal(self.region, action))


class Outcome(NamedTuple):
    """What is left after the next `up`.

    Attributes:
        wrong: the failures of that `up`, and all that is not as it must be.
        orphans: the copies that no state holds.
        named: those of them that `fsx-dr orphans` says are nobody's.
    """

    wrong: list[str]
    orphans: set[str]
    named: set[str]


def play(theatre: Theatre, played: list[Cell]) -> dict[Cell, Outcome]:
    """Play cells, each in a Region of its own: a run that is interrupted, and another one."""
    scenes = [_Scene(cell, region, theatre) for cell, region in zip(played, DR_REGIONS, strict=False)]
    theatre.aws.set_copy_seconds(_SHORT)
    deleting = {scene.region: theatre.program(scene.region, 0) for scene in scenes if not scene.wanted}
    assert theatre.up(deleting) == {}
    theatre.aws.clear_journal()
    for scene in scenes:
        scene.prepare()
    _interrupt(theatre, scenes)
    again = theatre.up({scene.region: scene.program for scene in scenes})
    return {scene.cell: _outcome(scene, again.get(scene.region, [])) for scene in scenes}


def _outcome(scene: _Scene, told: list[str]) -> Outcome:
    held = {state["id"] for state in fleet.resources(scene.theatre.folder, scene.region)}
    orphans = {copy["id"] for copy in scene.theatre.copies(scene.region)} - held
    wrong = [*told, *scene.theatre.wrongs(scene.region, *scene.wanted)]
    return Outcome(wrong, orphans, scene.theatre.left(scene.region))


def _interrupt(theatre: Theatre, scenes: list[_Scene]) -> None:
    """Start a run for each kind of interruption, and interrupt it once all its copies are at their moment."""
    with ExitStack() as stack:
        runs: dict[Crash, tuple[Run, list[_Scene]]] = {}
        for crash in dict.fromkeys(scene.cell.crash for scene in scenes):
            mine = [scene for scene in scenes if scene.cell.crash == crash]
            runs[crash] = stack.enter_context(theatre.started({s.region: s.program for s in mine})), mine
        for crash, (run, mine) in runs.items():
            for scene in mine:
                eventually(scene.has_come, f"{scene.cell}")
            _CRASHES[crash](run, mine)
            eventually(run.is_over, f"the end after {crash}")
            for scene in mine:
                scene.release()


def _cli_killed(run: Run, _scenes: list[_Scene]) -> None:
    kill(run.process.pid)


def _plugin_killed(run: Run, _scenes: list[_Scene]) -> None:
    kill(run.host)


def _both_killed(run: Run, _scenes: list[_Scene]) -> None:
    kill(run.process.pid, run.host)


def _ctrl_c(run: Run, scenes: list[_Scene]) -> None:
    run.process.send_signal(signal.SIGINT)
    for scene in scenes:
        scene.release()


def _ctrl_c_twice(run: Run, _scenes: list[_Scene]) -> None:
    run.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    run.process.send_signal(signal.SIGINT)


_CRASHES: Mapping[Crash, Callable[[Run, list[_Scene]], None]] = {
    "CLI killed": _cli_killed,
    "plugin killed": _plugin_killed,
    "both killed": _both_killed,
    "first Ctrl-C": _ctrl_c,
    "second Ctrl-C": _ctrl_c_twice,
}


def _is_recorded(copy: Mapping[str, Mapping[str, str]]) -> bool:
    return copy["tags"][MARK_TAG].startswith("recorded:")

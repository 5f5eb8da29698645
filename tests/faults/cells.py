"""Every fault at every action, for some time: what is played, and what came of it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple, get_args

from simulator.fsx.faults import FaultKind
from simulator.fsx.records import Entry
from tests.faults.fleet import Program
from tests.faults.playing import DR_REGIONS, Theatre, Told, no_sentences

Action = Literal["CopyBackup", "TagResource", "DescribeBackups", "DescribeBackups while copying", "DeleteBackup"]
Lasting = Literal["once", "for 30 s", "for ever"]
ACTIONS: tuple[Action, ...] = get_args(Action)
LASTING: tuple[Lasting, ...] = get_args(Lasting)
KINDS: tuple[FaultKind, ...] = (
    "throttled",
    "internal",
    "unavailable",
    "refuse",
    "hang",
    "lost",
    "malformed",
    "expired",
    "access_denied",
)
_SPELL = 30.0  # seconds
_LONG, _BRIEF = 600.0, 2.0  # seconds a copy takes
_SHORT = "6s"  # timeout of a step that a fault which stays is to end


class Cell(NamedTuple):
    """A fault at an action."""

    action: Action
    kind: FaultKind
    lasting: Lasting

    @property
    def is_to_fail(self) -> bool:
        """Whether the `up` under the fault cannot wait until it is over."""
        return self.kind == "access_denied" or self.lasting == "for ever"


class Outcome(NamedTuple):
    """What came of a cell.

    Attributes:
        struck: whether the fault met a call.
        failed: whether the `up` under the fault did.
        told: its failures and warnings, the same ones once.
        then: those of the next `up`, and all that was wrong after it.
    """

    struck: bool
    failed: bool
    told: list[str]
    then: list[str]


@dataclass
class _Scene:
    """A cell in its Region."""

    cell: Cell
    region: str
    theatre: Theatre
    fault: int = 0
    struck_at: float | None = None

    @property
    def before(self) -> Program:
        """What the program declares before the fault: something to delete or to tag, where that is to fail."""
        if self._tags:
            return self.theatre.program(self.region, *self._wanted, **self._limits("update"))
        return self.theatre.program(self.region, *([0, 1] if self._deletes else []), **self._limits("delete"))

    @property
    def under_fault(self) -> Program:
        """What the program declares then."""
        step = "update" if self._tags else "create"
        return self._tagged(self.theatre.program(self.region, *self._wanted, **self._limits(step)))

    @property
    def after(self) -> Program:
        """What the program declares from then on."""
        return self._tagged(self.theatre.program(self.region, *self._wanted))

    def prepare(self) -> None:
        """See to it that copies which a fault is to meet on their way do not arrive before."""
        if self._waits:
            self.theatre.aws.set_copy_seconds(_LONG, region=self.region)

    def step(self, journal: Iterable[Entry]) -> None:
        """Put the fault in the way when its time has come, and take it away when that is over."""
        here = [entry for entry in journal if entry["region"] == self.region]
        if not self.fault and (not self._waits or any(entry["made"] for entry in here)):
            self._put()
        if self.struck_at is None:
            self.struck_at = next((e["time"] for e in here if e["action"] == self._action and e["error"]), None)
            if self.struck_at and self._waits:
                self._let_arrive()
        if self.cell.lasting == "for 30 s" and self.struck_at and self.theatre.aws.now() >= self.struck_at + _SPELL:
            self.theatre.aws.lift_fault(self.fault)

    def outcome(self, told: Told, again: Told) -> Outcome:
        """Return what came of it, after the `up` under the fault and another one."""
        said, then = told.get(self.region, []), again.get(self.region, [])
        return Outcome(
            struck=self.struck_at is not None,
            failed=any(what.is_failure for what in said),
            told=self.sentences(text for text, _ in said),
            then=[*(text for text, _ in then), *self.theatre.wrongs(self.region, *self._wanted)],
        )

    def sentences(self, told: Iterable[str]) -> list[str]:
        """Return failures without what differs from run to run."""
        known = [
            (r"backup-[0-9a-f]+", "backup-…"),
            (self.region, "REGION"),
            (r"http://[^\"]*", "https://fsx.REGION.amazonaws.com/"),
            (r" \(\d+ %\)", ""),
            (r"after \d+ s", "after 6 s"),
        ]
        for pattern, word in known:
            told = [re.sub(pattern, word, text.strip()) for text in told]
        return sorted(set(told))

    def _put(self) -> None:
        times = 1 if self.cell.lasting == "once" else None
        self.fault = self.theatre.aws.add_fault(self.cell.kind, self._action, region=self.region, times=times)

    def _let_arrive(self) -> None:
        self.theatre.aws.set_copy_seconds(_BRIEF, region=self.region)
        self.theatre.aws.finish_copies(region=self.region)

    def _limits(self, step: str) -> dict[str, str]:
        return {step: _SHORT} if self.cell.is_to_fail and self.cell.lasting == "for ever" else {}

    @property
    def _action(self) -> str:
        return self.cell.action.partition(" ")[0]

    @property
    def _waits(self) -> bool:
        return self.cell.action.endswith("while copying")

    def _tagged(self, program: Program) -> Program:
        return {
            name: {**wanted, "inputs": {**wanted["inputs"], "tags": self._tags}} for name, wanted in program.items()
        }

    @property
    def _tags(self) -> dict[str, str]:
        """Tags that the program adds, so that TagResource is called."""
        return {"team": "storage"} if self.cell.action == "TagResource" else {}

    @property
    def _deletes(self) -> bool:
        return self.cell.action == "DeleteBackup"

    @property
    def _wanted(self) -> list[int]:
        return [] if self._deletes else [2, 3]


def companies(lasting: Lasting, kinds: Sequence[FaultKind]) -> list[list[Cell]]:
    """Return these faults at every action, for this time, those together that one run can meet.

    There are more cells than Regions, and the CLI deletes only once it has made everything.
    """
    parts = ACTIONS[:2], ACTIONS[2:-1], ACTIONS[-1:]
    return [[Cell(action, kind, lasting) for action, kind in product(part, kinds)] for part in parts]


def play(theatre: Theatre, played: list[Cell]) -> dict[Cell, Outcome]:
    """Play cells, each in a Region of its own: an `up` under the fault, and another one without it."""
    scenes = [_Scene(cell, region, theatre) for cell, region in zip(played, DR_REGIONS, strict=False)]
    assert len(scenes) == len(played), "each cell needs a Region of its own"
    if before := {scene.region: scene.before for scene in scenes if scene.before}:
        assert theatre.up(before) == {}
    told = _under_fault(theatre, scenes)
    theatre.aws.lift_fault()
    again = theatre.up({scene.region: scene.after for scene in scenes})
    return {scene.cell: scene.outcome(told, again) for scene in scenes}


def _under_fault(theatre: Theatre, scenes: list[_Scene]) -> Told:
    def step() -> None:
        is_news = any(scene.struck_at is None for scene in scenes)
        journal = theatre.aws.journal() if is_news else []
        for scene in scenes:
            scene.step(journal)

    theatre.aws.clear_journal()
    for scene in scenes:
        scene.prepare()
    step()
    told = theatre.up({scene.region: scene.under_fault for scene in scenes}, meanwhile=step)
    step()
    return told


def wrongs(outcomes: Mapping[Cell, Outcome]) -> dict[Cell, list[str]]:
    """Return what is wrong with a cell: something left over, a fault that met no call, an error that is no sentence."""
    found: defaultdict[Cell, list[str]] = defaultdict(list)
    for cell, (struck, _failed, told, then) in outcomes.items():
        found[cell] += [*then, *no_sentences(told), *([] if struck else ["the fault met no call"])]
    return {cell: wrong for cell, wrong in found.items() if wrong}

"""The faults: each kind in each action, for some time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple, get_args

from simulator.fsx.faults import FaultKind
from simulator.fsx.records import Entry
from tests.faults.harness import DR_REGIONS, Diagnostics, Harness, unreadable
from tests.faults.workload import Program

Action = Literal["CopyBackup", "TagResource", "DescribeBackups", "DescribeBackups while copying", "DeleteBackup"]
Lasting = Literal["once", "for 30 s", "whole run"]
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
_LONG, _BRIEF = 600.0, 2.0  # durations of a copy in seconds
_SHORT = "6s"  # timeout of a step that the fault makes fail


class Cell(NamedTuple):
    """A fault in an action."""

    action: Action
    kind: FaultKind
    lasting: Lasting

    @property
    def is_to_fail(self) -> bool:
        """Whether the `up` under the fault must fail."""
        return self.kind == "access_denied" or self.lasting == "whole run"


class Outcome(NamedTuple):
    """The result of a cell.

    Attributes:
        struck: whether the fault affected a call.
        failed: whether the `up` under the fault failed.
        diagnostics: its errors and warnings.
        then: the diagnostics of the next `up`, and the problems after it.
    """

    struck: bool
    failed: bool
    diagnostics: list[str]
    then: list[str]


@dataclass
class _CellRun:
    """A cell in its Region."""

    cell: Cell
    region: str
    harness: Harness
    fault: int = 0
    struck_at: float | None = None

    @property
    def before(self) -> Program:
        """The declared copies before the fault, which the run deletes or tags."""
        if self._tags:
            return self.harness.program(self.region, *self._wanted, **self._limits("update"))
        return self.harness.program(self.region, *([0, 1] if self._deletes else []), **self._limits("delete"))

    @property
    def under_fault(self) -> Program:
        """The declared copies under the fault."""
        step = "update" if self._tags else "create"
        return self._tagged(self.harness.program(self.region, *self._wanted, **self._limits(step)))

    @property
    def after(self) -> Program:
        """The declared copies after the fault."""
        return self._tagged(self.harness.program(self.region, *self._wanted))

    def prepare(self) -> None:
        """Keep copies running if the fault must affect running copies."""
        if self._waits:
            self.harness.aws.set_copy_seconds(_LONG, region=self.region)

    def step(self, journal: Iterable[Entry]) -> None:
        """Add the fault when it is due, and lift it when its time is over."""
        here = [entry for entry in journal if entry["region"] == self.region]
        if not self.fault and (not self._waits or any(entry["made"] for entry in here)):
            self._put()
        if self.struck_at is None:
            self.struck_at = next((e["time"] for e in here if e["action"] == self._action and e["error"]), None)
            if self.struck_at and self._waits:
                self._let_arrive()
        if self.cell.lasting == "for 30 s" and self.struck_at and self.harness.aws.now() >= self.struck_at + _SPELL:
            self.harness.aws.lift_fault(self.fault)

    def outcome(self, diagnostics: Diagnostics, again: Diagnostics) -> Outcome:
        """Return the result, after the `up` under the fault and the next one."""
        said, then = diagnostics.get(self.region, []), again.get(self.region, [])
        return Outcome(
            struck=self.struck_at is not None,
            failed=any(what.is_failure for what in said),
            diagnostics=[text for text, _ in said],
            then=[*(text for text, _ in then), *self.harness.problems(self.region, *self._wanted)],
        )

    def _put(self) -> None:
        times = 1 if self.cell.lasting == "once" else None
        self.fault = self.harness.aws.add_fault(self.cell.kind, self._action, region=self.region, times=times)

    def _let_arrive(self) -> None:
        self.harness.aws.set_copy_seconds(_BRIEF, region=self.region)
        self.harness.aws.finish_copies(region=self.region)

    def _limits(self, step: str) -> dict[str, str]:
        return {step: _SHORT} if self.cell.is_to_fail and self.cell.lasting == "whole run" else {}

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


def batches(lasting: Lasting, kinds: Sequence[FaultKind]) -> list[list[Cell]]:
    """Return the cells of these faults in all actions, in batches for one run each.

    One run cannot have all cells: each needs its own Region, and the CLI deletes only after it has made everything.
    """
    parts = ACTIONS[:2], ACTIONS[2:-1], ACTIONS[-1:]
    return [[Cell(action, kind, lasting) for action, kind in product(part, kinds)] for part in parts]


def run_cells(harness: Harness, cells: list[Cell]) -> dict[Cell, Outcome]:
    """Run cells, each in its own Region: an `up` under the fault, then an `up` without it."""
    runs = [_CellRun(cell, region, harness) for cell, region in zip(cells, DR_REGIONS, strict=False)]
    assert len(runs) == len(cells), "each cell needs its own Region"
    if before := {cell_run.region: cell_run.before for cell_run in runs if cell_run.before}:
        assert harness.up(before) == {}
    diagnostics = _under_fault(harness, runs)
    harness.aws.lift_fault()
    again = harness.up({cell_run.region: cell_run.after for cell_run in runs})
    return {cell_run.cell: cell_run.outcome(diagnostics, again) for cell_run in runs}


def _under_fault(harness: Harness, runs: list[_CellRun]) -> Diagnostics:
    def step() -> None:
        is_news = any(cell_run.struck_at is None for cell_run in runs)
        journal = harness.aws.journal() if is_news else []
        for cell_run in runs:
            cell_run.step(journal)

    harness.aws.clear_journal()
    for cell_run in runs:
        cell_run.prepare()
    step()
    diagnostics = harness.up({cell_run.region: cell_run.under_fault for cell_run in runs}, meanwhile=step)
    step()
    return diagnostics


def problems(outcomes: Mapping[Cell, Outcome]) -> dict[Cell, list[str]]:
    """Return the problems of each cell: a leftover, a fault without effect, an unreadable message."""
    found: defaultdict[Cell, list[str]] = defaultdict(list)
    for cell, (struck, _failed, diagnostics, then) in outcomes.items():
        found[cell] += [*then, *unreadable(diagnostics), *([] if struck else ["the fault affected no call"])]
    return {cell: wrong for cell, wrong in found.items() if wrong}

"""Thousands of copies under random faults and kills: `python -m tests.faults.soak` (or `make soak`).

The guarantees are checked all the time. The figures are written into tests/faults/results.md.
"""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import click
from pulumi_fsx_dr.copies.ownership import Ownership, claimed_description, ownership_of

from simulator.fsx import Control, running
from simulator.fsx.faults import FaultKind
from simulator.fsx.views import BackupView
from simulator.sections import write_section
from tests.faults import workload
from tests.faults.reliability import PAGE

HOME = "us-east-1"
REGIONS = ("eu-west-1", "eu-north-1", "ap-south-1", "ca-central-1")
SLOTS = 5
_STACKS = 10  # in each Region
_ACTIONS = ("CopyBackup", "DescribeBackups", "TagResource", "DeleteBackup")
_KINDS = [kind for kind in get_args(FaultKind) if kind != "not_enabled"]
_TICK = 0.25  # seconds
_TICKS_BETWEEN_LISTS = 20
_FAULTS_PER_TICK, _KILLS_PER_TICK = 0.2, 0.012
_HANG_SECONDS = 3.0


class BrokenError(Exception):
    """A guarantee is broken."""


@dataclass
class Soak:
    """One soak; `figures` counts what happened."""

    aws: Control
    folder: Path
    random: random.Random
    ends: float
    figures: Counter[str] = field(default_factory=Counter)
    hanging: list[tuple[float, int]] = field(default_factory=list)

    def bring_up(self, programs: Mapping[str, workload.Program]) -> None:
        """Run `up` under faults and kills until all stacks are as declared.

        Raises:
            BrokenError: If a guarantee is broken, or the time is over.
        """
        left = dict(programs)
        while left:
            self._round(left)
            left = {stack: program for stack, program in left.items() if not self._is_done(stack, program)}
            self.figures["runs of up"] += 1

    def check_at_rest(self, programs: Mapping[str, workload.Program]) -> None:
        """Check that each declared copy in a state exists and has the tag of its state entry.

        A copy that is no longer declared can be missing, because its deletion was interrupted.
        """
        made = {copy["id"]: copy for region in REGIONS for copy in self.aws.backups(region)}
        for stack, program in programs.items():
            entries = workload.resources(self.folder, stack)
            for entry in (entry for entry in entries if entry["urn"].rpartition("::")[2] in program):
                _require(entry["id"] in made, f"{entry['id']} is in the state of {stack} but does not exist")
                own = Ownership.parse(entry["outputs"].get("managed_by"))
                _require(
                    ownership_of(made[entry["id"]]["tags"]) == own,
                    f"{entry['id']} has a different tag than its state entry",
                )

    def leftovers(self) -> list[BackupView]:
        """Return the copies that are in no state."""
        entries = {entry["id"] for stack in self._stacks() for entry in workload.resources(self.folder, stack)}
        return [copy for region in REGIONS for copy in self.aws.backups(region) if copy["id"] not in entries]

    def _round(self, programs: Mapping[str, workload.Program]) -> None:
        with self._started(programs) as process:
            host = int(process.stdout.readline()) if process.stdout else 0
            for tick in itertools.count():
                if process.poll() is not None:
                    break
                _require(time.monotonic() < self.ends, "the time is over")
                self._disturb({"plugin host": host, "engine": process.pid})
                self._check_running()
                if tick % _TICKS_BETWEEN_LISTS == 0:
                    self._check_one_each()
                time.sleep(_TICK)
        self.aws.lift_fault()
        self.hanging.clear()
        self.check_at_rest(programs)

    @contextmanager
    def _started(self, programs: Mapping[str, workload.Program]) -> Iterator[subprocess.Popen[str]]:
        environment = {**os.environ, **self.aws.environment(HOME), "PULUMI_FSX_DR_POLL_SECONDS": "0.1"}
        command = [sys.executable, "-m", "tests.faults.workload", str(self.folder)]
        pipe = subprocess.PIPE
        with (self.folder / "log").open("w") as log, (self.folder / "programs").open("w+") as wanted:
            json.dump(programs, wanted)
            wanted.seek(0)
            process = subprocess.Popen(command, env=environment, stdin=wanted, stdout=pipe, stderr=log, text=True)  # noqa: S603 - our own
            try:
                yield process
            finally:
                process.kill()
                process.communicate()

    def _disturb(self, processes: Mapping[str, int]) -> None:
        if self.random.random() < _FAULTS_PER_TICK:
            self._add_fault()
        for due, number in [entry for entry in self.hanging if entry[0] < time.monotonic()]:
            self.aws.lift_fault(number)
            self.hanging.remove((due, number))
        if self.random.random() < _KILLS_PER_TICK:
            victim = self.random.choice(list(processes))
            self.figures[f"kills of the {victim}"] += 1
            with suppress(ProcessLookupError):
                os.kill(processes[victim], signal.SIGKILL)

    def _add_fault(self) -> None:
        kind, action, region = (self.random.choice(options) for options in (_KINDS, _ACTIONS, REGIONS))
        number = self.aws.add_fault(kind, action, region=region, times=self.random.randint(1, 4))
        self.figures["faults"] += 1
        if kind == "hang":
            self.hanging.append((time.monotonic() + _HANG_SECONDS, number))

    def _check_running(self) -> None:
        for region, most in self.aws.max_running().items():
            _require(most <= SLOTS, f"{most} copies ran at the same time in {region}")

    def _check_one_each(self) -> None:
        """Check that no resource has two copies; the soak never replaces a copy."""
        made = (copy for region in REGIONS for copy in self.aws.backups(region))
        for resource, count in Counter(claimed_description(copy["tags"]) for copy in made).items():
            _require(count == 1, f"{resource} has {count} copies")

    def _is_done(self, stack: str, program: workload.Program) -> bool:
        held = {state["urn"].rpartition("::")[2]: state for state in workload.resources(self.folder, stack)}
        return held.keys() == program.keys() and not any(state.get("initErrors") for state in held.values())

    def _stacks(self) -> list[str]:
        return [f"{region}-{number}" for region in REGIONS for number in range(_STACKS)]


def soak(copies: int, seed: int, minutes: float) -> Counter[str]:
    """Make copies, delete a fifth of them, and return the figures.

    Raises:
        BrokenError: If a guarantee is broken, or the soak takes longer than `minutes`.
    """
    started = time.monotonic()
    limits = {"copy_seconds": 0.2, "user_initiated_backups": copies}
    with running(**limits) as aws, TemporaryDirectory(prefix="fsx-dr-soak-") as name:
        one = Soak(aws, Path(name), random.Random(seed), started + minutes * 60)  # noqa: S311 - not a secret
        programs = _programs(aws, Path(name), copies)
        one.bring_up(programs)
        one.bring_up({stack: dict(list(program.items())[len(program) // 5 :]) for stack, program in programs.items()})
        leftovers = one.leftovers()
        _require(not leftovers, f"{[copy['id'] for copy in leftovers]} are in no state")
        accepted = {entry["made"] for entry in aws.journal(action="CopyBackup") if entry["made"]}
        asked = sum(map(len, programs.values()))
        _require(len(accepted) == asked, f"{len(accepted)} copies were made instead of {asked}")
        one.figures["copies declared"] = asked
        one.figures["copies made"] = len(accepted)
        one.figures["copies that are in no state"] = len(leftovers)
        one.figures["AWS calls"] = len(aws.journal())
        one.figures["seconds"] = round(time.monotonic() - started)
    return one.figures


def _programs(aws: Control, folder: Path, copies: int) -> dict[str, workload.Program]:
    stacks = [(region, f"{region}-{number}") for region in REGIONS for number in range(_STACKS)]
    workload.found(folder, *(stack for _, stack in stacks))
    file_system = aws.seed_file_system(HOME)
    sources = [aws.seed_backup(HOME, file_system) for _ in range(copies // len(stacks))]
    return {
        stack: {
            f"copy-{number}": {"inputs": {"source_backup_id": source, "source_region": HOME, "region": region}}
            for number, source in enumerate(sources)
        }
        for region, stack in stacks
    }


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - used like assert
    if not holds:
        raise BrokenError(f"{otherwise}.")


@click.command()
@click.option("--copies", type=click.IntRange(min=40), default=2000, show_default=True, help="Number of copies.")
@click.option("--seed", default=20, show_default=True, help="Seed of the random faults and kills.")
@click.option("--minutes", type=click.FloatRange(min=0.1), default=10, show_default=True, help="Time limit.")
def main(copies: int, seed: int, minutes: float) -> None:
    """Make and delete copies under random faults and kills, and write the figures into tests/faults/results.md."""
    figures = soak(copies, seed, minutes)
    rows = "\n".join(f"| {name} | {count} |" for name, count in sorted(figures.items()))
    click.echo(rows)
    write_section(PAGE, "soak", f"| Seed {seed} | |\n|---|---:|\n{rows}")


if __name__ == "__main__":
    main(prog_name="python -m tests.faults.soak")

"""The acts of the demonstration: what is done to a stack, and what must be true afterwards."""

import json
import shlex
import subprocess
import time

from simulator.demo.account import (
    ALIAS,
    COPY_SECONDS,
    DR_REGIONS,
    FILE_SYSTEM,
    HOME,
    KEEP,
    NORTH,
    SOURCE_TAGS,
    WEST,
    Account,
)
from simulator.demo.output import DemoOutput
from simulator.fsx import Control
from simulator.pipeline_role import FSX_DR
from simulator.project import NO_PROMPT, OWNER, Project, interrupt

_DARK_SECONDS = 60  # the most that a run may take while the source Region is dark


class DemoSteps:
    """One stack from its first preview to its end."""

    def __init__(self, narrator: DemoOutput, control: Control, stack: Project) -> None:
        self._tell = narrator
        self._control = control
        self._stack = stack
        self._account = Account(control)
        self._engine = "pulumi" if stack.has_cli else "fake-engine"
        # The fake engine shows no outputs and clears no pending operations.
        self._quietly = ["--suppress-outputs"] if stack.has_cli else []
        self._clearing = ["--clear-pending-creates"] if stack.has_cli else []

    def play(self) -> None:
        """Play all acts in order.

        Raises:
            DemoFailedError: something was not as announced.
        """
        self._first_copies()
        self._a_tag()
        self._the_same_key()
        self._another_key()
        self._a_cancelled_run()
        self._a_dark_region()
        self._the_end()

    def _first_copies(self) -> None:
        self._tell.act(
            "Two DR Regions, each with a KMS key of its own",
            f"The file system {FILE_SYSTEM} in {HOME} has three automatic backups.",
            f"Pulumi.demo.yaml wants copies of the newest two in {WEST} and in {NORTH}.",
            "The identity that runs Pulumi may do what this prints, and nothing else:",
        )
        self._tell.command(self._account.allow_pipeline())
        self._preview()
        self._tell.expect("A preview copies nothing.", holds="CopyBackup" not in self._account.calls())
        self._up()
        newest = {backup["id"] for backup in self._account.sources()[:KEEP]}
        for region in DR_REGIONS:
            copied = set(self._account.available(region).values()) == newest
            self._tell.expect(f"{region} has AVAILABLE copies of the newest two.", holds=copied)
            self._tell.expect("They are encrypted with its own key.", holds=self._account.is_under_own_key(region))
        self._tell.expect("Each has the owner id of this stack in its tag.", holds=self._are_own())
        self._tell.expect("CopyBackup set the tags.", holds="TagResource" not in self._account.calls())

    def _a_tag(self) -> None:
        self._tell.act("A tag changes in place")
        before = self._account.available()
        self._configure("fsx-dr:tags.team", "archive")
        self._preview("--diff")
        self._up()
        tags = [copy["tags"] for copy in self._account.copies()]
        self._tell.expect("They are the same four copies.", holds=self._account.available() == before)
        self._tell.expect("All have the new tag.", holds=all(tag["team"] == "archive" for tag in tags))
        self._tell.expect("The source's tags stay.", holds=all(tag.items() >= SOURCE_TAGS.items() for tag in tags))

    def _the_same_key(self) -> None:
        self._tell.act(
            "The same KMS key, written another way",
            f"{ALIAS} stood for this ARN all along, so no copy changes.",
        )
        before = self._account.available()
        self._configure("fsx-dr:regions[0].kmsKeyId", self._account.keys[WEST])
        self._preview()
        self._up()
        self._tell.expect("They are the same four copies.", holds=self._account.available() == before)

    def _another_key(self) -> None:
        self._tell.act(
            "Another KMS key",
            "FSx cannot change the key of a backup, so new copies are made, and the old ones go last.",
        )
        before = self._account.available()
        self._configure("fsx-dr:regions[0].kmsKeyId", self._account.new_key(WEST))
        self._tell.command(self._account.allow_pipeline())
        self._preview("--diff")
        self._up()
        renewed = not self._account.available(WEST).keys() & before.keys() and self._account.is_under_own_key(WEST)
        self._tell.expect(f"{WEST} has new copies under the new key, and the old ones are gone.", holds=renewed)
        finished = max(copy["created"] for copy in self._account.copies(WEST)) + COPY_SECONDS
        in_order = min(self._account.deletions(WEST)) >= finished
        self._tell.expect("No old one was deleted before all new ones were AVAILABLE.", holds=in_order)
        self._tell.expect(f"{NORTH} was left alone.", holds=self._account.available(NORTH).keys() <= before.keys())

    def _a_cancelled_run(self) -> None:
        self._tell.act(
            "A new backup, and a run that is cancelled half-way",
            "The newest backup's copies push the oldest copies out.",
            "But a cancelled CI job sends two signals, and the second ends the engine while copies run.",
        )
        oldest, newest = self._account.sources()[KEEP - 1]["id"], self._account.new_backup()
        self._preview()
        self._cancelled("up", *NO_PROMPT, *self._quietly)
        half_made = self._account.copies_of(newest)
        under_way = len(half_made) == len(DR_REGIONS)
        self._tell.expect("A copy is under way in each Region, and no state knows of it.", holds=under_way)
        self._tell.expect("Both have the owner id of this stack all the same.", holds=self._are_own())
        self._up()
        self._tell.expect("The next run went on with these two.", holds=self._account.copies_of(newest) == half_made)
        self._tell.expect("The oldest copies made room.", holds=not self._account.copies_of(oldest))
        self._pulumi("refresh", *NO_PROMPT, *self._clearing, *self._quietly)

    def _a_dark_region(self) -> None:
        self._tell.act(f"{HOME} goes dark", "Every call to the source Region is refused from now on.")
        before, fault = self._account.available(), self._control.make_unreachable(HOME)
        started = time.monotonic()
        self._up()
        seconds = time.monotonic() - started
        self._tell.expect(f"The run took {seconds:.0f} seconds.", holds=seconds < _DARK_SECONDS)
        self._tell.expect("It deleted nothing.", holds=self._account.available() == before)
        self._tell.command(f"{self._engine} stack output --json | fsx-dr report --outputs -")
        self._tell.expect("Both Regions can take over.", holds=self._report() == 0)
        self._control.lift_fault(fault)

    def _the_end(self) -> None:
        self._tell.act("The end")
        sources = self._account.sources()
        self._pulumi("destroy", *NO_PROMPT)
        self._tell.expect("No copy is left.", holds=not self._account.copies())
        self._tell.expect("The file system's own backups are untouched.", holds=self._account.sources() == sources)

    def _are_own(self) -> bool:
        """Tell whether each copy has the owner id in its tag that the state has."""
        owner_ids = {copy["tags"]["fsx-dr:managed-by"].partition("/")[0] for copy in self._account.copies()}
        return owner_ids == {
            state["outputs"]["owner_id"] for state in self._stack.resources() if state["type"] == OWNER
        }

    def _preview(self, *options: str) -> None:
        self._pulumi("preview", *options, *self._quietly)

    def _up(self) -> None:
        self._pulumi("up", *NO_PROMPT, *self._quietly)

    def _configure(self, path: str, value: str) -> None:
        self._pulumi("config", "set", "--path", path, value)

    def _report(self) -> int:
        """Run `fsx-dr report` on the stack's outputs, and return its exit code."""
        outputs = json.dumps(self._stack.outputs())
        return subprocess.run([FSX_DR, "report", "--outputs", "-"], input=outputs, text=True, check=False).returncode  # noqa: S603 - our own

    def _pulumi(self, *arguments: str) -> None:
        self._tell.command(shlex.join([self._engine, *arguments]))
        self._tell.expect_success(self._stack.show(*arguments))

    def _cancelled(self, *arguments: str) -> None:
        self._tell.command(shlex.join([self._engine, *arguments]))
        interrupt(self._stack.start(*arguments, output=None), lambda: _running(self._account) == len(DR_REGIONS))


def _running(account: Account) -> int:
    return sum(copy["progress"] is not None for copy in account.copies())

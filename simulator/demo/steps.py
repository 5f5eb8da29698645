"""The steps of the demo: commands on a stack, and checks of what they did."""

import json
import shlex
import subprocess
import time

from simulator.demo.account import (
    ALIAS,
    COPY_SECONDS,
    DR_REGIONS,
    FILE_SYSTEM,
    KEEP,
    NORTH,
    SOURCE_REGION,
    SOURCE_TAGS,
    WEST,
    Account,
)
from simulator.demo.output import DemoFailedError, DemoOutput
from simulator.fsx import Control
from simulator.pipeline_role import FSX_DR
from simulator.project import NO_PROMPT, OWNER, Project, interrupt

_UNREACHABLE_SECONDS = 60  # the most that a run may take while the source Region is unreachable


class DemoSteps:
    """One stack from its first preview to its removal."""

    def __init__(self, output: DemoOutput, control: Control, stack: Project) -> None:
        self._output = output
        self._control = control
        self._stack = stack
        self._account = Account(control)
        self._engine = "pulumi" if stack.has_cli else "fake-engine"
        # The fake engine has neither option.
        self._without_outputs = ["--suppress-outputs"] if stack.has_cli else []
        self._clear_pending = ["--clear-pending-creates"] if stack.has_cli else []

    def run(self) -> None:
        """Run all steps in order.

        Raises:
            DemoFailedError: a command or check failed.
        """
        self._first_copies()
        self._tag_change()
        self._same_key()
        self._other_key()
        self._cancelled_run()
        self._unreachable_region()
        self._removal()

    def _first_copies(self) -> None:
        self._output.step(
            "Two DR Regions, each with its own KMS key",
            f"The file system {FILE_SYSTEM} in {SOURCE_REGION} has three automatic backups.",
            f"Pulumi.demo.yaml declares copies of the two newest in {WEST} and in {NORTH}.",
            "The identity that runs Pulumi has the policy that this command prints:",
        )
        self._output.command(self._account.allow_pipeline())
        self._preview()
        self._output.check("The preview started no copy.", holds="CopyBackup" not in self._account.calls())
        self._up()
        newest = {backup["id"] for backup in self._account.sources()[:KEEP]}
        for region in DR_REGIONS:
            copied = set(self._account.available(region).values()) == newest
            has_key = self._account.keys_of_copies(region) == {self._account.keys[region]}
            self._output.check(f"{region} has AVAILABLE copies of the two newest backups.", holds=copied)
            self._output.check("They are encrypted with the Region's own key.", holds=has_key)
        self._output.check("Each copy has the stack's owner id in its tag.", holds=self._are_own())
        self._output.check("CopyBackup set the tags.", holds="TagResource" not in self._account.calls())

    def _tag_change(self) -> None:
        self._output.step("A tag changes in place")
        before = self._account.available()
        self._configure("fsx-dr:tags.team", "archive")
        self._preview("--diff")
        self._up()
        tags = [copy["tags"] for copy in self._account.copies()]
        self._output.check("The four copies are the same.", holds=self._account.available() == before)
        self._output.check("All have the new tag.", holds=all(tag["team"] == "archive" for tag in tags))
        has_tags = all(tag.items() >= SOURCE_TAGS.items() for tag in tags)
        self._output.check("The tags of the source backup stay.", holds=has_tags)

    def _same_key(self) -> None:
        self._output.step(
            "The same KMS key in another notation",
            f"{ALIAS} already resolves to this ARN, so nothing changes.",
        )
        before = self._account.available()
        self._configure("fsx-dr:regions[0].kmsKeyId", self._account.keys[WEST])
        self._preview()
        self._up()
        self._output.check("The four copies are the same.", holds=self._account.available() == before)

    def _other_key(self) -> None:
        self._output.step(
            "Another KMS key",
            "FSx cannot change the key of a backup: new copies replace the old ones, which are deleted last.",
        )
        before, key = self._account.available(), self._account.new_key(WEST)
        self._configure("fsx-dr:regions[0].kmsKeyId", key)
        self._output.command(self._account.allow_pipeline())
        self._preview("--diff")
        self._up()
        renewed = not self._account.available(WEST).keys() & before.keys()
        has_key = self._account.keys_of_copies(WEST) == {key}
        self._output.check(f"{WEST} has only new copies, under the new key.", holds=renewed and has_key)
        finished = max(copy["created"] for copy in self._account.copies(WEST)) + COPY_SECONDS
        in_order = min(self._account.deletions(WEST)) >= finished
        self._output.check("All new ones were AVAILABLE before an old one was deleted.", holds=in_order)
        unchanged = self._account.available(NORTH).keys() <= before.keys()
        self._output.check(f"Nothing changed in {NORTH}.", holds=unchanged)

    def _cancelled_run(self) -> None:
        self._output.step(
            "A new backup, and a run that is cancelled",
            "Copies of the newest backup replace the oldest ones.",
            "A cancelled CI job sends two signals, and the second ends the engine while copies run.",
        )
        oldest, newest = self._account.sources()[KEEP - 1]["id"], self._account.new_backup()
        self._preview()
        self._cancelled("up", *NO_PROMPT, *self._without_outputs)
        started = self._account.copies_of(newest)
        self._output.check(
            "A copy runs in each Region, and is not in the state.", holds=len(started) == len(DR_REGIONS)
        )
        self._output.check("Both copies have the stack's owner id.", holds=self._are_own())
        self._up()
        self._output.check("The next run resumed these two.", holds=self._account.copies_of(newest) == started)
        self._output.check("The oldest copies are deleted.", holds=not self._account.copies_of(oldest))
        self._pulumi("refresh", *NO_PROMPT, *self._clear_pending, *self._without_outputs)

    def _unreachable_region(self) -> None:
        self._output.step(f"{SOURCE_REGION} is unreachable", "The source Region refuses every call from now on.")
        before, fault = self._account.available(), self._control.make_unreachable(SOURCE_REGION)
        started = time.monotonic()
        self._up()
        seconds = time.monotonic() - started
        self._output.check(f"The run took {seconds:.0f} seconds.", holds=seconds < _UNREACHABLE_SECONDS)
        self._output.check("It deleted nothing.", holds=self._account.available() == before)
        self._output.command(f"{self._engine} stack output --json | fsx-dr report --outputs -")
        self._output.check("Both DR Regions are ready.", holds=self._report() == 0)
        self._control.lift_fault(fault)

    def _removal(self) -> None:
        self._output.step("The stack is destroyed")
        sources = self._account.sources()
        self._pulumi("destroy", *NO_PROMPT)
        self._output.check("All copies are deleted.", holds=not self._account.copies())
        self._output.check("The source backups are unchanged.", holds=self._account.sources() == sources)

    def _are_own(self) -> bool:
        """Whether each copy has the owner id in its tag that is in the state."""
        owner_ids = {copy["tags"]["fsx-dr:managed-by"].partition("/")[0] for copy in self._account.copies()}
        owners = [state for state in self._stack.resources() if state["type"] == OWNER]
        return owner_ids == {state["outputs"]["owner_id"] for state in owners}

    def _preview(self, *options: str) -> None:
        self._pulumi("preview", *options, *self._without_outputs)

    def _up(self) -> None:
        self._pulumi("up", *NO_PROMPT, *self._without_outputs)

    def _configure(self, path: str, value: str) -> None:
        self._pulumi("config", "set", "--path", path, value)

    def _report(self) -> int:
        """Run `fsx-dr report` on the stack's outputs, and return its exit code."""
        outputs = json.dumps(self._stack.outputs())
        return subprocess.run([FSX_DR, "report", "--outputs", "-"], input=outputs, text=True, check=False).returncode  # noqa: S603 - our own

    def _pulumi(self, *arguments: str) -> None:
        self._output.command(shlex.join([self._engine, *arguments]))
        exit_code = self._stack.show(*arguments)
        if exit_code:
            raise DemoFailedError(f"{shlex.join(arguments)} ended with exit code {exit_code}.")

    def _cancelled(self, *arguments: str) -> None:
        self._output.command(shlex.join([self._engine, *arguments]))
        interrupt(self._stack.start(*arguments, output=None), lambda: _running(self._account) == len(DR_REGIONS))


def _running(account: Account) -> int:
    return sum(copy["progress"] is not None for copy in account.copies())

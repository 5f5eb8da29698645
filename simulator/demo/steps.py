"""The acts of the demo: commands on a stack, and checks of their effects."""

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
from simulator.demo.output import DemoFailedError, DemoOutput, messages, summary
from simulator.fsx import Control
from simulator.pipeline_role import FSX_DR
from simulator.project import NO_PROMPT, OWNER, Project, interrupt

_UNREACHABLE_SECONDS = 60  # the longest time that a run may take while the source Region is unreachable
_LAST_LINES = 20  # of a failed command


class DemoSteps:
    """One stack from its first preview to its removal."""

    def __init__(self, output: DemoOutput, control: Control, stack: Project) -> None:
        self._output = output
        self._control = control
        self._stack = stack
        self._account = Account(control)
        self._engine = "pulumi" if stack.has_cli else "python -m simulator.fake_engine"
        # The fake engine does not have this option.
        self._clear_pending = ["--clear-pending-creates"] if stack.has_cli else []

    def run(self) -> None:
        """Run all acts in order.

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
        claim = (
            f"{FILE_SYSTEM} in {SOURCE_REGION} has three backups. `up` copies the two newest into {WEST} and {NORTH}, "
            "each with the Region's own KMS key. Pulumi runs with the permissions that `fsx-dr policy` prints."
        )
        with self._output.act("Copies in two DR Regions", claim):
            self._allow()
            self._preview()
            self._output.check("The preview started no copy.", holds="CopyBackup" not in self._account.calls())
            self._up()
            newest = {backup["id"] for backup in self._account.sources()[:KEEP]}
            copied = all(set(self._account.available(region).values()) == newest for region in DR_REGIONS)
            have_keys = all(
                self._account.keys_of_copies(region) == {self._account.keys[region]} for region in DR_REGIONS
            )
            self._output.check("Both DR Regions have AVAILABLE copies of the two newest backups.", holds=copied)
            self._output.check("The copies are encrypted with their Region's key.", holds=have_keys)
            self._output.check("Each copy has the stack's owner id in its tag.", holds=self._are_own())

    def _tag_change(self) -> None:
        with self._output.act("A changed tag", "`up` changes a tag of the copies in place. It makes no new copies."):
            before = self._account.available()
            self._configure("fsx-dr:tags.team", "archive")
            self._up()
            tags = [copy["tags"] for copy in self._account.copies()]
            self._output.check("The four copies are the same.", holds=self._account.available() == before)
            self._output.check("All copies have the new tag.", holds=all(tag["team"] == "archive" for tag in tags))
            has_tags = all(tag.items() >= SOURCE_TAGS.items() for tag in tags)
            self._output.check("The tags of the source backups are still there.", holds=has_tags)

    def _same_key(self) -> None:
        claim = f"The key is now given as an ARN instead of {ALIAS}. It is the same key, so nothing changes."
        with self._output.act("The same KMS key, written differently", claim):
            before = self._account.available()
            self._configure("fsx-dr:regions[0].kmsKeyId", self._account.keys[WEST])
            self._preview()
            self._up()
            self._output.check("The four copies are the same.", holds=self._account.available() == before)

    def _other_key(self) -> None:
        claim = (
            f"FSx cannot change the key of a copy. New copies in {WEST} replace the old ones, which are deleted last."
        )
        with self._output.act("A different KMS key", claim):
            before, key = self._account.available(), self._account.new_key(WEST)
            self._configure("fsx-dr:regions[0].kmsKeyId", key)
            self._allow()
            self._preview()
            self._up()
            renewed = not self._account.available(WEST).keys() & before.keys()
            has_key = self._account.keys_of_copies(WEST) == {key}
            self._output.check(f"{WEST} has only new copies, encrypted with the new key.", holds=renewed and has_key)
            finished = max(copy["created"] for copy in self._account.copies(WEST)) + COPY_SECONDS
            in_order = min(self._account.deletions(WEST)) >= finished
            self._output.check("The new copies were AVAILABLE before an old copy was deleted.", holds=in_order)
            unchanged = self._account.available(NORTH).keys() <= before.keys()
            self._output.check(f"Nothing changed in {NORTH}.", holds=unchanged)

    def _cancelled_run(self) -> None:
        claim = "A CI job is cancelled while copies of a new backup run. The next `up` resumes these copies."
        with self._output.act("A cancelled run", claim):
            oldest, newest = self._account.sources()[KEEP - 1]["id"], self._account.new_backup(2)
            self._preview()
            self._cancelled_up()
            started = self._account.copies_of(newest)
            self._output.check("One copy was started in each DR Region.", holds=len(started) == len(DR_REGIONS))
            self._output.check("Both copies have the stack's owner id in their tags.", holds=self._are_own())
            self._up()
            self._output.check("The next run resumed both copies.", holds=self._account.copies_of(newest) == started)
            self._output.check("The oldest copies were deleted.", holds=not self._account.copies_of(oldest))
            self._pulumi("refresh", *NO_PROMPT, *self._clear_pending)

    def _unreachable_region(self) -> None:
        claim = f"{SOURCE_REGION} refuses every call. `up` still succeeds, and the copies stay ready for a restore."
        with self._output.act("An unreachable source Region", claim):
            before, fault = self._account.available(), self._control.make_unreachable(SOURCE_REGION)
            started = time.monotonic()
            self._up(with_messages=True)
            is_quick = time.monotonic() - started < _UNREACHABLE_SECONDS
            self._output.check(f"The run took less than {_UNREACHABLE_SECONDS} seconds.", holds=is_quick)
            self._output.check("It deleted nothing.", holds=self._account.available() == before)
            self._output.check("`fsx-dr report` says that both DR Regions are ready.", holds=self._report() == 0)
            self._control.lift_fault(fault)

    def _removal(self) -> None:
        with self._output.act("The end of the stack", "`destroy` deletes the copies, and never a source backup."):
            sources = self._account.sources()
            self._pulumi("destroy", *NO_PROMPT)
            self._output.check("All copies were deleted.", holds=not self._account.copies())
            self._output.check("The source backups are unchanged.", holds=self._account.sources() == sources)

    def _are_own(self) -> bool:
        """Whether the tag of each copy has the owner id that is in the state."""
        owner_ids = {copy["tags"]["fsx-dr:managed-by"].partition("/")[0] for copy in self._account.copies()}
        owners = [state for state in self._stack.resources() if state["type"] == OWNER]
        return owner_ids == {state["outputs"]["owner_id"] for state in owners}

    def _allow(self) -> None:
        """Give Pulumi the permissions for all keys, and show the command."""
        with self._output.command(self._account.allow_pipeline()):
            pass

    def _preview(self) -> None:
        self._pulumi("preview", with_messages=True)

    def _up(self, *, with_messages: bool = False) -> None:
        self._pulumi("up", *NO_PROMPT, with_messages=with_messages)

    def _configure(self, path: str, value: str) -> None:
        self._pulumi("config", "set", "--path", path, value)

    def _report(self) -> int:
        """Run `fsx-dr report` on the stack's outputs, and return its exit code."""
        outputs = json.dumps(self._stack.outputs())
        with self._output.command(f"{self._engine} stack output --json | fsx-dr report --outputs -"):
            pass
        command = [FSX_DR, "report", "--outputs", "-"]
        return subprocess.run(command, input=outputs, text=True, check=False).returncode  # noqa: S603 - our own

    def _pulumi(self, *arguments: str, with_messages: bool = False) -> None:
        started = time.monotonic()
        with self._output.command(f"{self._engine} {shlex.join(arguments)}") as show:
            exit_code, lines = self._stack.follow(*arguments, show=show)
        if exit_code:
            last = "\n".join(lines[-_LAST_LINES:])
            raise DemoFailedError(f"{shlex.join(arguments)} ended with exit code {exit_code}:\n{last}")
        for message in messages(lines) if with_messages else ():
            self._output.note(message)
        if counts := summary(lines):
            self._output.note(f"{counts} ({time.monotonic() - started:.0f} s)")

    def _cancelled_up(self) -> None:
        arguments = ("up", *NO_PROMPT)
        log = self._stack.folder / "cancelled.log"
        with log.open("w") as file, self._output.command(f"{self._engine} {shlex.join(arguments)}") as show:
            show("The demo cancels this run as soon as a copy runs in each DR Region.")
            interrupt(self._stack.start(*arguments, output=file), self._is_copying)
        hidden = " The demo hides Pulumi's own tracebacks." if "Traceback" in log.read_text() else ""
        self._output.note(f"Cancelled with two signals, as CI systems do.{hidden}")

    def _is_copying(self) -> bool:
        return sum(copy["progress"] is not None for copy in self._account.copies()) == len(DR_REGIONS)

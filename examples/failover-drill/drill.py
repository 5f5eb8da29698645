"""Runs the drill: restore, check, tear down whatever happened, and exit as the check did."""

# ruff: noqa: INP001  # a program, not a package

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

# What the check finds in its environment, and the stack output it comes from.
ENVIRONMENT = {
    "FSX_DNS_NAME": "dnsName",
    "FSX_FILE_SYSTEM_ID": "fileSystemId",
    "FSX_BACKUP_ID": "backupId",
    "FSX_MOUNT_NAME": "mountName",
}

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Say = Callable[[str], None]


def _print(line: str) -> None:
    """Print at once, between what the commands print."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def drill(stack: str, run: Run = subprocess.run, say: Say = _print) -> int:
    """Run the drill and return its exit code.

    Args:
        stack: the drill's own stack; it must be empty, as everything in it is removed in the end.
        run: `subprocess.run`.
        say: takes a line about what happened.

    Returns:
        The exit code of the check; that of `pulumi up` if it did not come to a check; that of `pulumi destroy` if
        everything else went well.
    """
    pulumi = _Pulumi(stack, run)
    if json.loads(pulumi.read("stack", "export"))["deployment"].get("resources"):
        say(f"Stack {stack} is not empty, and a drill would remove what is in it: choose another, or destroy it first.")
        return 1
    command = pulumi.read("config", "get", "checkCommand").strip()
    code = destroyed = 0
    try:
        code = _restore_and_check(pulumi, command, run, say)
    finally:
        if destroyed := pulumi.do("destroy", "--yes", "--skip-preview"):
            say(f"The restored file system may still be there: run pulumi destroy --stack {stack}.")
    return code or destroyed


def _restore_and_check(pulumi: "_Pulumi", command: str, run: Run, say: Say) -> int:
    started = time.monotonic()
    if failed := pulumi.do("up", "--yes", "--skip-preview"):
        say("The copy could not be restored.")
        return failed
    say(f"Restored in {(time.monotonic() - started) / 60:.0f} min.")
    outputs = json.loads(pulumi.read("stack", "output", "--json"))
    checked = run(["/bin/sh", "-c", command], check=False, env={**os.environ, **environment(outputs)})
    say("The check succeeded." if checked.returncode == 0 else f"The check failed with exit code {checked.returncode}.")
    return checked.returncode


def environment(outputs: Mapping[str, str | None]) -> dict[str, str]:
    """Return the variables of the check; what the file system has not got is left out."""
    return {name: value for name, output in ENVIRONMENT.items() if (value := outputs.get(output))}


class _Pulumi:
    """The Pulumi CLI, on one stack."""

    def __init__(self, stack: str, run: Run) -> None:
        self._stack = stack
        self._run = run

    def do(self, *arguments: str) -> int:
        """Run a command in the terminal and return its exit code."""
        return self._run(self._command(arguments), check=False).returncode

    def read(self, *arguments: str) -> str:
        """Return what a command prints."""
        return self._run(self._command(arguments), check=True, stdout=subprocess.PIPE, text=True).stdout

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return ["pulumi", *arguments, "--stack", self._stack]


if __name__ == "__main__":
    # A cancelled CI job is told by SIGTERM; it has to tear down, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.chdir(Path(__file__).parent)
    sys.exit(drill(sys.argv[1] if len(sys.argv) > 1 else "drill"))

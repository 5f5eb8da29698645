"""Runs the drill: restore, check, tear down whatever happened, and exit as the check did."""

# ruff: noqa: INP001  # a program, not a package

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

# What the check finds in its environment, and the stack output it comes from.
ENVIRONMENT = {
    "FSX_DNS_NAME": "dnsName",
    "FSX_FILE_SYSTEM_ID": "fileSystemId",
    "FSX_BACKUP_ID": "backupId",
    "FSX_MOUNT_NAME": "mountName",
}
# Tells the program that what it restores is to be removed again, whatever the stack's configuration says.
DRILL = {"FSX_DR_DRILL": "true"}
# How often to try to remove what may not be there yet, a minute apart: FSx takes up to an hour for a file system.
TRIES = 60
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_KILLED = (
    "pulumi up was killed, so that a file system may be there that the stack does not hold: "
    "look for it with aws fsx describe-file-systems, and remove it."
)

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Say = Callable[[str], None]
# What a signal means for the command that runs: stop it, or let it finish, and then end the drill; or nothing.
OnSignal = Literal["stop", "finish", "ignore"]


def _print(line: str) -> None:
    """Print at once, between what the commands print."""
    with suppress(OSError):  # a terminal that is gone must not end the drill before it has torn down
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def drill(stack: str, run: Run, say: Say = _print) -> int:
    """Run the drill and return its exit code.

    Args:
        stack: the drill's own stack; it must be empty, as everything in it is removed in the end.
        run: `Runner.run`.
        say: takes a line about what happened.

    Returns:
        The exit code of the check; that of `pulumi up` if it did not come to a check; that of `pulumi destroy` if
        everything else went well.
    """
    pulumi = _Pulumi(stack, run)
    if refusal := _refusal(stack, json.loads(pulumi.read("stack", "export"))["deployment"]):
        say(refusal)
        return 1
    command = pulumi.read("config", "get", "checkCommand").strip()
    code = destroyed = 0
    tries = TRIES
    try:
        if code := _restore(pulumi, say):
            return code
        tries = 1
        code = _check(pulumi, command, run, say)
    finally:
        if destroyed := _remove(pulumi, run, say, tries):
            say(f"The restored file system may still be there: run pulumi destroy --stack {stack}.")
    return code or destroyed


def _refusal(stack: str, deployment: Mapping[str, Any]) -> str | None:
    if pending := deployment.get("pending_operations"):
        urns = ", ".join(operation["resource"]["urn"] for operation in pending)
        return (
            f"Stack {stack} has pending operations ({urns}), so that a file system may be there that no run knows of: "
            f"look for it with aws fsx describe-file-systems, remove it, "
            f"then run pulumi refresh --clear-pending-creates --stack {stack}."
        )
    if deployment.get("resources"):
        return (
            f"Stack {stack} is not empty, and a drill would remove what is in it: choose another, or destroy it first."
        )
    return None


def _restore(pulumi: "_Pulumi", say: Say) -> int:
    started = time.monotonic()
    if failed := pulumi.do("up", on_signal="stop", env={**os.environ, **DRILL}):
        say("The copy could not be restored." if failed > 0 else _KILLED)
    else:
        say(f"Restored in {(time.monotonic() - started) / 60:.0f} min.")
    return failed


def _check(pulumi: "_Pulumi", command: str, run: Run, say: Say) -> int:
    outputs = json.loads(pulumi.read("stack", "output", "--json"))
    checked = run(["/bin/sh", "-c", command], env={**os.environ, **environment(outputs)}, on_signal="stop")
    say("The check succeeded." if checked.returncode == 0 else f"The check failed with exit code {checked.returncode}.")
    return checked.returncode


def _remove(pulumi: "_Pulumi", run: Run, say: Say, tries: int) -> int:
    for _ in range(tries - 1):
        if _destroy(pulumi) == 0:
            return 0
        say("The file system could not be removed, perhaps as FSx is still making it: trying again in a minute.")
        run(["sleep", "60"], on_signal="ignore")
    return _destroy(pulumi)


def _destroy(pulumi: "_Pulumi") -> int:
    """Run `pulumi destroy`, again if it was killed: Ctrl-C reaches a command that is just being started."""
    for _ in range(len(SIGNALS)):
        if (code := pulumi.do("destroy", on_signal="ignore")) >= 0:
            break
    return code


def environment(outputs: Mapping[str, str | None]) -> dict[str, str]:
    """Return the variables of the check; what the file system has not got is left out."""
    return {name: value for name, output in ENVIRONMENT.items() if (value := outputs.get(output))}


class _Pulumi:
    """The Pulumi CLI, on one stack."""

    def __init__(self, stack: str, run: Run) -> None:
        self._stack = stack
        self._run = run

    def do(self, command: str, **options: Any) -> int:
        """Run a command that changes the stack and return its exit code."""
        return self._run(self._command(command, "--yes", "--skip-preview"), **options).returncode

    def read(self, *arguments: str) -> str:
        """Return what a command prints."""
        read = self._run(self._command(*arguments), stdout=subprocess.PIPE)
        read.check_returncode()
        return read.stdout

    def _command(self, *arguments: str) -> list[str]:
        return ["pulumi", *arguments, "--stack", self._stack, "--non-interactive"]


class Runner:
    """Runs commands to their ends, as Pulumi would lose sight of what it is making if it were killed.

    Each command has a session of its own: Ctrl-C reaches this process alone, which passes it on once. Pulumi then ends
    what it has begun and records it, while a second one would kill it.
    """

    def __init__(self, say: Say = _print) -> None:
        self._say = say
        self._received: list[int] = []

    def listen(self) -> None:
        """Note signals from now on, in place of ending this process."""
        for number in SIGNALS:
            signal.signal(number, lambda received, _frame: self._received.append(received))

    def run(
        self,
        command: list[str],
        *,
        on_signal: OnSignal = "finish",
        stdout: int | None = None,
        env: Mapping[str, str] | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end.

        Raises:
            SystemExit: a signal came, before or meanwhile, that is not to be ignored.
        """
        heeded = on_signal != "ignore"
        self._end_if_signalled(heeded=heeded)
        with subprocess.Popen(  # noqa: S603  # the user's own commands
            command, stdin=subprocess.DEVNULL, stdout=stdout, env=env, text=True, start_new_session=True
        ) as process:
            printed = self._wait(process, on_signal)
        self._end_if_signalled(heeded=heeded)
        return subprocess.CompletedProcess(command, process.returncode, printed)

    def _wait(self, process: "subprocess.Popen[str]", on_signal: OnSignal) -> str:
        heard = len(self._received)
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=0.1)[0]
            if heard < len(self._received):
                heard += 1
                self._react(process, on_signal, first=heard == 1)

    def _react(self, process: "subprocess.Popen[str]", on_signal: OnSignal, *, first: bool) -> None:
        if on_signal == "ignore":
            self._say("The restored file system is being removed: wait, as stopping now would leave it running.")
        elif not first:
            self._say("Still waiting for what runs to stop by itself: killing it could leave a file system running.")
        elif on_signal == "stop":
            self._say("Interrupted: once what runs has stopped, which may take minutes, the file system is removed.")
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)

    def _end_if_signalled(self, *, heeded: bool) -> None:
        if heeded and self._received:
            sys.exit(128 + self._received[0])


if __name__ == "__main__":
    os.chdir(Path(__file__).parent)
    runner = Runner()
    runner.listen()
    sys.exit(drill(sys.argv[1] if len(sys.argv) > 1 else "drill", runner.run))

"""Run a failover drill: restore, check, delete, and exit with the code of the check."""

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

# Environment variables of the check, and the stack output of each.
ENVIRONMENT = {
    "FSX_DNS_NAME": "dnsName",
    "FSX_FILE_SYSTEM_ID": "fileSystemId",
    "FSX_BACKUP_ID": "backupId",
    "FSX_MOUNT_NAME": "mountName",
}
# With this variable, the program ignores the setting `keep` and restores a file system that can be deleted.
DRILL = {"FSX_DR_DRILL": "true"}
# Attempts to delete a file system after a failed restore, one per minute. FSx refuses while it creates the file system,
# for up to an hour.
TRIES = 60
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_KILLED = (
    "pulumi up was killed. A file system may exist that is not in the state. "
    "Look for it with `aws fsx describe-file-systems` and delete it."
)

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Say = Callable[[str], None]
# The effect of a signal. `stop` interrupts the command and `finish` waits for it; then the drill ends. `ignore`: none.
OnSignal = Literal["stop", "finish", "ignore"]


def _print(line: str) -> None:
    """Print a line without buffering, so that it appears in order with the output of the commands."""
    with suppress(OSError):  # a closed terminal must not end the drill before the delete
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def drill(stack: str, run: Run, say: Say = _print) -> int:
    """Run the drill and return its exit code.

    Args:
        stack: a stack for the drill alone. It must be empty, because the drill deletes everything in it.
        run: `Runner.run`.
        say: prints a line.

    Returns:
        The exit code of the check, of `pulumi up` if it failed, or of `pulumi destroy` if only that failed.
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
            say(f"The restored file system may still exist. Run `pulumi destroy --stack {stack}`.")
    return code or destroyed


def _refusal(stack: str, deployment: Mapping[str, Any]) -> str | None:
    if pending := deployment.get("pending_operations"):
        urns = ", ".join(operation["resource"]["urn"] for operation in pending)
        return (
            f"Stack {stack} has pending operations ({urns}). A file system may exist that is not in the state. "
            f"Look for it with `aws fsx describe-file-systems` and delete it. "
            f"Then run `pulumi refresh --clear-pending-creates --stack {stack}`."
        )
    if deployment.get("resources"):
        return f"Stack {stack} is not empty. A drill would delete its resources. Use an empty stack."
    return None


def _restore(pulumi: "_Pulumi", say: Say) -> int:
    started = time.monotonic()
    if failed := pulumi.do("up", on_signal="stop", env={**os.environ, **DRILL}):
        say("The copy was not restored." if failed > 0 else _KILLED)
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
        say("The file system could not be deleted. FSx may still be creating it. Trying again in a minute.")
        run(["sleep", "60"], on_signal="ignore")
    return _destroy(pulumi)


def _destroy(pulumi: "_Pulumi") -> int:
    """Run `pulumi destroy`, and again if it was killed: Ctrl-C can reach a command while it starts."""
    for _ in range(len(SIGNALS)):
        if (code := pulumi.do("destroy", on_signal="ignore")) >= 0:
            break
    return code


def environment(outputs: Mapping[str, str | None]) -> dict[str, str]:
    """Return the environment variables of the check, without those that the file system does not have."""
    return {name: value for name, output in ENVIRONMENT.items() if (value := outputs.get(output))}


class _Pulumi:
    """Commands of the Pulumi CLI for one stack."""

    def __init__(self, stack: str, run: Run) -> None:
        self._stack = stack
        self._run = run

    def do(self, command: str, **options: Any) -> int:
        """Run a command that changes the stack and return its exit code."""
        return self._run(self._command(command, "--yes", "--skip-preview"), **options).returncode

    def read(self, *arguments: str) -> str:
        """Return the output of a command."""
        read = self._run(self._command(*arguments), stdout=subprocess.PIPE)
        read.check_returncode()
        return read.stdout

    def _command(self, *arguments: str) -> list[str]:
        return ["pulumi", *arguments, "--stack", self._stack, "--non-interactive"]


class Runner:
    """Runs commands and never kills them: a killed Pulumi may not write a new file system into its state.

    Each command has its own session, so only this process receives Ctrl-C. It passes the first one on. Pulumi then
    finishes running operations and writes its state; a second signal would kill it.
    """

    def __init__(self, say: Say = _print) -> None:
        self._say = say
        self._received: list[int] = []

    def listen(self) -> None:
        """Record signals from now on instead of ending this process."""
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
            SystemExit: a signal was received before or during the command, and `on_signal` is not `ignore`.
        """
        heeded = on_signal != "ignore"
        heard = len(self._received)  # before the command starts, so that no signal is missed
        self._end_if_signalled(heeded=heeded)
        with subprocess.Popen(  # noqa: S603  # the user's own commands
            command, stdin=subprocess.DEVNULL, stdout=stdout, env=env, text=True, start_new_session=True
        ) as process:
            printed = self._wait(process, on_signal, heard)
        self._end_if_signalled(heeded=heeded)
        return subprocess.CompletedProcess(command, process.returncode, printed)

    def _wait(self, process: "subprocess.Popen[str]", on_signal: OnSignal, heard: int) -> str:
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=0.1)[0]
            if heard < len(self._received):
                heard += 1
                self._react(process, on_signal, first=heard == 1)

    def _react(self, process: "subprocess.Popen[str]", on_signal: OnSignal, *, first: bool) -> None:
        if on_signal == "ignore":
            self._say("The restored file system is being deleted. Please wait: stopping now would leave it running.")
        elif not first:
            self._say("Waiting for the running command to end. Killing it could leave a file system running.")
        elif on_signal == "stop":
            self._say(
                "Interrupted. The file system will be deleted after the running command has ended, in some minutes."
            )
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

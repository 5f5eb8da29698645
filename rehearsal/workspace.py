"""The Pulumi project of this repository in a folder of its own, run by whichever engine there is."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rehearsal.engine import DOUBLE

_ROOT = Path(__file__).parents[1]
_PROJECT = ("Pulumi.yaml", "Pulumi.rehearsal.yaml", "__main__.py")
_SECONDS_TO_END = 15  # the engine gives its plugins 5


@dataclass(frozen=True)
class Workspace:
    """A project, its state and all that leads its programs to the stand-in for AWS."""

    folder: Path
    engine: list[str]
    environment: dict[str, str]

    @property
    def has_cli(self) -> bool:
        """Whether the engine is Pulumi's own."""
        return self.engine != DOUBLE

    def run(self, *arguments: str) -> int:
        """Run an engine command with its output shown, and return its exit code."""
        with self._started(arguments) as process:
            return process.wait()

    def read(self, *arguments: str) -> str:
        """Run an engine command and return its output.

        Raises:
            RuntimeError: it failed.
        """
        command = [*self.engine, "--cwd", str(self.folder), *arguments]
        ended = subprocess.run(command, cwd=_ROOT, env=self.environment, capture_output=True, text=True, check=False)  # noqa: S603 - the engine
        if ended.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {ended.stderr.strip()}")
        return ended.stdout

    def report(self) -> int:
        """Run `fsx-dr report` on the stack's outputs, and return its exit code."""
        outputs = self.folder / "outputs.json"
        outputs.write_text(self.read("stack", "output", "--json"))
        command = [str(Path(sys.executable).with_name("fsx-dr")), "report", "--outputs", str(outputs)]
        return subprocess.run(command, env=self.environment, check=False).returncode  # noqa: S603 - our own

    def cancel(self, *arguments: str, when: Callable[[], bool]) -> int:
        """Run an engine command and end it with two signals, as a cancelled CI job does, once `when` holds."""
        with self._started(arguments) as process:
            while process.poll() is None and not when():
                _wait(process, 0.05)
            terminate(process)
            return process.wait()

    @contextmanager
    def _started(self, arguments: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
        command = [*self.engine, "--cwd", str(self.folder), *arguments]
        process = subprocess.Popen(command, cwd=_ROOT, env=self.environment)  # noqa: S603 - the engine
        try:
            yield process
        finally:
            terminate(process)


def terminate(process: subprocess.Popen[bytes]) -> None:
    """End an engine that may be at work: it ends its plugins at the second signal."""
    for _ in range(2):
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            _wait(process, 0.5)
    _wait(process, _SECONDS_TO_END)
    process.kill()
    process.wait()


@contextmanager
def workspace(engine: list[str], aws: dict[str, str]) -> Iterator[Workspace]:
    """Yield a copy of the project with a new stack `rehearsal`, and remove it, state included, in the end.

    Args:
        engine: argv prefix of the engine.
        aws: environment variables that lead AWS clients to the stand-in.
    """
    with TemporaryDirectory(prefix="fsx-dr-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for file in _PROJECT:
            shutil.copy(_ROOT / file, folder)
        (folder / ".venv").symlink_to(sys.prefix)
        made = Workspace(folder, engine, _environment(folder) | aws)
        made.read("stack", "select", "--create", "rehearsal")
        yield made


def _environment(folder: Path) -> dict[str, str]:
    """Return the variables of this process without what would lead to AWS, Pulumi Cloud or a download."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PULUMI_"))}
    state = folder / "state"
    state.mkdir()
    return inherited | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "GRPC_VERBOSITY": "ERROR",
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_FSX_DR_POLL_SECONDS": "0.2",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_PARALLEL": "32",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return

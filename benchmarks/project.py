"""A Pulumi project in a folder of its own, and how long its commands take."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.usage import Usage, watched
from rehearsal.engine import find_engine

POLL_SECONDS = 0.1
PARALLEL = 128  # operations at once

_ROOT = Path(__file__).parents[1]
_MAIN = "from pathlib import Path\nfrom benchmarks.program import declare\n\ndeclare(Path('copies.json'))\n"
_OPTIONS = {
    "preview": (),
    "up": ("--yes", "--skip-preview"),
    "refresh": ("--yes", "--skip-preview"),
    "destroy": ("--yes", "--skip-preview"),
}


@dataclass(frozen=True)
class Ran:
    """One command: how long it took, in seconds, and what the provider's process used meanwhile."""

    seconds: float
    usage: Usage


@dataclass(frozen=True)
class Project:
    """A project, its state and what leads its programs to the stand-in for AWS."""

    folder: Path
    engine: list[str]
    environment: Mapping[str, str]

    def declare(self, subject: str, copies: Mapping[str, Mapping[str, str]]) -> None:
        """Write down what the program is to declare: arguments by resource name."""
        (self.folder / "copies.json").write_text(json.dumps({"subject": subject, "copies": copies}))

    def run(self, command: str) -> Ran:
        """Run preview, up, refresh or destroy to its end.

        Raises:
            RuntimeError: it failed.
        """
        with watched(self.environment["PULUMI_BACKEND_URL"]) as usage:
            began = time.monotonic()
            self.call(command, *_OPTIONS[command], "--parallel", str(PARALLEL))
            seconds = time.monotonic() - began
        return Ran(seconds, usage)

    def call(self, *command: str) -> None:
        """Call the engine with any command.

        Raises:
            RuntimeError: it failed.
        """
        argv = [*self.engine, "--non-interactive", *command]
        log = self.folder / "output.txt"
        with log.open("w") as output:
            ended = subprocess.run(  # noqa: S603 - the engine
                argv, cwd=self.folder, env=self.environment, stdout=output, stderr=subprocess.STDOUT, check=False
            )
        if ended.returncode:
            raise RuntimeError(f"{' '.join(argv)} failed: {log.read_text()[-2000:]}")


# A state in files is written anew for each step, which at 1,000 resources takes longer than all else.
_AT_THE_END = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}


@contextmanager
def project(aws: dict[str, str], *, checkpoints: bool) -> Iterator[Project]:
    """Give a new project with an empty stack.

    Args:
        aws: environment variables that lead AWS clients to the stand-in.
        checkpoints: whether the engine writes the state at each step, or once at the end.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "state").mkdir()
        (folder / "__main__.py").write_text(_MAIN)
        runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
        (folder / "Pulumi.yaml").write_text(json.dumps({"name": "bench", "runtime": runtime}))
        made = Project(folder, find_engine(), _environment(folder) | ({} if checkpoints else _AT_THE_END) | aws)
        made.call("stack", "init", "bench")
        yield made


def _environment(folder: Path) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PULUMI_"))}
    return inherited | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "GRPC_VERBOSITY": "ERROR",
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_FSX_DR_POLL_SECONDS": str(POLL_SECONDS),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PYTHONPATH": str(_ROOT),
    }

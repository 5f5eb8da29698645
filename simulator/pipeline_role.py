"""The identity that runs Pulumi in rehearsals: it may do what `fsx-dr policy` prints, and nothing else."""

import json
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

from simulator.fsx import Control
from simulator.fsx.regions import ACCOUNT_ID

ACCESS_KEY = "pipeline"
FSX_DR = str(Path(sys.executable).with_name("fsx-dr"))


def environment(control: Control, region: str | None = None) -> dict[str, str]:
    """Return the environment variables that lead AWS clients to the simulator, with this identity's key."""
    return control.environment(region) | {"AWS_ACCESS_KEY_ID": ACCESS_KEY}


def allow(control: Control, *options: str) -> str:
    """Attach the document that `fsx-dr policy` prints in place of former ones, and return the command that printed it.

    Raises:
        subprocess.CalledProcessError: an option makes no sense.
    """
    arguments = ("policy", "--account", ACCOUNT_ID, *options)
    control.attach_policies(ACCESS_KEY, [json.loads(_printed(arguments))])
    return shlex.join(["fsx-dr", *arguments])


@cache
def _printed(arguments: tuple[str, ...]) -> str:
    """Return what `fsx-dr` prints, which for a policy depends on nothing but its arguments."""
    return subprocess.run([FSX_DR, *arguments], check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own

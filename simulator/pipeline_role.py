"""The identity that runs Pulumi against the simulator, with the permissions that `fsx-dr policy` prints."""

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
    """Return the environment variables with which AWS clients call the simulator as this identity."""
    return control.environment(region) | {"AWS_ACCESS_KEY_ID": ACCESS_KEY}


def allow(control: Control, *options: str) -> str:
    """Replace the identity's policy with the one that `fsx-dr policy` prints, and return the command.

    Raises:
        subprocess.CalledProcessError: If an option is wrong.
    """
    arguments = ("policy", "--account", ACCOUNT_ID, *options)
    control.attach_policies(ACCESS_KEY, [json.loads(_output_of(arguments))])
    return shlex.join(["fsx-dr", *arguments])


@cache
def _output_of(arguments: tuple[str, ...]) -> str:
    """Return the output of `fsx-dr`; for the same arguments the policy is the same."""
    return subprocess.run([FSX_DR, *arguments], check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own

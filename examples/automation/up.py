"""Copies what is new, from a Python program and without a project of its own: `python up.py`."""

# ruff: noqa: INP001  # a program, not a package

import os
import sys
from typing import Any

import pulumi
from pulumi import automation
from pulumi_fsx_dr import DrRegion


def declare() -> None:
    """Declare the copies: what a `__main__.py` would."""
    config = pulumi.Config()
    dr = DrRegion(
        "dr",
        region=config.require("region"),
        sources=[{"file_system_id": config.require("fileSystemId"), "region": config.require("sourceRegion")}],
        keep=2,
    )
    pulumi.export("latest", dr.latest)
    pulumi.export("readiness", dr.readiness(rpo_hours=26))


def up(stack_name: str, settings: dict[str, str]) -> dict[str, Any]:
    """Run `pulumi up` in this process and return the stack's outputs.

    Args:
        stack_name: of a stack, which is made if there is none.
        settings: the configuration of the program; more of `aws:` where it is needed.
    """
    stack = automation.create_or_select_stack(stack_name, project_name="dr", program=declare)
    for name, value in settings.items():
        stack.set_config(name, automation.ConfigValue(value))
    # On its own output, so that what this program prints can be read by another one. One copy that fails must not keep
    # the others from being copied, or from expiring.
    stack.up(on_output=sys.stderr.write, parallel=64, continue_on_error=True)
    return {name: output.value for name, output in stack.outputs().items()}


if __name__ == "__main__":
    # The program asks AWS itself, so credentials are those of this process: environment, profile or role.
    outputs = up(os.environ["STACK"], {name: os.environ[name] for name in ("region", "fileSystemId", "sourceRegion")})
    sys.stdout.write(f"{outputs['latest']}\n")

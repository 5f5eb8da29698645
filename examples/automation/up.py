"""Run `pulumi up` from a Python program with the Automation API: `python up.py`."""

# ruff: noqa: INP001  # a program, not a package

import os
import sys
from typing import Any

import pulumi
from pulumi import automation
from pulumi_fsx_dr import DrRegion


def declare() -> None:
    """Declare the copies. This is the Pulumi program."""
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
        stack_name: the stack; it is created if it does not exist.
        settings: configuration of the program, and `aws:` settings if needed.
    """
    stack = automation.create_or_select_stack(stack_name, project_name="dr", program=declare)
    for name, value in settings.items():
        stack.set_config(name, automation.ConfigValue(value))
    # Pulumi's messages go to stderr, so that stdout has only the result. One failed copy must not stop the other copies
    # or their retention.
    stack.up(on_output=sys.stderr.write, parallel=64, continue_on_error=True)
    return {name: output.value for name, output in stack.outputs().items()}


if __name__ == "__main__":
    # Program and provider use the AWS credentials of this process: environment, profile or role.
    outputs = up(os.environ["STACK"], {name: os.environ[name] for name in ("region", "fileSystemId", "sourceRegion")})
    sys.stdout.write(f"{outputs['latest']}\n")

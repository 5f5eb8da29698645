"""The project of BackupCopies for the scenarios, and helpers for its account."""

from pathlib import Path
from typing import Any

from simulator import pipeline_role
from simulator.fsx import Control
from simulator.project import Project, write_program

SOURCE_REGION = "us-east-1"
DR = "eu-west-1"

PROGRAM = """
import json
import pulumi
from pulumi_fsx_dr import BackupCopy

def delete_first(args):  # BackupCopy refuses the option itself
    opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(delete_before_replace=True))
    return pulumi.ResourceTransformationResult(args.props, opts)


for name, declared in json.load(open("declared.json")).items():
    timeouts = declared.pop("timeouts", None)
    settings = declared.pop("options", {})
    deletes_first = settings.pop("delete_before_replace", False)
    options = pulumi.ResourceOptions(**settings, transformations=[delete_first] if deletes_first else [])
    options.custom_timeouts = pulumi.CustomTimeouts(**timeouts) if timeouts else None
    pulumi.export(name, BackupCopy(name, {"source_region": "us-east-1", **declared}, options).id)
"""


def new_project(folder: Path, engine: list[str], aws: Control, program: str = PROGRAM) -> Project:
    """Return a project with an empty stack `dev` in the simulator."""
    # The CLI does not look for a plugin because of pulumi-plugin.json; this tests that no setting is needed.
    variables = {
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "false",
        **pipeline_role.environment(aws, SOURCE_REGION),
    }
    return Project.create(write_program(folder, program), engine, variables)


def urn(name: str) -> str:
    """Return the URN of a copy in the stack `dev`."""
    return f"urn:pulumi:dev::copies::pulumi-python:dynamic/fsx:BackupCopy::{name}"


def urn_of(project: Project, name: str) -> str:
    """Return the URN of a copy in the state of a project, for either host."""
    return next(str(state["urn"]) for state in project.resources() if state["urn"].endswith(f"::{name}"))


def copies(aws: Control, region: str = DR) -> list[dict[str, Any]]:
    return [dict(backup) for backup in aws.backups(region) if backup["source_backup_id"]]


def expire(aws: Control, *backups: str) -> None:
    for backup in backups:
        aws.remove_backup(SOURCE_REGION, backup)


def allow(aws: Control, *keys: str) -> None:
    """Allow exactly the actions that `fsx-dr policy` prints for copies from SOURCE_REGION."""
    regions = [("--source-region", SOURCE_REGION), ("--source-region", DR), ("--dr-region", DR)]
    options = [*regions, ("--dr-region", "eu-central-1"), *(("--key", key) for key in keys)]
    pipeline_role.allow(aws, *(word for option in options for word in option))


def new_key(aws: Control) -> str:
    """Return the ARN of a new KMS key in the DR Region that projects may use."""
    client = aws.client("kms", DR)
    key = str(client.create_key()["KeyMetadata"]["Arn"])
    client.close()
    allow(aws, key)
    return key

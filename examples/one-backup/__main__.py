"""Copy one backup into another Region."""

# ruff: noqa: INP001  # a program, not a package

import pulumi
from pulumi_fsx_dr import BackupCopy

config = pulumi.Config()

copy = BackupCopy(
    "ledger",
    source_backup_id=config.require("backupId"),
    source_region=config.require("sourceRegion"),
    region=config.require("region"),
    tags={"team": "storage"},
)

pulumi.export("backupId", copy.id)
pulumi.export("from", copy.source_creation_time)

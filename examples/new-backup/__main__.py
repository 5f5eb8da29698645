"""Create a backup, and copy it into another Region."""

# ruff: noqa: INP001  # a program, not a package

import pulumi
import pulumi_aws as aws
from pulumi_fsx_dr import DrRegion

config = pulumi.Config()
source_region = config.require("sourceRegion")

backup = aws.fsx.Backup("release", file_system_id=config.require("fileSystemId"), region=source_region)
dr = DrRegion(
    "dr",
    region=config.require("region"),
    sources=[{"backup_id": backup.id, "region": source_region}],
)

pulumi.export("copies", dr.copies)

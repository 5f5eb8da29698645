"""Copy the sources of one account into each DR Region; fleet.py sets the configuration."""

# ruff: noqa: INP001  # a program, not a package

import pulumi
from pulumi_fsx_dr import DrRegion
from pulumi_fsx_dr.settings import Settings

settings = Settings.read()
regions = {args["region"]: DrRegion(name, args) for name, args in settings.regions.items()}

pulumi.export("latest", {region: dr.latest for region, dr in regions.items()})
pulumi.export("readiness", [dr.readiness(settings.rpo_hours) for dr in regions.values()])

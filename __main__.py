"""Copy each source of the configuration into each DR Region of the configuration."""

import pulumi
from pulumi_fsx_dr import DrRegion
from pulumi_fsx_dr.settings import Settings

settings = Settings.read()
if settings.warning:
    pulumi.log.warn(settings.warning)
regions = {args["region"]: DrRegion(name, args) for name, args in settings.regions.items()}
readiness = pulumi.Output.all(*(dr.readiness(settings.rpo_hours) for dr in regions.values()))

pulumi.export("copies", {region: dr.copies for region, dr in regions.items()})
pulumi.export("latest", {region: dr.latest for region, dr in regions.items()})
pulumi.export("readiness", readiness.apply(lambda rows: [row for rows_of_region in rows for row in rows_of_region]))

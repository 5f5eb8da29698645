"""Copy file systems into two DR Regions, which have replicas of one KMS key."""

# ruff: noqa: INP001  # a program, not a package

import pulumi
from pulumi_fsx_dr import DrKey, DrRegion, Source

config = pulumi.Config()
primary, *others = regions = config.require_object("regions")
sources: list[Source] = [
    {"file_system_id": file_system_id, "region": config.require("sourceRegion")}
    for file_system_id in config.require_object("fileSystemIds")
]

key = DrKey("copies", region=primary, replica_regions=others, alias="alias/fsx-dr")
declared = {
    region: DrRegion(
        f"dr-{region}",
        region=region,
        sources=sources,
        kms_key_id=key.arns[region],
        keep=config.get_int("keep") or 7,
    )
    for region in regions
}

pulumi.export("latest", {region: dr.latest for region, dr in declared.items()})
readiness = pulumi.Output.all(*(dr.readiness(rpo_hours=26) for dr in declared.values()))
pulumi.export("readiness", readiness.apply(lambda of_regions: [row for rows in of_regions for row in rows]))

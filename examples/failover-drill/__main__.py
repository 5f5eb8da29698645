"""Restores the latest copy of a file system in the DR Region."""

# ruff: noqa: INP001  # a program, not a package

import pulumi
from pulumi_fsx_dr.restore import RestoredFileSystem

config = pulumi.Config()
region, file_system_id = config.require("region"), config.require("fileSystemId")

latest = pulumi.StackReference(config.require("copiesStack")).require_output("latest")

restored = RestoredFileSystem(
    "drill",
    {
        "backup_id": latest.apply(lambda of: of[region][file_system_id]),
        "kind": config.require("kind"),
        "region": region,
        "subnet_ids": config.require_object("subnetIds"),
        "security_group_ids": config.get_object("securityGroupIds") or None,  # type: ignore[typeddict-item]  # none given: the VPC's own
        "tags": {"purpose": "failover-drill"},
        # A drill leaves nothing behind: neither a final backup nor automatic ones.
        "settings": {
            "automatic_backup_retention_days": 0,
            "skip_final_backup": True,
            **(config.get_object("settings") or {}),
        },
    },
)

pulumi.export("dnsName", restored.dns_name)
pulumi.export("fileSystemId", restored.id)
pulumi.export("backupId", restored.backup_id)
pulumi.export("mountName", getattr(restored.file_system, "mount_name", None))

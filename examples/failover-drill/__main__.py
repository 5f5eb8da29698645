"""Restore the latest copy of a file system in the DR Region."""

# ruff: noqa: INP001  # a program, not a package

import os
from typing import Any

import pulumi
from pulumi_fsx_dr.restore import RestoredFileSystem

config = pulumi.Config()
region, file_system_id, kind = config.require("region"), config.require("fileSystemId"), config.require("kind")
# drill.py sets this variable, because it must be able to delete the restored file system.
keep = bool(config.get_bool("keep")) and "FSX_DR_DRILL" not in os.environ

latest = pulumi.StackReference(config.require("copiesStack")).require_output("latest")

# A drill must not create a final or automatic backup. Child volumes would prevent the delete.
removable: dict[str, Any] = {"automatic_backup_retention_days": 0, "skip_final_backup": True}
if kind == "OPENZFS":
    removable["delete_options"] = ["DELETE_CHILD_VOLUMES_AND_SNAPSHOTS"]

restored = RestoredFileSystem(
    "drill",
    {
        "backup_id": latest.apply(lambda of: of[region][file_system_id]),
        "kind": kind,
        "region": region,
        "subnet_ids": config.require_object("subnetIds"),
        "security_group_ids": config.get_object("securityGroupIds") or None,  # type: ignore[typeddict-item]  # None: the default group of the VPC
        "tags": {"purpose": "failover" if keep else "failover-drill"},
        "settings": {**({} if keep else removable), **(config.get_object("settings") or {})},
    },
    pulumi.ResourceOptions(protect=keep),
)

pulumi.export("dnsName", restored.dns_name)
pulumi.export("fileSystemId", restored.id)
pulumi.export("backupId", restored.backup_id)
pulumi.export("mountName", getattr(restored.file_system, "mount_name", None))

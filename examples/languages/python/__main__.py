"""The DR stack of the other languages in Python, with the SDK that `pulumi package add` generates."""

import pulumi
import pulumi_fsx_dr_sdk as fsxdr

kms_key_id = pulumi.Config().require("kmsKeyId")

dr = fsxdr.DrRegion(
    "dr",
    region="eu-west-1",
    sources=[
        {"file_system_id": "fs-0123456789abcdef0", "region": "eu-central-1"},
        {"file_system_id": "fs-0123456789abcdef1", "region": "us-east-1", "keep": 1},
    ],
    kms_key_id=kms_key_id,
    keep=2,
)

fsxdr.BackupCopy(
    "ledger",
    source_backup_id="backup-0123456789abcdef0",
    source_region="eu-central-1",
    region="eu-west-1",
    kms_key_id=kms_key_id,
    tags={"team": "storage"},
)

pulumi.export("latest", dr.latest)
pulumi.export("copies", dr.copies)

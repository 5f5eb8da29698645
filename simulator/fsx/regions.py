"""Regions, partitions, ARNs and ids."""

from functools import cache
from uuid import uuid4

import botocore.session

ACCOUNT_ID = "123456789012"


@cache
def fsx_regions() -> dict[str, str]:
    """Return the partition of each Region that has FSx, from botocore's endpoint data."""
    session = botocore.session.Session()
    return {
        region: partition
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("fsx", partition_name=partition)
    }


def partition_of(region: str) -> str:
    """Return the partition of `region`; by default `aws`."""
    return fsx_regions().get(region, "aws")


def arn(service: str, region: str, account: str, resource: str) -> str:
    """Return the ARN of `resource`, such as `backup/backup-0123456789abcdef0`."""
    return f"arn:{partition_of(region)}:{service}:{region}:{account}:{resource}"


def new_id(prefix: str) -> str:
    """Return an id like FSx's: `prefix`, a dash and 17 hexadecimal digits."""
    return f"{prefix}-0{uuid4().hex[:16]}"

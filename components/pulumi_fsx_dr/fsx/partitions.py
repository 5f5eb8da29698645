"""Which AWS partition a Region belongs to."""

import re

import botocore.session
from botocore import exceptions as aws

from pulumi_fsx_dr import errors

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d{1,2}")
_partitions = botocore.session.Session()


def partition_of(region: str, called: str = "One of the Regions") -> str:
    """Return the AWS partition of a Region, e.g. `aws` or `aws-cn`.

    Args:
        region: its name.
        called: what a refusal calls it. The refusal does not repeat it: it may be a secret in the wrong place.

    Raises:
        InvalidSettingsError: it is not the name of a Region.
    """
    try:
        if _REGION.fullmatch(region):
            return str(_partitions.get_partition_for_region(region))
    except aws.UnknownRegionError:
        pass
    raise errors.InvalidSettingsError(f"{called} is not the name of an AWS Region, such as eu-central-1.")


def regions_with_fsx(region: str | None = None) -> list[str]:
    """Return the Regions that botocore knows to have FSx, in the partition of a Region.

    Args:
        region: its name. Default: the Region that the AWS configuration sets, or else us-east-1.
    """
    partition = partition_of(region or _partitions.get_config_variable("region") or "us-east-1")
    return sorted(_partitions.get_available_regions("fsx", partition))

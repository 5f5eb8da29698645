"""Which AWS partition a Region belongs to."""

import re

import botocore.session
from botocore import exceptions as aws

from pulumi_fsx_dr import errors

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d{1,2}")
_partitions = botocore.session.Session()


def partition_of(region: str) -> str:
    """Return the AWS partition of a Region, e.g. `aws` or `aws-cn`.

    Raises:
        InvalidSettingsError: no partition has Regions of such a name.
    """
    try:
        return str(_partitions.get_partition_for_region(region)) if _REGION.fullmatch(region) else _no_region(region)
    except aws.UnknownRegionError:
        return _no_region(region)


def _no_region(region: str) -> str:
    raise errors.InvalidSettingsError(f"{region!r} is not the name of an AWS Region, such as eu-central-1.")

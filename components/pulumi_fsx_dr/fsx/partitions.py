"""AWS partitions and Regions, as botocore knows them."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from botocore import exceptions as aws
from botocore.loaders import create_loader
from botocore.regions import EndpointResolver

from pulumi_fsx_dr import errors

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d{1,2}")
_AREA = 3  # characters: `eu-`, `sa-`


def partition_of(region: str, called: str = "One of the Regions") -> str:
    """Return the AWS partition of a Region, e.g. `aws` or `aws-cn`; the Region may be newer than botocore.

    The error calls the value `called`. It repeats only what looks like a Region: other text may be a secret.
    """
    try:
        if _REGION.fullmatch(region):
            return str(_resolver().get_partition_for_region(region))
    except aws.UnknownRegionError:
        pass
    raise errors.InvalidSettingsError(f"{_named(called, region)} is not the name of an AWS Region{_such_as(region)}")


def require_fsx_region(region: str, called: str) -> None:
    """Refuse a Region that botocore does not know, or that has no Amazon FSx."""
    partition_of(region, called)
    if region not in _fsx_regions():
        raise errors.InvalidSettingsError(
            f"{_named(called, region)} is not an AWS Region with Amazon FSx{_such_as(region)} If it is a new Region, "
            "update boto3."
        )


def regions_with_fsx(region: str) -> list[str]:
    return sorted(name for name in _fsx_regions() if partition_of(name) == partition_of(region))


def _named(called: str, region: str) -> str:
    return f"{called} ({region})" if _REGION.fullmatch(region) and region not in called else called


def _such_as(region: str) -> str:
    """Return the end of an error: the nearest Region, or an example."""
    longer_or_shorter = [
        name for name in _fsx_regions() if region and (region.startswith(name) or name.startswith(region))
    ]
    of_area = [name for name in _fsx_regions() if name.startswith(region[:_AREA])]
    near = longer_or_shorter or get_close_matches(region, of_area or _fsx_regions(), n=1)
    return f". Did you mean {near[0]}?" if near else ", such as eu-central-1."


@cache
def _fsx_regions() -> tuple[str, ...]:
    found = []
    for partition in _endpoints()["partitions"]:
        endpoints = partition["services"].get("fsx", {}).get("endpoints", {})
        found += [name for name in partition["regions"] if name in endpoints]
    return tuple(found)


@cache
def _resolver() -> EndpointResolver:
    return EndpointResolver(_endpoints())


@cache
def _endpoints() -> Mapping[str, Any]:
    # Not through a session: this must work with a profile that does not exist.
    endpoints: Mapping[str, Any] = create_loader().load_data("endpoints")
    return endpoints

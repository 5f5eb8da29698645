"""List prices, for a rough idea of what copies cost; never more than that.

From AWS's public price pages (*Amazon FSx pricing*, backup storage; *Amazon EC2 on-demand pricing*, data transfer to
other Regions) as quoted on the day below. Discounts, taxes and changes since then are not in them.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

LOOKED_UP = date(2026, 11, 25)

_STORAGE: Mapping[str, float] = MappingProxyType(
    {"us-east-1": 0.05, "us-east-2": 0.05, "us-west-2": 0.05, "eu-central-1": 0.054}
)
_NEAR = {"us-east-1", "us-east-2"}
_USUAL = {"us-west-1", "us-west-2", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3"} | _NEAR


def storage(region: str) -> float | None:
    """Return US dollars per GB and month of backup storage in a Region; None where it is not known here."""
    return _STORAGE.get(region)


def transfer(source_region: str, region: str) -> float | None:
    """Return US dollars per GB that is copied from one Region to another; None where it is not known here."""
    if source_region == region:
        return 0.0
    if {source_region, region} == _NEAR:
        return 0.01
    return 0.02 if {source_region, region} <= _USUAL else None

"""Quotas of FSx for one account in one Region (FSx user guides, *Quotas* and *Copying backups*)."""

from collections.abc import Mapping
from types import MappingProxyType

COPIES_AT_ONCE = 5
"""Running copies into one Region. Copies of ONTAP volumes count separately, by volume and key."""

USER_INITIATED_BACKUPS: Mapping[str, int] = MappingProxyType(
    {"WINDOWS": 500, "LUSTRE": 500, "OPENZFS": 10_000, "ONTAP": 10_000}
)
"""User-initiated backups by file system type, including copies and backups by AWS Backup. AWS raises these quotas."""

QUOTA_NAMES: Mapping[str, str] = MappingProxyType(
    {"WINDOWS": "Windows backups", "LUSTRE": "Lustre backups", "OPENZFS": "OpenZFS backups", "ONTAP": "ONTAP backups"}
)
"""The names of these quotas in Service Quotas."""

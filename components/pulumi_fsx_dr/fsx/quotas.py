"""What FSx permits one account in one Region (FSx user guides, *Quotas* and *Copying backups*)."""

from collections.abc import Mapping
from types import MappingProxyType

COPIES_AT_ONCE = 5
"""Copies in progress to one destination Region; those of ONTAP volumes are counted by volume and key each."""

USER_INITIATED_BACKUPS: Mapping[str, int] = MappingProxyType(
    {"WINDOWS": 500, "LUSTRE": 500, "OPENZFS": 10_000, "ONTAP": 10_000}
)
"""User-initiated backups by file system type, copies and those of AWS Backup included; AWS raises them on request."""

QUOTA_NAMES: Mapping[str, str] = MappingProxyType(
    {"WINDOWS": "Windows backups", "LUSTRE": "Lustre backups", "OPENZFS": "OpenZFS backups", "ONTAP": "ONTAP backups"}
)
"""Their names in Service Quotas."""

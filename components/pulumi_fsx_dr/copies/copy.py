"""A copy, and the declaration of a copy."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from pulumi_fsx_dr.errors import CopyError
from pulumi_fsx_dr.fsx.backup import Backup, CopyRequest

from .ownership import Ownership

# Type tokens, as states and previews name the resources.
BACKUP_COPY_TYPE = "pulumi-python:dynamic/fsx:BackupCopy"
OWNER_TYPE = "pulumi-python:dynamic/fsx:Owner"
DR_REGION_TYPE = "pulumi-fsx-dr:index:DrRegion"
NATIVE_COPY_TYPE = "fsx-dr:index:BackupCopy"  # made by the plugin, for all languages
NATIVE_DR_REGION_TYPE = "fsx-dr:index:DrRegion"
COPY_TYPES = frozenset({BACKUP_COPY_TYPE, NATIVE_COPY_TYPE})

CREATE_TIMEOUT = 24 * 3600.0  # seconds, if `custom_timeouts` says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class CopySpec(CopyRequest):
    """The copy that the program asks for.

    Attributes:
        region: the DR Region.
        timeout: seconds that the copy may take from its own start.
    """

    region: str
    timeout: float

    @classmethod
    def of(cls, inputs: Mapping[str, Any], timeout: float = CREATE_TIMEOUT) -> Self:
        """Read it from the checked arguments of a resource."""
        known = {member.name for member in fields(cls)}
        given = {name: value for name, value in inputs.items() if name in known and value is not None}
        return cls(**given, timeout=timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy as its state entry will describe it.

    Attributes:
        ownership: what its tag must say; None for a copy that is imported, or adopted and not finished.
        source_creation_time: when the source backup was made, or else the copy.
    """

    backup: Backup
    ownership: Ownership | None
    source_creation_time: datetime


class UnfinishedCopyError(CopyError):
    """FSx has accepted the copy, but it is not AVAILABLE yet; the state must keep it.

    Attributes:
        copy: its last known description.
    """

    def __init__(self, message: str, copy: Copy) -> None:
        super().__init__(message)
        self.copy = copy

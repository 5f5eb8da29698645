"""A copy, and the specification of a copy to create."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from pulumi_fsx_dr.errors import CopyError
from pulumi_fsx_dr.fsx.backup import Backup, CopyRequest

from .ownership import Ownership

# Type tokens of the resources, as they appear in states and previews.
BACKUP_COPY_TYPE = "pulumi-python:dynamic/fsx:BackupCopy"
OWNER_TYPE = "pulumi-python:dynamic/fsx:Owner"
DR_REGION_TYPE = "pulumi-fsx-dr:index:DrRegion"
NATIVE_COPY_TYPE = "fsx-dr:index:BackupCopy"  # made by the plugin, for all languages
NATIVE_DR_REGION_TYPE = "fsx-dr:index:DrRegion"
DR_REGION_TYPES = frozenset({DR_REGION_TYPE, NATIVE_DR_REGION_TYPE})
COPY_TYPES = frozenset({BACKUP_COPY_TYPE, NATIVE_COPY_TYPE})

CREATE_TIMEOUT = 24 * 3600.0  # seconds; the default of `custom_timeouts`


@dataclass(frozen=True, slots=True, kw_only=True)
class CopySpec(CopyRequest):
    """The copy that the program declares.

    Attributes:
        region: the DR Region.
        timeout: how long the copy may run, in seconds; time in the queue does not count.
    """

    region: str
    timeout: float

    @classmethod
    def of(cls, inputs: Mapping[str, Any], timeout: float = CREATE_TIMEOUT) -> Self:
        known = {member.name for member in fields(cls)}
        given = {name: value for name, value in inputs.items() if name in known and value is not None}
        return cls(**given, timeout=timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy with the values that go into its state entry.

    Attributes:
        backup: the description of the copy by FSx.
        ownership: the expected content of the ownership tag; None until an import or adoption is complete.
        source_creation_time: the creation time of the source backup; of the copy if the source backup has expired.
    """

    backup: Backup
    ownership: Ownership | None
    source_creation_time: datetime


class UnfinishedCopyError(CopyError):
    """FSx has accepted the copy, but it is not AVAILABLE yet. The copy must be saved in the state."""

    def __init__(self, message: str, copy: Copy) -> None:
        super().__init__(message)
        self.copy = copy

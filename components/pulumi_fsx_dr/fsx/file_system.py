"""A file system as FSx describes it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """A file system (FSx API, FileSystem).

    Attributes:
        tags: None where FSx leaves them out, which does not mean that it has none.
        storage_type: such as SSD or INTELLIGENT_TIERING; None where FSx does not say it.
    """

    id: str
    tags: Mapping[str, str] | None = None
    storage_type: str | None = None

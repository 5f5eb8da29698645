"""Why a copy in the state is kept or deleted: all reasons, as data and as text. `decide.py` chooses one for each copy.

A copy is deleted for one of the reasons in `Deleted`, or not at all.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kept(StrEnum):
    """Why a copy is declared."""

    RETENTION = "{}"
    BACKUP_IS_SOURCE = "its source backup is a source of the program"
    OUTPUT_IS_SOURCE = "its source backup is an output that is a source of the program"
    TAGS_LOST = "its file system does not have the tags that select it"
    DUPLICATE = "no copy of the same backup is AVAILABLE, or its source Region does not answer"
    ONLY_COPY = "no other Region has a copy of {}, or can get one now"
    SOURCE_UNREACHABLE = "its source Region {} does not answer"


class Deleted(StrEnum):
    """Why a copy is no longer declared."""

    EXPIRED = "{}"
    SOURCE_REMOVED = "its source was removed from the program"
    DR_REGION_REMOVED = "its DR Region was removed from the program, and {} has copies"
    EXCLUDED = "{} is listed in exclude"
    DUPLICATE = "{} is a copy of the same backup in the same Region"
    GONE = "it is gone from AWS"
    FAILED = "it FAILED"
    LOST = "{}, and nothing is left to copy it from"


_OF_PROGRAM = (Deleted.SOURCE_REMOVED, Deleted.DR_REGION_REMOVED, Deleted.EXCLUDED)


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to a copy in the state, and why."""

    reason: Kept | Deleted
    detail: str = ""

    @property
    def deletes(self) -> bool:
        """Whether the copy leaves the program."""
        return isinstance(self.reason, Deleted)

    @property
    def is_of_program(self) -> bool:
        """Whether the copy leaves because of what the program declares, which may not be all yet."""
        return self.reason in _OF_PROGRAM

    def __str__(self) -> str:
        return self.reason.value.format(self.detail)

"""The reasons why copies in the state are kept or deleted, with their texts; `decide.py` chooses one for each copy."""

from dataclasses import dataclass
from enum import StrEnum, auto


class Kept(StrEnum):
    """Why a copy is declared. The values without `auto` are shown."""

    RETENTION = "{}"
    BACKUP_IS_SOURCE = auto()
    OUTPUT_IS_SOURCE = auto()
    TAGS_LOST = auto()
    DUPLICATE = auto()
    """No other copy of the same backup is AVAILABLE, or its source Region is unreachable."""
    ONLY_COPY = "no other DR Region has a copy of {}, or can get one now"
    SOURCE_UNREACHABLE = "its source Region {} is unreachable"


class Deleted(StrEnum):
    """Why a copy is no longer declared, and so is deleted. This list is complete."""

    EXPIRED = "{}"
    SOURCE_REMOVED = "its source was removed from the program"
    DR_REGION_REMOVED = "the program no longer copies its source to this Region, and {} has copies"
    EXCLUDED = "{} is listed in exclude"
    DUPLICATE = "{} is another copy of the same backup in the same Region"
    GONE = "it no longer exists in AWS"
    FAILED = "it is FAILED"
    LOST = "{}, and its source backup cannot be copied"


_OF_PROGRAM = (Deleted.SOURCE_REMOVED, Deleted.DR_REGION_REMOVED, Deleted.EXCLUDED)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a copy in the state is kept or deleted, and why; `detail` completes the text of the reason."""

    reason: Kept | Deleted
    detail: str = ""

    @property
    def deletes(self) -> bool:
        """Whether the copy is deleted."""
        return isinstance(self.reason, Deleted)

    @property
    def is_of_program(self) -> bool:
        """Whether the reason depends on the declared sources; the program may declare more of them later."""
        return self.reason in _OF_PROGRAM

    def __str__(self) -> str:
        return self.reason.value.format(self.detail)

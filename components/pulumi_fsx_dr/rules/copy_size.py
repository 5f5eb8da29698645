"""How much data is copied, if FSx shows it: which copies are full, and how many GB."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pulumi_fsx_dr.fsx.backup import BACKUP_ID, Backup
from pulumi_fsx_dr.fsx.kms import same_key

GIB = 1 << 30  # what AWS bills as a GB
_FULL, _INCREMENTAL = "full because it is the first", "incremental"
_FORECAST = re.compile(rf"({BACKUP_ID.pattern}) is copied into ([a-z0-9-]+): (?:({_FULL})|{_INCREMENTAL})\b")


@dataclass(frozen=True, slots=True)
class Range:
    """A figure of which only the bounds are known."""

    least: float
    most: float

    def __add__(self, other: "Range") -> "Range":
        return Range(self.least + other.least, self.most + other.most)


NOTHING = Range(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Series:
    """The backups of one file system or volume that are copied; the first copy is full unless `follows`."""

    backups: Sequence[Backup]
    follows: bool

    @property
    def gigabytes(self) -> Range:
        """How much is copied: at least the newest in full, or nothing; at most each one in full.

        FSx does not show the changes between two backups. Backups of unknown size are left out.
        """
        sizes = [size(backup) or NOTHING for backup in self.backups]
        return Range(0.0 if self.follows else sizes[0].least, sum(known.most for known in sizes))


def size(backup: Backup) -> Range | None:
    """Return how many GB a backup contains, or at most the size of its file system; None if FSx shows neither."""
    if backup.size_in_bytes:
        known = backup.size_in_bytes / GIB
        return Range(known, known)
    capacity = backup.file_system.get("StorageCapacity")  # FSx API, FileSystem: in GiB
    return Range(0.0, float(capacity)) if capacity else None


def series(key_arn: str | None, sources: Iterable[Sequence[Backup]], present: Iterable[Backup]) -> list[Series]:
    """Return the backups that are copied into a DR Region, by file system or volume.

    Args:
        key_arn: of the copies' key; None if it is not known, as FSx's key before the first copy.
        sources: for each file system or volume the backups that get a copy, newest first.
        present: the backups in the DR Region.
    """
    copied = {b.subject for b in present if b.source_backup_id and b.is_available and same_key(b.kms_key_arn, key_arn)}
    return [Series(backups, backups[0].subject in copied) for backups in sources if backups]


def by_subject(backups: Iterable[Backup]) -> list[list[Backup]]:
    """Return backups by their file system or volume, newest first."""
    newest_first = sorted(backups, key=lambda backup: (backup.creation_time, backup.id), reverse=True)
    groups = groupby(sorted(newest_first, key=lambda backup: backup.subject), lambda backup: backup.subject)
    return [list(group) for _, group in groups]


def forecasts(region: str, found: Iterable[Series]) -> Iterator[str]:
    """Yield a sentence for each backup that is copied into a Region; `read_forecast` reads them."""
    for one in found:
        for number, backup in enumerate(one.backups):
            is_full = number == 0 and not one.follows
            how = f"{_FULL} of {backup.subject} under this key in this Region" if is_full else _INCREMENTAL
            yield f"{backup.id} is copied into {region}: {how}, {_gigabytes(size(backup), exactly=is_full)}."


def read_forecast(sentence: str) -> tuple[str, str, bool] | None:
    """Return which backup is copied into which Region, and whether in full; None if it is another sentence."""
    found = _FORECAST.search(sentence)
    return (found[1], found[2], bool(found[3])) if found else None


def _gigabytes(known: Range | None, *, exactly: bool) -> str:
    if known is None:
        return "of unknown size"
    return f"{known.most:.1f} GB" if exactly and known.least == known.most else f"at most {known.most:.1f} GB"

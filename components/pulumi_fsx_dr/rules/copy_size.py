"""The number of full copies, and the amount of data that is copied, if FSx shows it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pulumi_fsx_dr.fsx.backup import Backup, quota_group
from pulumi_fsx_dr.fsx.kms import same_key
from pulumi_fsx_dr.fsx.quotas import COPIES_AT_ONCE

GIB = 1 << 30  # AWS calls it a GB on bills
_TOTAL = re.compile(r"([a-z0-9-]+): \d+ (?:copy|copies) to make, (\d+) full\b")


@dataclass(frozen=True, slots=True)
class Range:
    """A number with known bounds."""

    least: float
    most: float

    def __add__(self, other: "Range") -> "Range":
        return Range(self.least + other.least, self.most + other.most)


NOTHING = Range(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Series:
    """The backups of one file system or volume that are copied with one key. The first is full unless `follows`."""

    backups: Sequence[Backup]
    follows: bool
    key_arn: str | None = None

    @property
    def starts_at_once(self) -> int:
        """Number of copies that can start together. An incremental copy needs an AVAILABLE full copy."""
        return len(self.backups) if self.follows else 1

    @property
    def quota_group(self) -> str:
        return quota_group(self.backups[0].volume_id, "key/" + (self.key_arn or "").rpartition("/")[2])

    @property
    def gigabytes(self) -> Range:
        """Amount of data: at least one full copy, or nothing if the series continues; at most only full copies.

        FSx does not show the changes between two backups. Backups of unknown size do not count.
        """
        sizes = [size(backup) or NOTHING for backup in self.backups]
        return Range(0.0 if self.follows else sizes[0].least, sum(known.most for known in sizes))


def size(backup: Backup) -> Range | None:
    """Return the size of a backup, or the capacity of its file system as its maximum; None if FSx shows neither."""
    if backup.size_in_bytes:
        known = backup.size_in_bytes / GIB
        return Range(known, known)
    capacity = backup.file_system.get("StorageCapacity")  # FSx API, FileSystem: in GiB
    return Range(0.0, float(capacity)) if capacity else None


def series(key_arn: str | None, sources: Iterable[Sequence[Backup]], present: Iterable[Backup]) -> list[Series]:
    """Return the backups that are copied into a DR Region, by file system or volume.

    Args:
        key_arn: ARN of the copies' key; None if it is unknown, as with FSx's key before the first copy.
        sources: the backups to copy of each file system or volume, newest first.
    """
    copied = {b.subject for b in present if b.source_backup_id and b.is_available and same_key(b.kms_key_arn, key_arn)}
    return [Series(backups, backups[0].subject in copied, key_arn) for backups in sources if backups]


def by_subject(backups: Iterable[Backup]) -> list[list[Backup]]:
    newest_first = sorted(backups, key=lambda backup: (backup.creation_time, backup.id), reverse=True)
    groups = groupby(sorted(newest_first, key=lambda backup: backup.subject), lambda backup: backup.subject)
    return [list(group) for _, group in groups]


def forecasts(region: str, found: Iterable[Series]) -> Iterator[str]:
    for one in found:
        for number, backup in enumerate(one.backups):
            is_full = number == 0 and not one.follows
            first = f"full (the first copy of {backup.subject} with this key in this Region)"
            how = first if is_full else "incremental"
            yield f"{backup.id} is copied to {region}: {how}, {_size_text(size(backup), exactly=is_full)}."


def total(region: str, made: int, found: Sequence[Series], running: Iterable[Backup]) -> str:
    """Return one sentence about new copies; `made` also counts copies of unknown backups. `read_total` parses it."""
    known = sum(len(one.backups) for one in found)
    full = sum(not one.follows for one in found)
    sized = sum(size(backup) is not None for one in found for backup in one.backups)
    gigabytes = sum((one.gigabytes for one in found), NOTHING)
    parts = [f"{full} full and {known - full} incremental"]
    if sized:
        parts.append(gigabytes_text(gigabytes))
    if made > sized:
        parts.append(f"{made - sized} of unknown size")
    copies = "1 copy" if made == 1 else f"{made} copies"
    later = sum(len(one.backups) - one.starts_at_once for one in found)
    slots = _waiting_for_slot(found, running)
    waits = []
    if later:
        waits.append(
            f"{later} {'starts' if later == 1 else 'start'} after the full {'copy' if full == 1 else 'copies'}"
        )
    if slots:
        waits.append(f"{slots} {'waits' if slots == 1 else 'wait'} for a copy slot")
    return "; ".join([f"{region}: {copies} to make, {', '.join(parts)}", *waits]) + "."


def read_total(sentence: str) -> tuple[str, int] | None:
    """Return the Region and the number of full copies in a total; None if the sentence is not a total."""
    found = _TOTAL.match(sentence)
    return (found[1], int(found[2])) if found else None


def _waiting_for_slot(found: Iterable[Series], running: Iterable[Backup]) -> int:
    """Return how many copies could start at once, but have no free copy slot."""
    taken = Counter(copy.quota_group for copy in running)
    groups: dict[str, list[Series]] = defaultdict(list)
    for one in found:
        groups[one.quota_group].append(one)
    waiting = 0
    for group, members in groups.items():
        free = max(COPIES_AT_ONCE - taken[group], 0)
        waiting += max(sum(one.starts_at_once for one in members) - free, 0)
    return waiting


def gigabytes_text(known: Range) -> str:
    """Return an amount of data: `50 GB` or `50 to 200 GB`."""
    least, most = (f"{bound:,.1f}".removesuffix(".0") for bound in (known.least, known.most))
    return f"{most} GB" if least == most else f"{least} to {most} GB"


def _size_text(known: Range | None, *, exactly: bool) -> str:
    if known is None:
        return "of unknown size"
    most = gigabytes_text(Range(known.most, known.most))
    return most if exactly and known.least == known.most else f"at most {most}"

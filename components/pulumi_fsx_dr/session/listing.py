"""All backups of one Region at one time, found by what is asked about them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pulumi_fsx_dr.copies.ownership import Pending, mark_in, speeches_of
from pulumi_fsx_dr.fsx.backup import Backup


@dataclass(frozen=True, slots=True)
class PendingCopy:
    """A copy that an earlier run started and left pending."""

    backup: Backup
    mark: Pending


@dataclass(frozen=True, slots=True)
class Listing:
    """What DescribeBackups listed.

    Attributes:
        backups: all of them.
        pending: the copies among them whose mark says pending.
        by_id: the same by their ids.
    """

    backups: Sequence[Backup]
    pending: Sequence[PendingCopy]
    by_id: Mapping[str, Backup]
    _by_speech: Mapping[str, Sequence[Backup]]

    @classmethod
    def of(cls, listed: Iterable[Backup]) -> "Listing":
        """Sort what was listed."""
        backups = list(listed)
        marked = [(backup, mark) for backup in backups if (mark := mark_in(backup.tags))]
        by_speech = defaultdict(list)
        for backup, mark in marked:
            by_speech[mark.speech].append(backup)
        pending = [PendingCopy(backup, mark) for backup, mark in marked if isinstance(mark, Pending)]
        return cls(backups, pending, {backup.id: backup for backup in backups}, by_speech)

    @property
    def running(self) -> dict[str, str]:
        """The quota groups of the copies that run, by id."""
        return {backup.id: backup.quota_group for backup in self.backups if backup.is_running_copy}

    def speaking_of(self, urn: str) -> list[Backup]:
        """Return the copies whose marks name a resource."""
        return [copy for speech in speeches_of(urn) for copy in self._by_speech.get(speech, ())]

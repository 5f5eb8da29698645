"""All backups of one Region at one time, found by what is asked about them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pulumi_fsx_dr.copies.ownership import ownership_of
from pulumi_fsx_dr.fsx.backup import Backup


@dataclass(frozen=True, slots=True)
class Listing:
    """What DescribeBackups listed.

    Attributes:
        backups: all of them.
        by_id: the same by their ids.
    """

    backups: Sequence[Backup]
    by_id: Mapping[str, Backup]
    _by_owner: Mapping[str, Sequence[Backup]]

    @classmethod
    def of(cls, listed: Iterable[Backup]) -> "Listing":
        """Sort what was listed."""
        backups = list(listed)
        by_owner = defaultdict(list)
        for backup in backups:
            if backup.source_backup_id and (ownership := ownership_of(backup.tags)):
                by_owner[ownership.owner_id].append(backup)
        return cls(backups, {backup.id: backup for backup in backups}, by_owner)

    @property
    def running(self) -> dict[str, str]:
        """The quota groups of the copies that take a slot, by id."""
        return {backup.id: backup.quota_group for backup in self.backups if backup.takes_slot}

    def claimed_by(self, owner_id: str) -> Sequence[Backup]:
        """Return the copies whose tag has an owner id; the tag proves nothing."""
        return self._by_owner.get(owner_id, ()) if owner_id else ()

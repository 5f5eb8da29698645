"""The state of the whole service, and the rules that can be changed."""

import threading
from dataclasses import dataclass, field, fields, replace
from typing import Any

from rehearsal.fsx.clock import Clock
from rehearsal.fsx.faults import Faults
from rehearsal.fsx.journal import Journal
from rehearsal.fsx.records import Backup, Region
from rehearsal.fsx.regions import ACCOUNT_ID


@dataclass(frozen=True)
class Settings:
    """How the service behaves; seconds throughout.

    Attributes:
        copy_seconds: how long a copy takes.
        backup_seconds: how long CreateBackup takes.
        copies_per_region: copies in progress to one Region.
        user_initiated_backups: user-initiated backups, copies included, in one Region.
        page_size: the longest page of DescribeBackups and DescribeFileSystems.
        ids_per_answer: of how many backups DescribeBackups tells at most if it is asked for ids.
        copy_tells_tags: whether CopyBackup's answer holds the copy's tags.
        tags_visible_after: how long a backup is still described with the tags it had before a change.
        copy_visible_after: how long DescribeBackups does not know a new copy.
        delete_lag: how long DescribeBackups still shows a deleted backup.
        delete_lag_lifecycle: the state it shows meanwhile.
        forgets_deleted: whether the client request token of a copy that was deleted since makes a new copy; if not, it
            answers with the deleted one.
        being_copied_error: how DeleteBackup refuses the source of a running copy: "BackupBeingCopied", as the API says,
            or "BadRequest", as it was seen to do.
        regions_without_multi_az: where Windows Multi-AZ backups cannot be copied to.
    """

    copy_seconds: float = 60.0
    backup_seconds: float = 30.0
    copies_per_region: int = 5
    user_initiated_backups: int = 500
    page_size: int = 50
    ids_per_answer: int = 50
    copy_tells_tags: bool = True
    tags_visible_after: float = 0.0
    copy_visible_after: float = 0.0
    delete_lag: float = 0.0
    delete_lag_lifecycle: str = "DELETED"
    forgets_deleted: bool = False
    being_copied_error: str = "BackupBeingCopied"
    regions_without_multi_az: tuple[str, ...] = ()

    def changed(self, changes: dict[str, Any]) -> "Settings":
        """Return these settings with `changes`.

        Raises:
            ValueError: a change names no setting.
        """
        unknown = changes.keys() - {setting.name for setting in fields(self)}
        if unknown:
            raise ValueError(f"There is no setting {', '.join(sorted(unknown))}.")
        return replace(self, **changes)


@dataclass
class Failure:
    """Copies that are to fail: why, where to, of which source, and how many of them."""

    reason: str
    region: str | None
    source: str | None
    times: int


@dataclass
class World:
    """All Regions of all accounts; hold `lock` while reading or changing anything."""

    clock: Clock
    settings: Settings
    lock: threading.RLock = field(default_factory=threading.RLock)
    regions: dict[tuple[str, str], Region] = field(default_factory=dict)
    copy_seconds: dict[tuple[str | None, str | None], float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    journal: Journal = field(default_factory=Journal)
    policies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def region(self, name: str, account: str = ACCOUNT_ID) -> Region:
        """Return what an account has in a Region."""
        return self.regions.setdefault((account, name), Region())

    def backup(self, region: str, backup_id: str, account: str = ACCOUNT_ID) -> Backup | None:
        """Return a backup that is not deleted."""
        found = self.region(region, account).backups.get(backup_id)
        return found if found and found.deleted_at is None else None

    def duration(self, region: str, source: str) -> float:
        """Return how long a copy of `source` to `region` takes; the narrowest setting wins."""
        scopes = [(region, source), (None, source), (region, None), (None, None)]
        chosen = [self.copy_seconds[scope] for scope in scopes if scope in self.copy_seconds]
        return (chosen or [self.settings.copy_seconds])[0]

    def take_failure(self, region: str, source: str) -> str | None:
        """Return why the next copy of `source` to `region` fails, if it is to, and count it."""
        for failure in self.failures:
            if failure.times and failure.region in {None, region} and failure.source in {None, source}:
                failure.times -= 1
                return failure.reason
        return None

    def is_being_copied(self, backup: Backup) -> bool:
        """Tell whether a running copy reads from `backup`."""
        now = self.clock.now()
        source = (backup.backup_id, backup.region, backup.owner_id)
        copies = (copy for region in self.regions.values() for copy in region.backups.values() if copy.is_copying(now))
        return any((copy.source_id, copy.source_region, copy.owner_id) == source for copy in copies)

"""The state of the simulator."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar

from simulator.fsx.clock import Clock
from simulator.fsx.faults import Fault
from simulator.fsx.records import Backup, Entry, FileSystem, Region
from simulator.fsx.regions import ACCOUNT_ID
from simulator.fsx.settings import Settings

T = TypeVar("T")


@dataclass
class PlannedFailure:
    """Copies that will fail: reason, Region, source backup and number."""

    reason: str
    region: str | None
    source: str | None
    times: int


@dataclass
class State:
    """All Regions of all accounts; hold `lock` while reading or changing anything."""

    clock: Clock
    settings: Settings = field(default_factory=Settings)
    shuffler: Random = field(default_factory=Random)
    lock: threading.RLock = field(default_factory=threading.RLock)
    regions: dict[tuple[str, str], Region] = field(default_factory=dict)
    copy_seconds: dict[str | None, float] = field(default_factory=dict)
    failures: list[PlannedFailure] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    journal: list[Entry] = field(default_factory=list)
    policies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def configure(self, changes: dict[str, Any]) -> None:
        """Change settings.

        Raises:
            TypeError: If a setting is unknown.
        """
        self.settings = replace(self.settings, **changes)
        if "shuffle_seed" in changes:
            self.shuffler.seed(self.settings.shuffle_seed)

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """Return `items` in the order of the next answer."""
        ordered = list(items)
        if self.settings.shuffle_seed is not None:
            self.shuffler.shuffle(ordered)
        return ordered

    def region(self, name: str, account: str = ACCOUNT_ID) -> Region:
        """Return the resources of an account in a Region."""
        return self.regions.setdefault((account, name), Region())

    def backup(self, region: str, backup_id: str, account: str = ACCOUNT_ID) -> Backup | None:
        """Return a backup that is not deleted."""
        found = self.region(region, account).backups.get(backup_id)
        return found if found and found.deleted_at is None else None

    def resource(self, region: str, resource_id: str, account: str) -> Backup | FileSystem | None:
        """Return a backup or file system."""
        file_systems = self.region(region, account).file_systems
        return self.backup(region, resource_id, account) or file_systems.get(resource_id)

    def duration(self, region: str) -> float:
        """Return the duration of a copy into `region`."""
        everywhere = self.copy_seconds.get(None, self.settings.copy_seconds)
        return self.copy_seconds.get(region, everywhere)

    def take_failure(self, region: str, source: str) -> str | None:
        """Return the reason if the next copy of `source` into `region` must fail, and count it."""
        for failure in self.failures:
            if failure.times and failure.region in {None, region} and failure.source in {None, source}:
                failure.times -= 1
                return failure.reason
        return None

    def is_being_copied(self, backup: Backup) -> bool:
        """Whether a copy of `backup` runs, or ended less than `source_busy_seconds` ago."""
        now, lag = self.clock.now(), self.settings.source_busy_seconds
        source = (backup.backup_id, backup.region, backup.owner_id)
        everywhere = (copy for region in self.regions.values() for copy in region.backups.values())
        copies = [copy for copy in everywhere if (copy.source_id, copy.source_region, copy.owner_id) == source]
        return any(copy.is_copying(now) or (copy.job and copy.job.ends <= now < copy.job.ends + lag) for copy in copies)

"""The state of the whole service."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from simulator.fsx.clock import Clock
from simulator.fsx.faults import Faults
from simulator.fsx.journal import Journal
from simulator.fsx.records import Backup, FileSystem, Region
from simulator.fsx.regions import ACCOUNT_ID
from simulator.fsx.settings import Settings

T = TypeVar("T")


@dataclass
class Failure:
    """Copies that are to fail: why, where to, of which source, and how many of them."""

    reason: str
    region: str | None
    source: str | None
    times: int


@dataclass
class ServiceState:
    """All Regions of all accounts; hold `lock` while reading or changing anything."""

    clock: Clock
    settings: Settings = field(default_factory=Settings)
    shuffler: Random = field(default_factory=Random)
    lock: threading.RLock = field(default_factory=threading.RLock)
    regions: dict[tuple[str, str], Region] = field(default_factory=dict)
    copy_seconds: dict[str | None, float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    journal: Journal = field(default_factory=Journal)
    policies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def configure(self, changes: dict[str, Any]) -> None:
        """Change settings.

        Raises:
            ValueError: a change names no setting, or has a value that the setting does not take.
        """
        self.settings = self.settings.changed(changes)
        if "shuffle_seed" in changes:
            self.shuffler.seed(self.settings.shuffle_seed)

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """Return `items` in the order of the next answer."""
        ordered = list(items)
        if self.settings.shuffle_seed is not None:
            self.shuffler.shuffle(ordered)
        return ordered

    def region(self, name: str, account: str = ACCOUNT_ID) -> Region:
        """Return what an account has in a Region."""
        return self.regions.setdefault((account, name), Region())

    def backup(self, region: str, backup_id: str, account: str = ACCOUNT_ID) -> Backup | None:
        """Return a backup that is not deleted."""
        found = self.region(region, account).backups.get(backup_id)
        return found if found and found.deleted_at is None else None

    def file_systems(self, region: str, account: str = ACCOUNT_ID) -> dict[str, FileSystem]:
        """Return the file systems that are there by now, also those that are being deleted."""
        now, present = self.clock.now(), self.region(region, account).file_systems
        return {name: one for name, one in present.items() if one.gone_from is None or now < one.gone_from}

    def restoring_to(self, backup: Backup) -> str | None:
        """Return the file system that `backup` is being restored to, if any."""
        now, restored = self.clock.now(), self.file_systems(backup.region, backup.owner_id)
        targets = (name for name, one in restored.items() if one.restored_from == backup.backup_id)
        return next((name for name in targets if restored[name].lifecycle(now) == "CREATING"), backup.restoring_to)

    def duration(self, region: str) -> float:
        """Return how long a copy to `region` takes; what was set for it alone wins."""
        everywhere = self.copy_seconds.get(None, self.settings.copy_seconds)
        return self.copy_seconds.get(region, everywhere)

    def take_failure(self, region: str, source: str) -> str | None:
        """Return why the next copy of `source` to `region` fails, if it is to, and count it."""
        for failure in self.failures:
            if failure.times and failure.region in {None, region} and failure.source in {None, source}:
                failure.times -= 1
                return failure.reason
        return None

    def is_being_copied(self, backup: Backup) -> bool:
        """Tell whether a copy reads from `backup`, or read until a short while ago."""
        now, lag = self.clock.now(), self.settings.source_busy_seconds
        source = (backup.backup_id, backup.region, backup.owner_id)
        copies = (copy for region in self.regions.values() for copy in region.backups.values())
        readers = (copy for copy in copies if (copy.source_id, copy.source_region, copy.owner_id) == source)
        return any(copy.is_copying(now) or copy.was_copying(now, lag) for copy in readers)

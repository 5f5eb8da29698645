"""What the service remembers: file systems, backups and the work on them."""

from dataclasses import dataclass, field
from typing import Any

from rehearsal.fsx.regions import arn

DONE_PERCENT = 100
Description = dict[str, Any]


@dataclass
class Work:
    """Something being made: its state, when it begins and ends (seconds since 1970), and how it fails."""

    lifecycle: str
    started: float
    ends: float
    failure: str | None = None

    def is_running(self, now: float) -> bool:
        """Tell whether the work goes on at `now`."""
        return now < self.ends

    def ended(self, now: float, lag: float) -> bool:
        """Tell whether the work ended less than `lag` seconds ago."""
        return self.ends <= now < self.ends + lag

    def percent(self, now: float) -> int:
        """Return the progress, which stays below 100 while the work runs."""
        return min(DONE_PERCENT - 1, int(DONE_PERCENT * (now - self.started) / (self.ends - self.started)))


@dataclass
class FileSystem:
    """A file system with the description the API gives of it, and for ONTAP its one volume."""

    description: Description
    volume: Description | None
    kms_key: str
    tags: dict[str, str]

    def describe(self) -> Description:
        """Return the API's `FileSystem`."""
        return self.description | tag_list(self.tags)


@dataclass
class Backup:
    """A backup or a copy of one; its lifecycle follows from the time."""

    backup_id: str
    region: str
    owner_id: str
    type: str
    created: float
    file_system: Description
    volume: Description | None
    kms_key: str
    tags: dict[str, str]
    size_in_bytes: int | None
    source_id: str | None = None
    source_region: str | None = None
    work: Work | None = None
    settled: str = "AVAILABLE"
    failure: str | None = None
    copyable: bool = True
    restoring_to: str | None = None
    shown_from: float = 0.0
    listed_from: float = 0.0
    deleted_at: float | None = None
    former_tags: dict[str, str] = field(default_factory=dict)
    tags_shown_from: float = 0.0

    @property
    def arn(self) -> str:
        """Return the backup's ARN."""
        return arn("fsx", self.region, self.owner_id, f"backup/{self.backup_id}")

    def retag(self, tags: dict[str, str], now: float, shown_after: float) -> None:
        """Change the tags; the former ones show a while longer."""
        self.former_tags = self.shown_tags(now)
        self.tags, self.tags_shown_from = tags, now + shown_after

    def shown_tags(self, now: float) -> dict[str, str]:
        """Return the tags that descriptions show."""
        return self.former_tags if now < self.tags_shown_from else self.tags

    def is_running(self, now: float) -> bool:
        """Tell whether the backup is still being made or copied."""
        return self.work is not None and self.work.is_running(now)

    def is_copying(self, now: float) -> bool:
        """Tell whether the backup takes one of its Region's slots for copies."""
        state = self.work.lifecycle if self.work and self.work.is_running(now) else self.settled
        return state == "COPYING" and self.deleted_at is None

    def was_copying(self, now: float, lag: float) -> bool:
        """Tell whether the backup is a copy that ended less than `lag` seconds ago."""
        return self.work is not None and self.work.lifecycle == "COPYING" and self.work.ended(now, lag)

    def lifecycle(self, now: float) -> str:
        """Return the state, leaving deletion aside."""
        if self.work and self.work.is_running(now):
            return self.work.lifecycle
        return "FAILED" if self.failure_reason(now) else self.settled

    def failure_reason(self, now: float) -> str | None:
        """Return why the backup is FAILED, if it is."""
        if self.work and not self.work.is_running(now) and self.work.failure:
            return self.work.failure
        return self.failure

    def describe(self, now: float, lifecycle: str | None = None) -> Description:
        """Return the API's `Backup`, in the given lifecycle state or its own."""
        failure = self.failure_reason(now)
        optional = {
            "FailureDetails": {"Message": failure} if failure else None,
            "ProgressPercent": self.work.percent(now) if self.work and self.work.is_running(now) else None,
            "SourceBackupId": self.source_id,
            "SourceBackupRegion": self.source_region,
            "Volume": self.volume,
            "SizeInBytes": self.size_in_bytes,
        }
        required = {
            "BackupId": self.backup_id,
            "Lifecycle": lifecycle or self.lifecycle(now),
            "Type": self.type,
            "CreationTime": self.created,
            "KmsKeyId": self.kms_key,
            "ResourceARN": self.arn,
            "FileSystem": self.file_system,
            "OwnerId": self.owner_id,
            "ResourceType": "VOLUME" if self.volume else "FILE_SYSTEM",
        }
        given = {name: value for name, value in optional.items() if value is not None}
        return required | given | tag_list(self.shown_tags(now))


@dataclass
class Accepted:
    """A request that was accepted under a client request token, and the backup it is about."""

    parameters: Description
    backup: Backup


@dataclass
class Region:
    """Everything one account has in one Region."""

    backups: dict[str, Backup] = field(default_factory=dict)
    file_systems: dict[str, FileSystem] = field(default_factory=dict)
    accepted: dict[tuple[str, str], Accepted] = field(default_factory=dict)
    max_running: int = 0

    def living(self) -> list[Backup]:
        """Return the backups that are not deleted."""
        return [backup for backup in self.backups.values() if backup.deleted_at is None]

    def running_copies(self, now: float) -> int:
        """Return how many copies take a slot at `now`."""
        return sum(backup.is_copying(now) for backup in self.backups.values())


def tag_list(tags: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    """Return the member `Tags`, or nothing: the model has no empty list of tags."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}

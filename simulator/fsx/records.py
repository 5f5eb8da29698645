"""What the service remembers: file systems, backups and the work on them."""

from dataclasses import dataclass, field
from typing import Any

from simulator.fsx.regions import arn

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
    """A file system with the description the API gives of it, which backup it was restored from, and its way out."""

    description: Description
    kms_key: str
    tags: dict[str, str]
    work: Work | None = None
    restored_from: str | None = None
    gone_from: float | None = None

    @property
    def file_system_id(self) -> str:
        """Return its id."""
        return str(self.description["FileSystemId"])

    @property
    def kind(self) -> str:
        """Return its type, such as WINDOWS."""
        return str(self.description["FileSystemType"])

    def lifecycle(self, now: float) -> str:
        """Return its state."""
        if self.gone_from is not None:
            return "DELETING"
        return "CREATING" if self.work and self.work.is_running(now) else "AVAILABLE"

    def describe(self, now: float) -> Description:
        """Return the API's `FileSystem`."""
        return self.description | {"Lifecycle": self.lifecycle(now)} | tag_list(self.tags)


@dataclass
class Volume:
    """A volume of an ONTAP file system in a Region, with the description the API gives of it."""

    description: Description
    region: str
    is_deleted: bool = False

    @property
    def volume_id(self) -> str:
        """Return its id."""
        return str(self.description["VolumeId"])

    @property
    def file_system_id(self) -> str:
        """Return the id of its file system."""
        return str(self.description["FileSystemId"])

    @property
    def is_flexgroup(self) -> bool:
        """Tell whether it lies on several aggregates; FSx copies no backup of such a volume."""
        return bool(self.description["OntapConfiguration"].get("VolumeStyle") == "FLEXGROUP")


@dataclass
class Backup:
    """A backup of a file system, or of one volume of it, or a copy of a backup; its lifecycle follows from the time.

    `file_system` is the whole description of the file system when the backup was made.
    """

    backup_id: str
    region: str
    owner_id: str
    type: str
    created: float
    file_system: Description
    volume: Volume | None
    kms_key: str
    tags: dict[str, str]
    size_in_bytes: int | None
    source_id: str | None = None
    source_region: str | None = None
    work: Work | None = None
    settled: str = "AVAILABLE"
    failure: str | None = None
    restoring_to: str | None = None
    shown_from: float = 0.0
    listed_from: float = 0.0
    deleted_at: float | None = None
    former_tags: dict[str, str] = field(default_factory=dict)
    tags_shown_from: float = 0.0

    @property
    def kind(self) -> str:
        """Return the type of the file system, such as WINDOWS."""
        return str(self.file_system["FileSystemType"])

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

    def progress(self, now: float) -> int | None:
        """Return the percentage done, if the backup is still being made or copied."""
        return self.work.percent(now) if self.work and self.work.is_running(now) else None


@dataclass
class Accepted:
    """A request that was accepted under a client request token, and what it is about."""

    parameters: Description
    subject: Backup | FileSystem


@dataclass
class Region:
    """Everything one account has in one Region."""

    backups: dict[str, Backup] = field(default_factory=dict)
    file_systems: dict[str, FileSystem] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    accepted: dict[tuple[str, str], Accepted] = field(default_factory=dict)
    max_running: int = 0

    def living(self) -> list[Backup]:
        """Return the backups that are not deleted."""
        return [backup for backup in self.backups.values() if backup.deleted_at is None]

    def volumes_of(self, file_system_id: str) -> list[Volume]:
        """Return the volumes of an ONTAP file system in the order they were made."""
        return [volume for volume in self.volumes.values() if volume.file_system_id == file_system_id]

    def running_copies(self, now: float) -> int:
        """Return how many copies take a slot at `now`."""
        return sum(backup.is_copying(now) for backup in self.backups.values())


def tag_list(tags: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    """Return the member `Tags`, which is an empty list where there are none."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

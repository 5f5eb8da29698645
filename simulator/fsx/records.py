"""The simulator's records: file systems, volumes, backups and calls."""

from dataclasses import dataclass, field
from typing import Any, TypedDict

from simulator.fsx.regions import arn

Description = dict[str, Any]


class Entry(TypedDict):
    """A call: time in seconds since 1970, ids in the request, id of the new backup, and error code or fault."""

    time: float
    service: str
    region: str
    action: str
    token: str | None
    ids: list[str]
    made: str | None
    error: str | None
    access_key: str
    parameters: dict[str, Any]


@dataclass
class FileSystem:
    """A file system, as the API describes it."""

    description: Description
    kms_key: str
    tags: dict[str, str]

    @property
    def file_system_id(self) -> str:
        """Return its id."""
        return str(self.description["FileSystemId"])

    @property
    def kind(self) -> str:
        """Return its type, such as WINDOWS."""
        return str(self.description["FileSystemType"])

    def describe(self) -> Description:
        """Return the API's `FileSystem`."""
        return self.description | {"Lifecycle": "AVAILABLE"} | tag_list(self.tags)


@dataclass
class Volume:
    """A volume of an ONTAP file system, as the API describes it."""

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
        """Whether it is a FlexGroup volume; FSx does not copy backups of FlexGroup volumes."""
        return bool(self.description["OntapConfiguration"].get("VolumeStyle") == "FLEXGROUP")


@dataclass
class CopyJob:
    """The work on a copy: start and end in seconds since 1970, reason of a failure, and size of the transfer."""

    started: float
    ends: float
    failure: str | None = None
    is_full: bool = True
    transferred_bytes: int = 0

    def is_running(self, now: float) -> bool:
        """Whether the copy is not finished at `now`."""
        return now < self.ends

    def percent(self, now: float) -> int:
        """Return the progress, which stays below 100 while the copy runs."""
        return min(99, int(100 * (now - self.started) / (self.ends - self.started)))


@dataclass
class Backup:
    """A backup of a file system or of an ONTAP volume, or a copy of a backup.

    `file_system` is the description of the file system when the backup was made. A backup without a running job stays
    in `settled`.
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
    job: CopyJob | None = None
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
    def chain(self) -> tuple[str, str]:
        """Return volume or file system and key; copies with the same pair are incremental to each other."""
        return self.volume.volume_id if self.volume else str(self.file_system["FileSystemId"]), self.kms_key

    @property
    def arn(self) -> str:
        """Return the backup's ARN."""
        return arn("fsx", self.region, self.owner_id, f"backup/{self.backup_id}")

    def change_tags(self, tags: dict[str, str], now: float, shown_after: float) -> None:
        """Replace the tags; descriptions show the former tags for `shown_after` seconds."""
        self.former_tags = self.shown_tags(now)
        self.tags, self.tags_shown_from = tags, now + shown_after

    def shown_tags(self, now: float) -> dict[str, str]:
        """Return the tags that descriptions show."""
        return self.former_tags if now < self.tags_shown_from else self.tags

    def is_copying(self, now: float) -> bool:
        """Whether the backup takes a copy slot of its Region."""
        return self.deleted_at is None and self.lifecycle(now) == "COPYING"

    def lifecycle(self, now: float) -> str:
        """Return the lifecycle state, without deletion."""
        if self.job and self.job.is_running(now):
            return "COPYING"
        return "FAILED" if self.failure_reason(now) else self.settled

    def failure_reason(self, now: float) -> str | None:
        """Return the reason why the backup is FAILED, or None."""
        if self.job and not self.job.is_running(now) and self.job.failure:
            return self.job.failure
        return self.failure

    def progress(self, now: float) -> int | None:
        """Return the progress in percent while the backup is copied."""
        return self.job.percent(now) if self.job and self.job.is_running(now) else None


@dataclass
class Region:
    """The resources of one account in one Region; `accepted` has parameters and result by action and token."""

    backups: dict[str, Backup] = field(default_factory=dict)
    file_systems: dict[str, FileSystem] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    accepted: dict[tuple[str, str], tuple[Description, Backup]] = field(default_factory=dict)
    max_running: int = 0

    def volumes_of(self, file_system_id: str) -> list[Volume]:
        """Return the volumes of an ONTAP file system in order of creation."""
        return [volume for volume in self.volumes.values() if volume.file_system_id == file_system_id]

    def running_copies(self, now: float) -> list[Backup]:
        """Return the copies that take a slot at `now`."""
        return [backup for backup in self.backups.values() if backup.is_copying(now)]


def tag_list(tags: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    """Return the member `Tags`; without tags it is an empty list."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

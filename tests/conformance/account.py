"""A real AWS account with limits: few small copies, limited time, and deletes only of this run's copies."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID
from pulumi_fsx_dr.fsx.partitions import partition_of

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
TAG = "fsx-dr:conformance"
MAX_COPIES = 6
MAX_GIB = 64

_GIB = 1 << 30
_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})
_T = TypeVar("_T")


class RefusedError(Exception):
    """The run must not start or continue. The message is one line for the user."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a run, from variables FSX_DR_CONFORMANCE_….

    Attributes:
        home: the Region of the source backup.
        away: the Region of the copies.
        backup: the id of the source backup, which is never changed or deleted.
        prefix: the beginning of the tag value and of the request tokens.
        poll: seconds between two polls.
        minutes: the limit for the run, without cleanup.
        page: the page for the observations.
    """

    home: str
    away: str
    backup: str
    prefix: str
    poll: float = 5.0
    minutes: float = 90.0
    page: Path = PAGE

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Options":
        """Read the variables.

        Raises:
            RefusedError: If a variable is missing or wrong.
        """
        names = {name: f"FSX_DR_CONFORMANCE_{name.upper()}" for name in cls.__dataclass_fields__}
        given = {name: environment[variable] for name, variable in names.items() if environment.get(variable)}
        missing = [names[name] for name in ("home", "away", "backup", "prefix") if name not in given]
        if missing:
            raise RefusedError(
                f"make conformance copies backups in a real account. To allow it, set {', '.join(missing)}."
            )
        if not BACKUP_ID.fullmatch(given["backup"]):
            raise RefusedError(f"{names['backup']} is {given['backup']!r}, which is not a backup id.")
        if given["home"] == given["away"] or partition_of(given["home"]) != partition_of(given["away"]):
            raise RefusedError(f"{names['home']} and {names['away']} must be two Regions of one partition.")
        types = {"poll": float, "minutes": float, "page": Path}
        return cls(**{name: types.get(name, str)(value) for name, value in given.items()})


@dataclass
class Account:
    """The account; `made` are the existing copies of this run."""

    options: Options
    run: str = field(default_factory=lambda: uuid4().hex[:8])
    copies: int = 0
    made: set[str] = field(default_factory=set)
    ends: float = field(init=False)

    def __post_init__(self) -> None:
        self.ends = time.monotonic() + 60 * self.options.minutes

    @property
    def tag(self) -> dict[str, str]:
        """The tag of all copies of this run."""
        return {"Key": TAG, "Value": f"{self.options.prefix}-{self.run}"}

    @property
    def is_aws(self) -> bool:
        """Whether this is AWS and not the simulator."""
        return not (os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT_URL_FSX"))

    @cached_property
    def away(self) -> Any:
        """The FSx client of the Region of the copies."""
        return boto3.Session().client("fsx", region_name=self.options.away, config=_CONFIG)

    @cached_property
    def source(self) -> dict[str, Any]:
        """The source backup.

        Raises:
            RefusedError: If it is not AVAILABLE, or not small.
        """
        client = boto3.Session().client("fsx", region_name=self.options.home, config=_CONFIG)
        found: dict[str, Any] = dict(client.describe_backups(BackupIds=[self.options.backup])["Backups"][0])
        if found["Lifecycle"] != "AVAILABLE":
            raise RefusedError(f"{self.options.backup} is {found['Lifecycle']}. Choose an AVAILABLE backup.")
        if found.get("SizeInBytes", 0) > MAX_GIB * _GIB:
            raise RefusedError(f"{self.options.backup} is larger than {MAX_GIB} GiB. Choose a smaller backup.")
        return found

    @property
    def cost(self) -> str:
        """The highest possible cost of the run, in one line."""
        size = self.source.get("SizeInBytes")
        known = f"{size / _GIB:.1f} GiB" if size else "unknown size"
        return (
            f"At most {MAX_COPIES} copies of {known} into {self.options.away}, deleted at the end. Prices of transfer"
            " and backup storage: https://aws.amazon.com/fsx/pricing/"
        )

    def copy(self, **request: Any) -> dict[str, Any]:
        """Start a copy with this run's tag, and return FSx's description of it.

        Raises:
            RefusedError: If the run has reached its limit of copies.
        """
        if self.copies >= MAX_COPIES:
            raise RefusedError(f"This run has started {MAX_COPIES} copies, which is the limit.")
        self.copies += 1
        described: dict[str, Any] = self.away.copy_backup(Tags=[self.tag], **request)["Backup"]
        if described["Lifecycle"] != "DELETED":
            self.made.add(described["BackupId"])
        return described

    def delete(self, backup_id: str) -> dict[str, Any]:
        """Delete a copy of this run.

        Raises:
            RefusedError: If it does not have this run's tag.
        """
        found = self.find(backup_id)
        if found is None or self.tag not in found.get("Tags", []):
            raise RefusedError(f"{backup_id} does not have this run's tag and is not deleted.")
        answer: dict[str, Any] = self.away.delete_backup(BackupId=backup_id)
        self.made.discard(backup_id)
        return answer

    def find(self, backup_id: str) -> dict[str, Any] | None:
        """Return a backup by its id, or None if FSx does not find it."""
        try:
            described = self.away.describe_backups(BackupIds=[backup_id])["Backups"]
        except ClientError as error:
            if code(error) != "BackupNotFound":
                raise
            return None
        return described[0] if described else None

    def listed(self) -> Iterator[dict[str, Any]]:
        """Return all backups in the Region of the copies."""
        for page in self.away.get_paginator("describe_backups").paginate():
            yield from page["Backups"]

    def is_listed(self, backup_id: str) -> bool:
        """Whether a listing has the backup."""
        return any(backup["BackupId"] == backup_id for backup in self.listed())

    def until(
        self, look: Callable[[], _T | None], poll: float | None = None, since: float | None = None
    ) -> tuple[_T, float]:
        """Call `look` until it returns a result; return the result and the seconds since `since`, or since the call.

        Raises:
            RefusedError: If the run's time is over.
        """
        since = time.monotonic() if since is None else since
        while not (seen := look()):
            if time.monotonic() > self.ends:
                raise RefusedError(f"The {self.options.minutes:g} minutes of this run are over.")
            time.sleep(self.options.poll if poll is None else poll)
        return seen, time.monotonic() - since

    def clean_up(self, minutes: float = 30) -> list[str]:
        """Delete all copies with this run's tag, and return the ids of those that still exist after `minutes`."""
        ends = time.monotonic() + 60 * minutes
        while (left := self._left()) and time.monotonic() < ends:
            for backup_id in left:
                self._try_to_delete(backup_id)
            time.sleep(self.options.poll)
        return sorted(left)

    def _left(self) -> set[str]:
        """Return the listed copies with the tag, and copies of this run that are not listed yet."""
        with_tag = (backup for backup in self.listed() if self.tag in backup.get("Tags", []))
        return {backup["BackupId"] for backup in with_tag if backup["Lifecycle"] != "DELETED"} | self.made

    def _try_to_delete(self, backup_id: str) -> None:
        try:
            self.delete(backup_id)
        except RefusedError:
            return
        except ClientError as error:
            if code(error) not in {"BackupInProgress", "BackupBeingCopied", "BackupNotFound", "BadRequest"}:
                raise


def code(error: ClientError) -> str:
    """Return the error's code."""
    return str(error.response["Error"]["Code"])

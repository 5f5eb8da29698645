"""A real account: what is asked of it, and within which bounds."""

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
from pulumi_fsx_dr.rules.copy_size import GIB

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
TAG = "fsx-dr:conformance"
MAX_COPIES = 4
MAX_GIB = 64

_NEEDED = ("HOME", "AWAY", "BACKUP", "PREFIX")
_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})
_T = TypeVar("_T")


class RefusedError(Exception):
    """The run must not start, or not go on; the text is one line for whoever started it."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the environment asks for.

    Attributes:
        home: the Region of the backup.
        away: where copies are made.
        backup: the id of the backup to copy; it is never changed or deleted.
        prefix: the beginning of the tag value and of the tokens of this run.
        poll: seconds between two looks.
        minutes: how long the run may take, without cleaning up.
        page: where the observations are written.
    """

    home: str
    away: str
    backup: str
    prefix: str
    poll: float = 5.0
    minutes: float = 90.0
    page: Path = PAGE

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Asked":
        """Read the variables FSX_DR_CONFORMANCE_….

        Raises:
            RefusedError: one is missing or makes no sense.
        """
        given = {
            name: environment.get(f"FSX_DR_CONFORMANCE_{name}", "") for name in (*_NEEDED, "POLL", "MINUTES", "PAGE")
        }
        missing = [f"FSX_DR_CONFORMANCE_{name}" for name in _NEEDED if not given[name]]
        if missing:
            raise RefusedError(
                f"make conformance makes backups on a real account; to allow it, set {', '.join(missing)}."
            )
        if not BACKUP_ID.fullmatch(given["BACKUP"]):
            raise RefusedError(f"FSX_DR_CONFORMANCE_BACKUP is {given['BACKUP']!r}, which is no backup id.")
        if given["HOME"] == given["AWAY"] or partition_of(given["HOME"]) != partition_of(given["AWAY"]):
            raise RefusedError("FSX_DR_CONFORMANCE_HOME and _AWAY must be two Regions of one partition.")
        return cls(
            home=given["HOME"],
            away=given["AWAY"],
            backup=given["BACKUP"],
            prefix=given["PREFIX"],
            poll=float(given["POLL"] or cls.poll),
            minutes=float(given["MINUTES"] or cls.minutes),
            page=Path(given["PAGE"] or cls.page),
        )


@dataclass
class Account:
    """The account within its bounds: so many copies, so much time, and no deletion of what is not this run's."""

    asked: Asked
    run: str = field(default_factory=lambda: uuid4().hex[:8])
    copies: int = 0
    made: set[str] = field(default_factory=set)
    ends: float = field(init=False)

    def __post_init__(self) -> None:
        self.ends = time.monotonic() + 60 * self.asked.minutes

    @property
    def mark(self) -> dict[str, str]:
        """The tag of all that this run makes."""
        return {"Key": TAG, "Value": f"{self.asked.prefix}-{self.run}"}

    @property
    def is_aws(self) -> bool:
        """Whether it is AWS that answers, and no stand-in."""
        return not (os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT_URL_FSX"))

    @cached_property
    def away(self) -> Any:
        """The FSx client of the Region where copies are made."""
        return boto3.Session().client("fsx", region_name=self.asked.away, config=_CONFIG)

    @cached_property
    def source(self) -> dict[str, Any]:
        """The backup to copy.

        Raises:
            RefusedError: it is not AVAILABLE, or not small.
        """
        client = boto3.Session().client("fsx", region_name=self.asked.home, config=_CONFIG)
        found: dict[str, Any] = dict(client.describe_backups(BackupIds=[self.asked.backup])["Backups"][0])
        if found["Lifecycle"] != "AVAILABLE":
            raise RefusedError(f"{self.asked.backup} is {found['Lifecycle']}: name an AVAILABLE backup.")
        if found.get("SizeInBytes", 0) > MAX_GIB * GIB:
            raise RefusedError(f"{self.asked.backup} is larger than {MAX_GIB} GiB: name a smaller one.")
        return found

    @property
    def cost_class(self) -> str:
        """What the run stores and transfers at most, in one line."""
        size = self.source.get("SizeInBytes")
        known = f"{size / GIB:.1f} GiB" if size else "a size that FSx does not tell"
        return (
            f"At most {MAX_COPIES} copies of {known}, from {self.asked.home} into {self.asked.away} and deleted again: "
            "transfer between the Regions, and a day of backup storage."
        )

    def copy(self, **request: Any) -> dict[str, Any]:
        """Start a copy that carries the mark, and return FSx's description of it.

        Raises:
            RefusedError: this run has made enough.
        """
        if self.copies >= MAX_COPIES:
            raise RefusedError(f"This run has started {MAX_COPIES} copies, which is enough.")
        self.copies += 1
        described: dict[str, Any] = self.away.copy_backup(Tags=[self.mark], **request)["Backup"]
        if described["Lifecycle"] != "DELETED":
            self.made.add(described["BackupId"])
        return described

    def delete(self, backup_id: str) -> dict[str, Any]:
        """Ask FSx to delete a backup of this run's.

        Raises:
            RefusedError: it does not carry the mark.
        """
        found = self.find(backup_id)
        if found is None or self.mark not in found.get("Tags", []):
            raise RefusedError(f"{backup_id} does not carry this run's tag, so it is left alone.")
        answer: dict[str, Any] = self.away.delete_backup(BackupId=backup_id)
        self.made.discard(backup_id)
        return answer

    def find(self, backup_id: str) -> dict[str, Any] | None:
        """Return a backup by its id, or None if FSx does not know it."""
        try:
            described = self.away.describe_backups(BackupIds=[backup_id])["Backups"]
        except ClientError as error:
            if code(error) != "BackupNotFound":
                raise
            return None
        return described[0] if described else None

    def listed(self) -> Iterator[dict[str, Any]]:
        """Return all backups of the Region where copies are made."""
        for page in self.away.get_paginator("describe_backups").paginate():
            yield from page["Backups"]

    def is_listed(self, backup_id: str) -> bool:
        """Tell whether a listing holds a backup."""
        return any(backup["BackupId"] == backup_id for backup in self.listed())

    def until(self, look: Callable[[], _T | None], poll: float | None = None) -> tuple[_T, float]:
        """Look until there is something, and return it and how many seconds that took.

        Raises:
            RefusedError: the run's time is up.
        """
        began = time.monotonic()
        while not (seen := look()):
            if time.monotonic() > self.ends:
                raise RefusedError(f"The {self.asked.minutes:g} minutes of this run are over.")
            time.sleep(self.asked.poll if poll is None else poll)
        return seen, time.monotonic() - began

    def clean_up(self, minutes: float = 30) -> list[str]:
        """Delete all that carries this run's mark, and return the ids of what is still there after so long."""
        ends = time.monotonic() + 60 * minutes
        while (left := self._left()) and time.monotonic() < ends:
            for backup_id in left:
                self._try_to_delete(backup_id)
            time.sleep(self.asked.poll)
        return sorted(left)

    def _left(self) -> set[str]:
        """Return what was listed with the mark, and what was made and is not known to be gone, shown yet or not."""
        listed = {backup["BackupId"] for backup in self.listed() if self._is_own(backup)}
        return listed | self.made

    def _is_own(self, backup: Mapping[str, Any]) -> bool:
        return self.mark in backup.get("Tags", []) and backup["Lifecycle"] != "DELETED"

    def _try_to_delete(self, backup_id: str) -> None:
        """Delete what carries the mark; what FSx does not show, or does not let go yet, is tried again."""
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

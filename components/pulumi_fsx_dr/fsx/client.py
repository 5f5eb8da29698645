"""FSx calls in one Region."""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from pulumi_fsx_dr import errors

from .answers import Sent, require_json, translated
from .backup import Backup, CopyRequest
from .credentials import Credentials
from .described import Seen, described_backup, id_of, read_backup

if TYPE_CHECKING:
    from mypy_boto3_fsx import FSxClient
    from mypy_boto3_fsx.type_defs import BackupTypeDef, TagTypeDef

MAX_IDS = 50  # FSx API, DescribeBackups: BackupIds

_NOTHING = Sent()
_log = logging.getLogger(__name__)
_CALLS = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=50,
)
# For a Region that may be down: one answer within seconds, or none.
_IMPATIENT_CALLS = _CALLS.merge(
    Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
)


class FsxRegion:
    """FSx backups of one Region and account, through one boto3 client that is made at first use.

    Every method raises one of the `ServiceError`s of `errors.py`.
    """

    def __init__(self, name: str, credentials: Credentials | None = None, *, impatient: bool = False) -> None:
        self.name = name
        self._credentials = credentials or Credentials()
        self._config = _IMPATIENT_CALLS if impatient else _CALLS
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def find(self, ids: Iterable[str]) -> dict[str, Backup]:
        """Return the backups of these ids; those that FSx does not know are left out.

        Raises:
            ServiceError: FSx describes one of them in a way that makes no sense.
        """
        return {backup_id: _readable(seen) for backup_id, seen in self.look_up(ids).items()}

    def look_up(self, ids: Iterable[str]) -> dict[str, Seen]:
        """Do as `find`, but return the error of a backup that cannot be read: it says nothing of the others."""
        asked = sorted(set(ids))
        found: dict[str, Seen] = {}
        for start in range(0, len(asked), MAX_IDS):
            found |= self._find(asked[start : start + MAX_IDS])
        return found

    def backups(self, file_system_id: str | None = None) -> Iterator[Backup]:
        """Return all backups, or those of one file system, a page at a time.

        One that cannot be read is left out, and the log names it.
        """
        narrowed = {"Filters": [{"Name": "file-system-id", "Values": [file_system_id]}]} if file_system_id else {}
        with self._calling("DescribeBackups"):
            for page in self._fsx.get_paginator("describe_backups").paginate(**narrowed):  # type: ignore[arg-type]  # the stubs know literal keywords only
                yield from self._readable(page["Backups"])

    def copy(self, request: CopyRequest) -> Backup:
        """Start a copy into this Region (CopyBackup).

        Raises:
            NotFoundError: the source does not exist.
            SlotsTakenError: too many copies run into this Region.
            TokenConflictError: the token was used with other parameters.
        """
        key = {"KmsKeyId": request.kms_key_id} if request.kms_key_id else {}
        named = {
            "source": f"{request.source_backup_id} in {request.source_region}",
            "source_region": request.source_region,
            **({} if key else {"key": "the key that FSx manages"}),
        }
        with self._calling("CopyBackup", sent=Sent(request.kms_key_id, request.tags.values()), **named):
            answer = self._fsx.copy_backup(
                ClientRequestToken=request.token,
                SourceBackupId=request.source_backup_id,
                SourceRegion=request.source_region,
                CopyTags=request.copy_tags,
                Tags=_tag_list(request.tags),
                **key,
            )
            return described_backup(answer["Backup"], self.name)

    def delete(self, backup_id: str) -> None:
        """Delete a backup (DeleteBackup).

        Raises:
            BusyError: it is being made, copied or restored.
            NotFoundError: it does not exist.
        """
        with self._calling("DeleteBackup"):
            self._fsx.delete_backup(BackupId=backup_id)

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add or overwrite tags (TagResource)."""
        with self._calling("TagResource", sent=Sent(tag_values=tags.values())):
            self._fsx.tag_resource(ResourceARN=arn, Tags=_tag_list(tags))

    def untag(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags (UntagResource); a key that is not there is no error."""
        with self._calling("UntagResource"):
            self._fsx.untag_resource(ResourceARN=arn, TagKeys=sorted(keys))

    def file_system_exists(self, file_system_id: str) -> bool:
        """Tell whether this Region has the file system (DescribeFileSystems)."""
        try:
            with self._calling("DescribeFileSystems"):
                return bool(self._fsx.describe_file_systems(FileSystemIds=[file_system_id])["FileSystems"])
        except errors.NotFoundError:
            return False

    def key_arn(self, kms_key_id: str) -> str:
        """Return the ARN of the key that an id, ARN or alias stands for here (kms:DescribeKey)."""
        with self._calling("DescribeKey", "kms", Sent(kms_key_id)):
            answer = self._client("kms").describe_key(KeyId=kms_key_id)
            return str(answer["KeyMetadata"]["Arn"])

    def account(self) -> str:
        """Return the account of the credentials in use (sts:GetCallerIdentity)."""
        with self._calling("GetCallerIdentity", "sts"):
            return str(self._client("sts").get_caller_identity()["Account"])

    def _readable(self, listed: "list[BackupTypeDef]") -> Iterator[Backup]:
        for described in listed:
            seen = read_backup(described, self.name)
            if isinstance(seen, Backup):
                yield seen
            else:
                _log.warning("%s", seen)

    def _find(self, ids: list[str]) -> dict[str, Seen]:
        """One call for all ids; if FSx does not know one of them it answers none, so each half is asked alone.

        What an answer leaves out is asked for again: FSx may cut answers short.
        """
        shown = self._shown(ids)
        missing = [backup_id for backup_id in ids if backup_id not in shown]
        if shown and missing:
            return shown | self._find(missing)
        half = len(missing) // 2
        return shown | (self._find(missing[:half]) | self._find(missing[half:]) if half else {})

    def _shown(self, ids: list[str]) -> dict[str, Seen]:
        try:
            with self._calling("DescribeBackups"):
                answer = self._fsx.describe_backups(BackupIds=ids)
                shown = {id_of(described): read_backup(described, self.name) for described in answer["Backups"]}
        except errors.NotFoundError:
            return {}
        if not shown and answer.get("NextToken"):
            raise errors.TransientError(f"fsx:DescribeBackups in {self.name} did not answer yet: try again later.")
        if isinstance(nameless := shown.get(""), errors.ServiceError):
            raise nameless  # it may be any of those asked for
        return shown

    @property
    def _fsx(self) -> "FSxClient":
        client: FSxClient = self._client("fsx")
        return client

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                client = self._credentials.client(service, self.name, self._config)
                for speaks_json in ("fsx", "kms"):
                    client.meta.events.register(f"after-call.{speaks_json}", require_json)
                self._clients[service] = client
            return self._clients[service]

    @contextmanager
    def _calling(self, action: str, service: str = "fsx", sent: Sent = _NOTHING, **named: str) -> Iterator[None]:
        try:
            with translated(f"{service}:{action}", self.name, sent, **named):
                yield
        except errors.ExpiredCredentialsError:
            self._forget_clients()
            raise

    def _forget_clients(self) -> None:
        self._credentials.forget()
        with self._lock:
            self._clients.clear()


def _tag_list(tags: Mapping[str, str]) -> "list[TagTypeDef]":
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def _readable(seen: Seen) -> Backup:
    if isinstance(seen, errors.ServiceError):
        raise seen
    return seen

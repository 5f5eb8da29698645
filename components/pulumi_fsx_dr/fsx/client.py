"""FSx calls in one Region."""

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from botocore.config import Config

from pulumi_fsx_dr import errors

from .backup import MAX_IDS, Backup, CopyRequest, Fsx, Refused
from .errors import Sent, require_json, translated
from .parsing import Seen, described_account, described_backup, described_tags, id_of, read_backup, text_in

if TYPE_CHECKING:
    from mypy_boto3_fsx import FSxClient
    from mypy_boto3_fsx.type_defs import BackupTypeDef, TagTypeDef

_NOTHING = Sent()
_log = logging.getLogger(__name__)
# Few tries of botocore's own, because the waits above know the deadline, say what the trouble is, and go on for hours.
# More connections than its ten, because further ones would be opened and closed again for each call.
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


class ClientMaker(Protocol):
    """What makes boto3 clients, as `Credentials` do."""

    def client(self, service: str, region: str, config: Config) -> Any:
        """Return a new client."""

    def forget(self) -> None:
        """Have the next client read the credentials anew."""


class FsxRegion(Fsx):
    """FSx of one Region and account, through one boto3 client that is made at first use.

    Attributes:
        most_pages: how many pages a listing may have: 100,000 backups at 20 a page.
        listing_seconds: how long a listing may take as a whole.
    """

    most_pages = 5_000

    def __init__(self, name: str, credentials: ClientMaker, *, impatient: bool = False) -> None:
        self.name = name
        self._credentials = credentials
        self._config = _IMPATIENT_CALLS if impatient else _CALLS
        self.listing_seconds = 120.0 if impatient else 600.0
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def find(self, ids: Iterable[str]) -> dict[str, Backup]:
        return {backup_id: _readable(seen) for backup_id, seen in self.look_up(ids).items()}

    def look_up(self, ids: Iterable[str]) -> dict[str, Seen]:
        asked = sorted(set(ids))
        found: dict[str, Seen] = {}
        for start in range(0, len(asked), MAX_IDS):
            found |= self._find(asked[start : start + MAX_IDS])
        return found

    def backups(self, file_system_id: str | None = None) -> Iterator[Backup]:
        narrowed = {"Filters": [{"Name": "file-system-id", "Values": [file_system_id]}]} if file_system_id else {}
        listed: set[str] = set()
        with self._calling("DescribeBackups"):
            for page in self._pages("fsx", "describe_backups", **narrowed):
                # A backup that two pages show is one backup.
                for backup in self._read_all(page["Backups"]):
                    if backup.id not in listed:
                        listed.add(backup.id)
                        yield backup

    def copy(self, request: CopyRequest) -> Backup | Refused:
        try:
            return self._copy(request)
        except errors.SlotsTakenError:
            return Refused.SLOTS_TAKEN
        except errors.TokenConflictError:
            return Refused.TOKEN_CONFLICT

    def _copy(self, request: CopyRequest) -> Backup:
        key = {"KmsKeyId": request.kms_key_id} if request.kms_key_id else {}
        named = {
            "source": f"{request.source_backup_id} in {request.source_region}",
            "source_region": request.source_region,
            # In errors the key has a name only if it is the one of FSx: another one may be a secret of the program.
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
            return described_backup(answer["Backup"], self.name, self._partition)

    def delete(self, backup_id: str) -> None:
        with self._calling("DeleteBackup"):
            self._fsx.delete_backup(BackupId=backup_id)

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        with self._calling("TagResource", sent=Sent(tag_values=tags.values())):
            self._fsx.tag_resource(ResourceARN=arn, Tags=_tag_list(tags))

    def untag(self, arn: str, keys: Iterable[str]) -> None:
        with self._calling("UntagResource"):
            self._fsx.untag_resource(ResourceARN=arn, TagKeys=sorted(keys))

    def file_system_exists(self, file_system_id: str) -> bool:
        try:
            with self._calling("DescribeFileSystems"):
                return bool(self._fsx.describe_file_systems(FileSystemIds=[file_system_id])["FileSystems"])
        except errors.NotFoundError:
            return False

    def file_systems(self) -> dict[str, dict[str, str] | None]:
        with self._calling("DescribeFileSystems"):
            pages = self._pages("fsx", "describe_file_systems")
            return {
                text_in(shown, "FileSystemId"): described_tags(shown) for page in pages for shown in page["FileSystems"]
            }

    def key_arn(self, kms_key_id: str) -> str:
        with self._calling("DescribeKey", "kms", Sent(kms_key_id)):
            answer = self._client("kms").describe_key(KeyId=kms_key_id)
            return text_in(answer["KeyMetadata"], "Arn")

    def account(self) -> str:
        with self._calling("GetCallerIdentity", "sts"):
            return described_account(self._client("sts").get_caller_identity())

    def _read_all(self, listed: "list[BackupTypeDef]") -> Iterator[Backup]:
        for described in listed:
            seen = self._read(described)
            if isinstance(seen, Backup):
                yield seen
            else:
                # A backup whose description makes no sense must not hide all others.
                _log.warning("%s", seen)

    def _read(self, described: "BackupTypeDef") -> Seen:
        return read_backup(described, self.name, self._partition)

    def _find(self, ids: list[str]) -> dict[str, Seen]:
        """One call for all ids; if FSx does not know one of them it answers none, so each half is asked alone.

        What an answer leaves out is asked for again: FSx may cut answers short.
        """
        shown = self._describe(ids)
        missing = [backup_id for backup_id in ids if backup_id not in shown]
        if shown and missing:
            return shown | self._find(missing)
        half = len(missing) // 2
        return shown | (self._find(missing[:half]) | self._find(missing[half:]) if half else {})

    def _describe(self, ids: list[str]) -> dict[str, Seen]:
        try:
            with self._calling("DescribeBackups"):
                answer = self._fsx.describe_backups(BackupIds=ids)
                answered = {id_of(described): self._read(described) for described in answer["Backups"]}
        except errors.NotFoundError:
            return {}
        # An empty page with more to come tells nothing of these ids. Taken for not found, their copies would be gone.
        if not answered and answer.get("NextToken"):
            raise errors.TransientError(f"fsx:DescribeBackups in {self.name} did not answer yet: try again later.")
        if isinstance(nameless := answered.get(""), errors.ServiceError):
            raise nameless  # it may be any of those asked for
        # What nobody asked for says nothing of what was.
        return {backup_id: seen for backup_id, seen in answered.items() if backup_id in ids}

    def _pages(self, service: str, operation: str, **asked: Any) -> Iterator[dict[str, Any]]:
        """Yield all pages of a listing.

        Raises:
            TransientError: it does not end.
        """
        end = time.monotonic() + self.listing_seconds
        tokens: set[str] = set()
        for page in self._client(service).get_paginator(operation).paginate(**asked):
            yield page
            token = page.get("NextToken") or page.get("Marker")  # IAM calls it so
            if token is None:
                return
            if not isinstance(token, str):
                raise TypeError("the token of the next page is not a text")
            if token in tokens or len(tokens) == self.most_pages or time.monotonic() > end:
                raise errors.TransientError(
                    f"{service}:{operation} in {self.name} gave up after {len(tokens) + 1} pages, because the listing "
                    "does not end: try again later."
                )
            tokens.add(token)

    @property
    def _fsx(self) -> "FSxClient":
        client: FSxClient = self._client("fsx")
        return client

    @property
    def _partition(self) -> str:
        return self._fsx.meta.partition

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                client = self._credentials.client(service, self.name, self._config)
                for speaks_json in ("fsx", "kms"):
                    # A proxy's page in place of an answer would otherwise look like a Region without backups.
                    client.meta.events.register(f"after-call.{speaks_json}", require_json)
                self._clients[service] = client
            return self._clients[service]

    @contextmanager
    def _calling(self, action: str, service: str = "fsx", sent: Sent = _NOTHING, **named: str) -> Iterator[None]:
        try:
            with translated(f"{service}:{action}", self.name, sent, **named):
                yield
        except errors.ExpiredCredentialsError:
            # botocore renews only what it can renew by itself. What a login has written anew is read by a new session.
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

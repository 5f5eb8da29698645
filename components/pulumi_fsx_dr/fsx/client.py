"""FSx in one Region, through boto3."""

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from botocore.config import Config

from pulumi_fsx_dr import errors

from .backup import MAX_IDS, Backup, CopyRequest, FileSystem, Fsx, Refused, Volume
from .errors import NOTHING_SECRET, Redactor, map_errors, require_json
from .parsing import (
    ParsedBackup,
    find_backup_id,
    parse_account,
    parse_backup,
    parse_file_system,
    parse_string,
    parse_volume,
    try_parse_backup,
)

if TYPE_CHECKING:
    from mypy_boto3_fsx import FSxClient
    from mypy_boto3_fsx.type_defs import BackupTypeDef, TagTypeDef

_log = logging.getLogger(__name__)
# Few attempts, because the callers retry until their own deadline and show the error while they wait.
# botocore keeps ten connections by default, and would open and close all others for each call.
_CALLS = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=50,
)
# For a Region that may be unreachable: fail within seconds.
_IMPATIENT_CALLS = _CALLS.merge(
    Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
)


class ClientFactory(Protocol):
    """Makes boto3 clients, as `Credentials` do."""

    def client(self, service: str, region: str, config: Config) -> Any:
        """Return a new client."""

    def forget(self) -> None:
        """Make the next client read the credentials again."""


class FsxRegion(Fsx):
    """FSx in one Region, for one account; see `Fsx` for the methods."""

    max_pages = 5_000  # of a listing; 100,000 backups with 20 on each page

    def __init__(self, name: str, credentials: ClientFactory, *, impatient: bool = False) -> None:
        self.name = name
        self._credentials = credentials
        self._config = _IMPATIENT_CALLS if impatient else _CALLS
        self.listing_seconds = 120.0 if impatient else 600.0
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def find(self, ids: Iterable[str]) -> dict[str, Backup]:
        return {backup_id: _or_raise(parsed) for backup_id, parsed in self.find_or_error(ids).items()}

    def find_or_error(self, ids: Iterable[str]) -> dict[str, ParsedBackup]:
        asked = sorted(set(ids))
        found: dict[str, ParsedBackup] = {}
        for start in range(0, len(asked), MAX_IDS):
            found |= self._describe_all(asked[start : start + MAX_IDS])
        return found

    def backups(self) -> Iterator[Backup]:
        listed: set[str] = set()  # a backup may be on two pages
        with self._calling("DescribeBackups"):
            for page in self._pages("fsx", "describe_backups"):
                for parsed in map(self._parse, page["Backups"]):
                    if not isinstance(parsed, Backup):
                        _log.warning("%s", parsed)  # it must not hide the others
                    elif parsed.id not in listed:
                        listed.add(parsed.id)
                        yield parsed

    def copy(self, request: CopyRequest) -> Backup | Refused:
        try:
            return self._copy(request)
        except errors.SlotsTakenError:
            return Refused.SLOTS_TAKEN
        except errors.TokenConflictError:
            return Refused.TOKEN_CONFLICT

    def _copy(self, request: CopyRequest) -> Backup:
        named = {
            "source": f"{request.source_backup_id} in {request.source_region}",
            "source_region": request.source_region,
        }
        key = {}
        if request.kms_key_id:
            # Errors do not contain the key, because it may be a secret.
            key["KmsKeyId"] = request.kms_key_id
        else:
            named["key"] = "the key that FSx manages"
        with self._calling("CopyBackup", redactor=Redactor(request.kms_key_id, request.tags.values()), **named):
            answer = self._fsx.copy_backup(
                ClientRequestToken=request.token,
                SourceBackupId=request.source_backup_id,
                SourceRegion=request.source_region,
                CopyTags=request.copy_tags,
                Tags=_tag_list(request.tags),
                **key,
            )
            return parse_backup(answer["Backup"], self.name, self._partition)

    def delete(self, backup_id: str) -> None:
        with self._calling("DeleteBackup"):
            self._fsx.delete_backup(BackupId=backup_id)

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        with self._calling("TagResource", redactor=Redactor(tag_values=tags.values())):
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

    def file_systems(self) -> dict[str, FileSystem]:
        with self._calling("DescribeFileSystems"):
            pages = self._pages("fsx", "describe_file_systems")
            listed = [described for page in pages for described in page["FileSystems"]]
            return {parsed.id: parsed for parsed in map(parse_file_system, listed)}

    def volumes(self) -> list[Volume]:
        """Return all volumes (DescribeVolumes); fail if a page is missing, as that would look like deleted volumes."""
        with self._calling("DescribeVolumes"):
            pages = self._pages("fsx", "describe_volumes")
            return [parse_volume(described) for page in pages for described in page["Volumes"]]

    def key_arn(self, kms_key_id: str) -> str:
        with self._calling("DescribeKey", "kms", Redactor(kms_key_id)):
            answer = self._client("kms").describe_key(KeyId=kms_key_id)
            return parse_string(answer["KeyMetadata"], "Arn")

    def account(self) -> str:
        with self._calling("GetCallerIdentity", "sts"):
            return parse_account(self._client("sts").get_caller_identity())

    def _parse(self, described: "BackupTypeDef") -> ParsedBackup:
        return try_parse_backup(described, self.name, self._partition)

    def _describe_all(self, ids: list[str]) -> dict[str, ParsedBackup]:
        """Describe backups by id, with as many calls as necessary."""
        shown = self._describe_once(ids)
        missing = [backup_id for backup_id in ids if backup_id not in shown]
        if shown and missing:
            # FSx may return only some of them, so the others are requested again.
            return shown | self._describe_all(missing)
        if len(missing) > 1:
            # FSx returns none of them if one does not exist, so each half is requested separately.
            half = len(missing) // 2
            return self._describe_all(missing[:half]) | self._describe_all(missing[half:])
        return shown

    def _describe_once(self, ids: list[str]) -> dict[str, ParsedBackup]:
        try:
            with self._calling("DescribeBackups"):
                answer = self._fsx.describe_backups(BackupIds=ids)
                described = {find_backup_id(each): self._parse(each) for each in answer["Backups"]}
        except errors.NotFoundError:
            return {}
        # An empty page with more to come does not mean that these backups are gone.
        if not described and answer.get("NextToken"):
            raise errors.TransientError(f"fsx:DescribeBackups in {self.name} returned an empty page. Try again later.")
        if isinstance(without_id := described.get(""), errors.ServiceError):
            raise without_id  # it may be any of these
        return {backup_id: parsed for backup_id, parsed in described.items() if backup_id in ids}

    def _pages(self, service: str, operation: str, **request: Any) -> Iterator[dict[str, Any]]:
        """Yield all pages of a listing; fail if it does not end."""
        end = time.monotonic() + self.listing_seconds
        tokens: set[str] = set()
        for page in self._client(service).get_paginator(operation).paginate(**request):
            yield page
            token = page.get("NextToken") or page.get("Marker")  # `Marker` in IAM, which the doctor lists
            if token is None:
                return
            if not isinstance(token, str):
                raise TypeError("the token of the next page is not a string")
            if token in tokens or len(tokens) == self.max_pages or time.monotonic() > end:
                raise errors.TransientError(
                    f"{service}:{operation} in {self.name} did not end after {len(tokens) + 1} pages. Try again later."
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
                for json_service in ("fsx", "kms"):
                    # Otherwise the page of a proxy would look like a Region without backups.
                    client.meta.events.register(f"after-call.{json_service}", require_json)
                self._clients[service] = client
            return self._clients[service]

    @contextmanager
    def _calling(
        self, action: str, service: str = "fsx", redactor: Redactor = NOTHING_SECRET, **about: str
    ) -> Iterator[None]:
        try:
            with map_errors(f"{service}:{action}", self.name, redactor, **about):
                yield
        except errors.ExpiredCredentialsError:
            # Only a new session reads the credentials of a new login.
            self._credentials.forget()
            with self._lock:
                self._clients.clear()
            raise


def _tag_list(tags: Mapping[str, str]) -> "list[TagTypeDef]":
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def _or_raise(parsed: ParsedBackup) -> Backup:
    if isinstance(parsed, errors.ServiceError):
        raise parsed
    return parsed

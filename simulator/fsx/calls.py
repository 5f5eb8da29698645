"""Requests and answers over HTTP."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,]+)/\d+/(?P<region>[^/,]+)/(?P<service>[^/,]+)/aws4_request")
_IDS = ("SourceBackupId", "BackupId", "FileSystemId", "ResourceARN", "KeyId", "BackupIds", "FileSystemIds")


@dataclass(frozen=True)
class Request:
    """An HTTP request to any AWS service; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Call:
    """An API call; `parsed` is the body as a JSON object, or None."""

    region: str
    service: str
    action: str
    access_key: str
    account: str
    parsed: dict[str, Any] | None

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the request's members."""
        return self.parsed or {}

    @property
    def ids(self) -> list[str]:
        """Return the ids and ARNs of the backups, file systems and keys in the request."""
        values = [self.parameters[name] for name in _IDS if name in self.parameters]
        return [str(item) for value in values for item in (value if isinstance(value, list) else [value])]


def signed_scope(request: Request) -> tuple[str, str, str]:
    """Return access key, Region and service from the signature, or empty strings without a signature."""
    match = _CREDENTIAL.search(request.headers.get("authorization", ""))
    return (match["key"], match["region"], match["service"]) if match else ("", "", "")


def action_of(request: Request) -> str:
    """Return the action, from the header of JSON services or the form of query services."""
    target = request.headers.get("x-amz-target", "")
    form = parse_qs(request.body.decode(errors="replace")) if not target else {}
    return target.rpartition(".")[2] or form.get("Action", [""])[0]


def object_in(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in a request's body without members that are null, or None."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return None
    return {name: value for name, value in found.items() if value is not None} if isinstance(found, dict) else None

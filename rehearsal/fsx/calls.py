"""A request as it comes in, and the answer as it goes out."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,]+)/\d+/(?P<region>[^/,]+)/(?P<service>[^/,]+)/aws4_request")
_IDS = ("SourceBackupId", "BackupId", "FileSystemId", "ResourceARN", "KeyId")
_ID_LISTS = ("BackupIds", "FileSystemIds")


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
    """Who asks which service of which Region for what; `parameters` is empty if the body was no JSON object."""

    region: str
    service: str
    action: str
    access_key: str
    account: str
    parameters: dict[str, Any]

    @property
    def ids(self) -> list[str]:
        """Return the backups, file systems, keys or ARNs the call names."""
        single = [self.parameters[name] for name in _IDS if name in self.parameters]
        listed = [item for name in _ID_LISTS for item in self.parameters.get(name) or []]
        return [str(item) for item in single + listed]


def signed_scope(request: Request) -> tuple[str, str, str]:
    """Return access key, Region and service from the signature; empty strings if there is none."""
    match = _CREDENTIAL.search(request.headers.get("authorization", ""))
    return (match["key"], match["region"], match["service"]) if match else ("", "", "")


def action_of(request: Request) -> str:
    """Return the action, from the header of JSON services or the form of query services."""
    target = request.headers.get("x-amz-target", "")
    form = parse_qs(request.body.decode(errors="replace")) if not target else {}
    return target.rpartition(".")[2] or form.get("Action", [""])[0]


def parameters_of(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body, or nothing."""
    try:
        found = json.loads(request.body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

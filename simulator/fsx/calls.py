"""A request as it comes in, and the answer as it goes out."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, NoReturn
from urllib.parse import parse_qs

_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,]+)/\d+/(?P<region>[^/,]+)/(?P<service>[^/,]+)/aws4_request")
_MAX_DEPTH = 32
_IDS = ("SourceBackupId", "BackupId", "FileSystemId", "VolumeId", "ResourceARN", "KeyId")
_ID_LISTS = ("BackupIds", "FileSystemIds", "VolumeIds")


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
    """Who asks which service of which Region for what; `parsed` is None if the body was no JSON object."""

    region: str
    service: str
    action: str
    access_key: str
    account: str
    parsed: dict[str, Any] | None

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the request's members; none if the body was no JSON object."""
        return self.parsed or {}

    @property
    def ids(self) -> list[str]:
        """Return the backups, file systems, keys or ARNs the call names."""
        single = [self.parameters[name] for name in _IDS if name in self.parameters]
        lists = [self.parameters.get(name) for name in _ID_LISTS]
        return [str(item) for item in single + list(chain(*(one for one in lists if isinstance(one, list))))]


def signed_scope(request: Request) -> tuple[str, str, str]:
    """Return access key, Region and service from the signature; empty strings if there is none."""
    match = _CREDENTIAL.search(request.headers.get("authorization", ""))
    return (match["key"], match["region"], match["service"]) if match else ("", "", "")


def action_of(request: Request) -> str:
    """Return the action, from the header of JSON services or the form of query services."""
    target = request.headers.get("x-amz-target", "")
    form = parse_qs(request.body.decode(errors="replace")) if not target else {}
    return target.rpartition(".")[2] or form.get("Action", [""])[0]


def object_in(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in a request's body, or None if there is none; a member that is null counts as left out.

    JSON has no NaN and no Infinity, and nothing AWS takes is nested deeper than a few levels.
    """
    try:
        found = json.loads(body or b"{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or _is_deeper(found, _MAX_DEPTH):
        return None
    return {name: value for name, value in found.items() if value is not None}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON.")


def _is_deeper(value: object, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not levels or any(_is_deeper(item, levels - 1) for item in inner)

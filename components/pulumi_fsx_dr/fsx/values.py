"""Values of settings, each read as the type that pulumi-aws documents.

Each function raises a `ValueError` whose text says what the value is instead, and never shows it: it may be a secret.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_ACCOUNT_ID_LENGTH = 12


def text(value: Any) -> str:
    """Read a text; `pulumi config set --path` makes a number of one that looks like a number."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("is not a text")  # noqa: TRY004  # it is the value of a setting that is wrong
    return str(value)


def flag(value: Any) -> bool:
    """Read a truth value."""
    found = {"true": True, "false": False}.get(str(value).lower())
    if found is None:
        raise ValueError("is neither true nor false")
    return found


def unpacked(value: Any) -> Any:
    """Return a structured setting, which Pulumi hands over as JSON."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("is not valid JSON") from None


def texts(value: Any) -> list[str]:
    """Read a list of texts."""
    listed = unpacked(value)
    if not isinstance(listed, list):
        raise ValueError("is not a list of texts")  # noqa: TRY004  # as above
    return [text(each) for each in listed]


def pairs(value: Any) -> dict[str, str]:
    """Read an object of texts."""
    if not isinstance(value, Mapping):
        raise ValueError("is not an object of texts")  # noqa: TRY004  # as above
    return {key: text(each) for key, each in value.items()}


def file(value: Any) -> str:
    """Read the path of a file that exists; botocore takes one that does not for an empty one."""
    path = Path(text(value)).expanduser()
    if not path.is_file():
        raise ValueError("names a file that does not exist")
    return str(path)


def only_file(value: Any) -> str:
    """Read a list of one file; botocore reads no more."""
    listed = texts(value)
    if len(listed) != 1:
        raise ValueError("is not a list of one file, and pulumi-fsx-dr reads no more than one")
    return file(listed[0])


def account_ids(value: Any) -> frozenset[str]:
    """Read a list of account ids; one that is no longer 12 digits was a number that began with a zero."""
    listed = texts(value)
    if not all(each.isdecimal() and len(each) == _ACCOUNT_ID_LENGTH for each in listed):
        raise ValueError("is not a list of account ids of 12 digits each, in quotes")
    return frozenset(listed)


def endpoints(value: Any) -> dict[str, str]:
    """Read a list of objects of a service's name and its URL each, as one object."""
    listed = unpacked(value)
    if not isinstance(listed, list):
        raise ValueError("is not a list of objects")  # noqa: TRY004  # as above
    merged = {service: url for each in listed for service, url in pairs(each).items()}
    for service, url in merged.items():
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError(f"gives {service} no URL of the form https://HOST, without credentials in it")
    return merged

"""Pages of a listing."""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import TypeVar

from rehearsal.fsx.calls import Call
from rehearsal.fsx.errors import bad_request

T = TypeVar("T")


def page(call: Call, items: list[T], key: Callable[[T], str], limit: int) -> tuple[list[T], dict[str, str]]:
    """Return one page and the member `NextToken`, if more follows.

    A token names the last item seen, so that items that come and go meanwhile move no other item between pages.

    Args:
        call: the request, with `MaxResults` and `NextToken`.
        items: everything there is, ordered by `key`.
        key: what identifies an item.
        limit: the longest page the service gives.

    Raises:
        FsxError: `BadRequest` for a token that this listing did not give out.
    """
    after = _last_seen(call)
    rest = [item for item in items if key(item) > after]
    size = min(limit, call.parameters.get("MaxResults", limit))
    shown = rest[:size]
    return shown, _token(call, key(shown[-1])) if len(rest) > size else {}


def _last_seen(call: Call) -> str:
    token = call.parameters.get("NextToken")
    if token is None:
        return ""
    try:
        listing, last = json.loads(b64decode(token))
    except ValueError as cause:
        raise bad_request("The next token is not valid.") from cause
    if listing != _listing(call):
        raise bad_request("The next token belongs to a request with other parameters.")
    return str(last)


def _token(call: Call, last: str) -> dict[str, str]:
    return {"NextToken": b64encode(json.dumps([_listing(call), last]).encode()).decode()}


def _listing(call: Call) -> int:
    asked = {name: value for name, value in call.parameters.items() if name not in {"NextToken", "MaxResults"}}
    return zlib.crc32(json.dumps([call.action, asked], sort_keys=True).encode())

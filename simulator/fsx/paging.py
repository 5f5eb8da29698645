"""Pages of a listing."""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import TypeVar

from simulator.fsx.calls import Call
from simulator.fsx.errors import bad_request
from simulator.fsx.state import State

T = TypeVar("T")


def page(state: State, call: Call, items: list[T], key: Callable[[T], str]) -> tuple[list[T], dict[str, str]]:
    """Return one page of `items`, ordered by `key`, and the member `NextToken` if more can follow.

    A token contains the last item of its page, so that changes in between never move other items between pages.

    Raises:
        FsxError: `BadRequest` for a token of another listing.
    """
    after = _last_seen(call)
    rest = [item for item in items if key(item) > after]
    size = min(state.settings.page_size, call.parameters.get("MaxResults", state.settings.page_size))
    shown = rest[:size]
    return state.shuffled(shown), next_token(call, key(shown[-1])) if len(rest) > size else {}


def next_token(call: Call, last: str) -> dict[str, str]:
    """Return the member `NextToken` for the items after `last`."""
    return {"NextToken": b64encode(json.dumps([_listing(call), last]).encode()).decode()}


def _last_seen(call: Call) -> str:
    token = call.parameters.get("NextToken")
    if token is None:
        return ""
    try:
        listing, last = json.loads(b64decode(token))
    except (TypeError, ValueError) as cause:
        raise bad_request("The next token is not valid.") from cause
    if listing != _listing(call):
        raise bad_request("The next token belongs to a request with other parameters.")
    return str(last)


def _listing(call: Call) -> int:
    asked = {name: value for name, value in call.parameters.items() if name not in {"NextToken", "MaxResults"}}
    return zlib.crc32(json.dumps([call.action, asked], sort_keys=True).encode())

"""Pages of a listing."""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import TypeVar

from simulator.fsx.calls import Call
from simulator.fsx.errors import bad_request
from simulator.fsx.service_state import ServiceState

T = TypeVar("T")


def page(world: ServiceState, call: Call, items: list[T], key: Callable[[T], str]) -> tuple[list[T], dict[str, str]]:
    """Return one page and the member `NextToken`, if more may follow.

    A token names the last item seen, so that items that come and go meanwhile move no other item between pages.

    Args:
        world: the service's state, whose settings shape the page.
        call: the request, with `MaxResults` and `NextToken`.
        items: everything there is, ordered by `key`.
        key: what identifies an item.

    Raises:
        FsxError: `BadRequest` for a token that this listing did not give out.
    """
    number, after = _place(call)
    rest = [item for item in items if key(item) > after]
    size = min(world.settings.page_size, call.parameters.get("MaxResults", world.settings.page_size))
    is_left_empty = world.settings.short_pages and number % 2 == 0
    if world.settings.short_pages:
        size = 0 if is_left_empty else (size + 1) // 2
    shown = rest[:size]
    last = key(shown[-1]) if shown else after
    token = next_token(call, number + 1, last) if is_left_empty or len(rest) > size else {}
    return world.shuffled(shown), token


def _place(call: Call) -> tuple[int, str]:
    """Return the page's number, counted from 0, and the last item of the page before."""
    token = call.parameters.get("NextToken")
    if token is None:
        return 0, ""
    try:
        listing, number, last = json.loads(b64decode(token))
        place = int(number), str(last)
    except (TypeError, ValueError) as cause:
        raise bad_request("The next token is not valid.") from cause
    if listing != _listing(call):
        raise bad_request("The next token belongs to a request with other parameters.")
    return place


def next_token(call: Call, number: int, last: str) -> dict[str, str]:
    """Return the member `NextToken` that leads to page `number` of the call's listing, behind the item `last`."""
    return {"NextToken": b64encode(json.dumps([_listing(call), number, last]).encode()).decode()}


def _listing(call: Call) -> int:
    asked = {name: value for name, value in call.parameters.items() if name not in {"NextToken", "MaxResults"}}
    return zlib.crc32(json.dumps([call.action, asked], sort_keys=True).encode())

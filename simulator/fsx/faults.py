"""Faults that are put in the way of calls."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

from simulator.fsx.calls import Call
from simulator.fsx.errors import FsxError, access_denied
from simulator.fsx.regions import arn

FaultKind = Literal[
    "throttled",
    "internal",
    "unavailable",
    "expired",
    "not_enabled",
    "access_denied",
    "lost",
    "malformed",
    "refuse",
    "hang",
]

_REFUSALS: dict[str, tuple[int, str, str]] = {
    "throttled": (400, "ThrottlingException", "Rate exceeded"),
    "internal": (500, "InternalServerError", "An internal error occurred; try again."),
    "unavailable": (503, "ServiceUnavailable", "The service is not available; try again."),
    "expired": (400, "ExpiredTokenException", "The security token included in the request is expired"),
    "not_enabled": (400, "UnrecognizedClientException", "The security token included in the request is invalid."),
}


@dataclass(eq=False)
class Fault:
    """A kind of trouble, the calls it hits, and how often (`times`) or until when (`until`) it does.

    Kinds `throttled`, `internal`, `unavailable`, `expired`, `not_enabled` (a Region that was not opted in) and
    `access_denied` are error answers. `lost` does the work, then cuts the connection; `malformed` does the work, then
    answers 200 with half a JSON document; `refuse` cuts the connection at once; `hang` leaves the caller without
    an answer until the fault is lifted.
    """

    number: int
    kind: FaultKind
    service: str | None
    region: str | None
    action: str | None
    times: int | None
    until: float | None
    lifted: threading.Event = field(default_factory=threading.Event)

    def hits(self, call: Call, now: float) -> bool:
        """Tell whether the fault is to hit `call`."""
        is_live = self.times != 0 and (self.until is None or now < self.until)
        wanted = [(self.service, call.service), (self.region, call.region), (self.action, call.action)]
        is_wanted = all(want in {None, have} for want, have in wanted)
        return is_live and is_wanted

    def error(self, call: Call) -> FsxError:
        """Return the error answer of this fault."""
        if self.kind == "access_denied":
            return _access_denied(call)
        status, code, message = _REFUSALS[self.kind]
        return FsxError(code, message, status=status)


def _access_denied(call: Call) -> FsxError:
    user = f"arn:aws:iam::{call.account}:user/simulator"
    return access_denied(user, f"{call.service}:{call.action}", _resource(call))


def _resource(call: Call) -> str:
    is_for_new = call.action.startswith("CreateFileSystem")  # recorded: of file-system/*
    name = call.ids[0] if call.ids and not is_for_new else "*"
    if call.service == "sts" or name.startswith("arn:"):
        return name
    return arn(call.service, call.region, call.account, f"{_resource_type(call)}/{name}")


def _resource_type(call: Call) -> str:
    if call.service == "kms":
        return "key"
    return "file-system" if "FileSystem" in call.action else "backup"


@dataclass
class Faults:
    """The faults now in force, oldest first."""

    faults: list[Fault] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def take(self, call: Call, now: float) -> Fault | None:
        """Return the fault that hits `call`, and count it."""
        found = next((fault for fault in self.faults if fault.hits(call, now)), None)
        if found and found.times is not None:
            found.times -= 1
        return found

    def lift(self, number: int | None) -> None:
        """End one fault, or all, and release the calls that hang in it."""
        ended = [fault for fault in self.faults if number in {None, fault.number}]
        self.faults = [fault for fault in self.faults if fault not in ended]
        for fault in ended:
            fault.lifted.set()

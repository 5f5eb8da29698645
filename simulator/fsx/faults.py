"""Faults: failures that tests inject into calls."""

import threading
from dataclasses import dataclass, field
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

_ERRORS: dict[str, tuple[int, str, str]] = {
    "throttled": (400, "ThrottlingException", "Rate exceeded"),
    "internal": (500, "InternalServerError", "An internal error occurred; try again."),
    "unavailable": (503, "ServiceUnavailable", "The service is not available; try again."),
    "expired": (400, "ExpiredTokenException", "The security token included in the request is expired"),
    "not_enabled": (400, "UnrecognizedClientException", "The security token included in the request is invalid."),
}


@dataclass(eq=False)
class Fault:
    """A failure, the calls that it affects, and how often (`times`) or until when (`until`).

    `throttled`, `internal`, `unavailable`, `expired`, `not_enabled` (a Region that is not opted in) and `access_denied`
    are error answers. `lost` does the work, then cuts the connection. `malformed` does the work, then answers 200 with
    half a JSON document. `refuse` cuts the connection immediately. `hang` does not answer until the fault is lifted.
    """

    number: int
    kind: FaultKind
    service: str | None
    region: str | None
    action: str | None
    times: int | None
    until: float | None
    lifted: threading.Event = field(default_factory=threading.Event)

    def matches(self, call: Call, now: float) -> bool:
        """Whether the fault affects `call`."""
        is_active = self.times != 0 and (self.until is None or now < self.until)
        wanted = [(self.service, call.service), (self.region, call.region), (self.action, call.action)]
        return is_active and all(want in {None, have} for want, have in wanted)

    def error(self, call: Call) -> FsxError:
        """Return the error answer of this fault."""
        if self.kind == "access_denied":
            user = f"arn:aws:iam::{call.account}:user/simulator"
            return access_denied(user, f"{call.service}:{call.action}", _resource(call))
        status, code, message = _ERRORS[self.kind]
        return FsxError(code, message, status=status)


def take_fault(faults: list[Fault], call: Call, now: float) -> Fault | None:
    """Return the first fault that affects `call`, and count it."""
    found = next((fault for fault in faults if fault.matches(call, now)), None)
    if found and found.times is not None:
        found.times -= 1
    return found


def _resource(call: Call) -> str:
    name = call.ids[0] if call.ids else "*"
    if call.service == "sts" or name.startswith("arn:"):
        return name
    kind = "key" if call.service == "kms" else "file-system" if "FileSystem" in call.action else "backup"
    return arn(call.service, call.region, call.account, f"{kind}/{name}")

"""Which copy belongs to which resource: the token a copy is started with and the mark it carries.

A copy carries one ownership tag. While it is being made the tag says *pending* and holds the token, so that the
next run finds it again whatever happened to this one; a run that goes on with it adds its own nonce, so that a run
that is still at it sees that it has lost the copy. Once the state holds the copy, the tag says *recorded* and holds
the nonce that stands in that state and nowhere else, so that no later create can pick it up and no delete but the
owner's can remove it. The identity in a mark is for people: it proves nothing.
"""

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

# It stands on users' backups: under another name no copy that exists would be found again.
MARK_TAG = "fsx-dr:managed-by"
MAX_TAG_VALUE = 256  # FSx API, TagValue

_TIME_FORMAT = "%Y%m%dT%H%M%SZ"
_NO_TIME = "unknown"
_URN_PARTS = 4  # stack, project, type, name
_NOT_IN_TAG_VALUES = re.compile(r"[^\w .:/=+\-@]")


@dataclass(frozen=True, slots=True)
class Token:
    """A ClientRequestToken that every run of the same resource and request arrives at again.

    Attributes:
        resource: hash of the resource's URN.
        request: hash of the copy's immutable parameters (never of its tags).
        generation: counts up when FSx answers a token with a copy that is recorded or gone; leaps when it refuses one.
    """

    resource: str
    request: str
    generation: int = 0

    @classmethod
    def of(cls, urn: str, *parameters: str | None) -> "Token":
        """Derive the token of a resource's request."""
        # With two dashes and a generation within the 63 characters of a ClientRequestToken.
        return cls(_hash(urn, length=20), _hash(*(p or "" for p in parameters), length=24))

    @classmethod
    def parse(cls, text: str) -> "Token | None":
        """Read a token back, or return None if it is none of ours."""
        match = re.fullmatch(r"([0-9a-f]{20})-([0-9a-f]{24})-(\d+)", text)
        return cls(match[1], match[2], int(match[3])) if match else None

    def next(self) -> "Token":
        """Return the token to use when this one is spent."""
        return replace(self, generation=self.generation + 1)

    def unused(self, now: float) -> "Token":
        """Return one that surely nobody has used, where FSx refuses those that are spent; seconds since the epoch."""
        # Earlier runs have counted up one by one, so the seconds since 1970 are ahead of any generation that they used.
        return replace(self, generation=max(self.generation + 1, int(now)))

    def same_request(self, other: "Token") -> bool:
        """Tell whether both stand for the same copy of the same resource."""
        return (self.resource, self.request) == (other.resource, other.request)

    def __str__(self) -> str:
        return f"{self.resource}-{self.request}-{self.generation}"


@dataclass(frozen=True, slots=True)
class Pending:
    """The mark of a copy that is being made, or that no run has recorded yet.

    Attributes:
        token: the one it was started with.
        nonce: of the run that went on with what another had started; "" as long as none has.
    """

    token: Token
    source_creation_time: datetime | None
    identity: str
    nonce: str = ""

    @property
    def speech(self) -> str:
        """What it says of its resource."""
        return self.token.resource

    def __str__(self) -> str:
        holder = f"{self.token}/{self.nonce}" if self.nonce else str(self.token)
        return _fit(f"pending:{holder}:{_time_text(self.source_creation_time)}:{self.identity}")


@dataclass(frozen=True, slots=True)
class Recorded:
    """The mark of a copy that a state holds."""

    nonce: str
    source_creation_time: datetime | None
    identity: str

    @property
    def speech(self) -> str:
        """What it says of its resource, for people: it proves nothing."""
        return self.identity

    @classmethod
    def by(cls, urn: str, nonce: str, source_creation_time: datetime | None) -> "Recorded":
        """Return the mark of a resource's copy."""
        return cls(nonce, source_creation_time, identity_of(urn))

    def __str__(self) -> str:
        return _fit(f"recorded:{self.nonce}:{_time_text(self.source_creation_time)}:{self.identity}")


Mark = Pending | Recorded


@dataclass(frozen=True, slots=True)
class Ownership:
    """What a state knows that proves a copy to be its own.

    Attributes:
        nonce: stands in the recorded mark, and in the pending one of a copy that was gone on with; new for each create.
        token: stands in the mark as long as the copy is pending; "" for an adopted one.
    """

    nonce: str
    token: str = ""

    @classmethod
    def of(cls, outputs: Mapping[str, Any]) -> "Ownership":
        """Read it from a copy's outputs."""
        return cls(nonce=outputs.get("nonce") or "", token=outputs.get("token") or "")

    def covers(self, mark: Mark | None) -> bool:
        """Tell whether a copy with this mark is the state's own."""
        match mark:
            case Recorded(nonce=nonce):
                # Two empty nonces prove nothing: a state that has lost its own owns no copy.
                return bool(nonce) and nonce == self.nonce
            case Pending(nonce="", token=token):
                # With its generation, because another one stands for another copy of the same resource.
                return str(token) == self.token
            # Once a run has claimed the copy, the token proves nothing any more: every run of the resource has it.
            case Pending(nonce=nonce):
                return nonce == self.nonce
        return False

    def started(self, mark: Mark | None) -> bool:
        """Tell whether a mark is one that CopyBackup set for this resource's request, and nobody has claimed since."""
        token = Token.parse(self.token)
        return isinstance(mark, Pending) and not mark.nonce and token is not None and mark.token.same_request(token)


def mark_in(tags: Mapping[str, str]) -> Mark | None:
    """Return the ownership mark among a backup's tags."""
    return parse_mark(tags.get(MARK_TAG))


def parse_mark(value: str | None) -> Mark | None:
    """Read the value of the ownership tag, or return None if it is absent or none of ours."""
    # The identity comes last, because a resource's name may hold colons.
    match (value or "").split(":", 3):
        case ["pending", text, time, identity] if token := Token.parse(text.partition("/")[0]):
            return Pending(token, _parse_time(time), identity, text.partition("/")[2])
        case ["recorded", nonce, time, identity]:
            return Recorded(nonce, _parse_time(time), identity)
    return None


def is_urn(text: str) -> bool:
    """Tell whether a text is a URN, from which a copy's token and identity can be derived."""
    return len(text.split("::", 3)) == _URN_PARTS


def identity_of(urn: str) -> str:
    """Return `project/stack/name` of a URN, in characters that a tag value may hold."""
    # Split at the first three only, because a resource's name may hold `::` itself.
    stack, project, _, name = urn.removeprefix("urn:pulumi:").split("::", 3)
    return _identity(project, stack, name)


def speeches_of(urn: str) -> tuple[str, str]:
    """Return the `speech` of the marks that name a resource."""
    # A pending mark speaks of its resource by the hash of the URN, a recorded one by the identity.
    return Token.of(urn).resource, identity_of(urn)


def stack_of(identity: str) -> str:
    """Return the `project/stack` in a mark's identity; a resource's name may hold slashes, those two cannot."""
    return "/".join(identity.split("/")[:2])


def name_of(identity: str) -> str:
    """Return the resource's name in a mark's identity."""
    return identity.split("/", 2)[-1]


def _identity(project: str, stack: str, name: str) -> str:
    return _NOT_IN_TAG_VALUES.sub("_", f"{project}/{stack}/{name}")


def new_nonce() -> str:
    """Return a value that no other create has used."""
    return uuid.uuid4().hex


def _hash(*parts: str, length: int) -> str:
    # Joined by what no part can hold, so that no two lists of parts make the same text.
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:length]


def _fit(value: str) -> str:
    # What is cut off is the end of the identity, which proves nothing.
    return value[:MAX_TAG_VALUE].rstrip()


def _time_text(time: datetime | None) -> str:
    return time.astimezone(UTC).strftime(_TIME_FORMAT) if time else _NO_TIME


def _parse_time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None

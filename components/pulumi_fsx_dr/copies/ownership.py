"""The ownership tag of a copy, and the request token that CopyBackup is called with.

`fsx-dr:managed-by` = `<owner id>/<request token>/<project>/<stack>/<name>`. CopyBackup itself sets it, so a copy has it
from the moment it is made. Anybody who may call `fsx:TagResource` can write any tag on any backup: the tag only
selects candidates, and `verification` decides.
"""

import hashlib
import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeGuard

OWNERSHIP_TAG = "fsx-dr:managed-by"
MAX_TAG_VALUE = 256  # FSx API, TagValue

_OWNERSHIP = re.compile(r"(?P<owner>[0-9a-f]{32})/(?P<request>[0-9a-f]{40})-(?P<generation>\d{1,12})(?=/|$)", re.ASCII)
_NOT_IN_TAG_VALUES = re.compile(r"[^\w .:/=+\-@]")
_GENERATIONS = 10**12  # twelve digits
_URN_PARTS = 4  # stack, project, type, name


@dataclass(frozen=True, slots=True)
class RequestToken:
    """The `ClientRequestToken` of CopyBackup, which each run computes again for the same request.

    Attributes:
        request: hash of the owner id, the URN and everything the copy is made from but its tags.
        generation: counts up when FSx answers a token with a copy that is gone or of another owner.
    """

    request: str
    generation: int = 0

    @classmethod
    def of(cls, owner_id: str, urn: str, *parameters: str | None) -> "RequestToken":
        """Return the first token of a request."""
        # Joined by a character that no part can contain, so that different parts never make the same text.
        text = "\0".join([owner_id, urn, *(parameter or "" for parameter in parameters)])
        # 40 characters, a dash and a generation fit into the 63 of a ClientRequestToken.
        return cls(hashlib.sha256(text.encode()).hexdigest()[:40])

    def next(self) -> "RequestToken":
        """Return the next generation."""
        # Anybody can write the last generation into a tag, so the first one comes after it.
        return replace(self, generation=(self.generation + 1) % _GENERATIONS)

    def unused(self) -> "RequestToken":
        """Return a random generation, which no run has used and which cannot be guessed."""
        return replace(self, generation=secrets.randbelow(_GENERATIONS))

    def __str__(self) -> str:
        return f"{self.request}-{self.generation}"


@dataclass(frozen=True, slots=True)
class Ownership:
    """What ties a copy to its entry in a state: the output `managed_by`, and the beginning of the copy's tag."""

    owner_id: str
    token: RequestToken

    @classmethod
    def parse(cls, text: object) -> "Ownership | None":
        """Return the ownership at the beginning of a text, None without one."""
        found = _OWNERSHIP.match(text) if isinstance(text, str) else None
        if found is None:
            return None
        return cls(found["owner"], RequestToken(found["request"], int(found["generation"])))

    def is_same_request(self, other: "Ownership | None") -> bool:
        """Whether both are of one request of one resource, whatever the generation."""
        return other is not None and (self.owner_id, self.token.request) == (other.owner_id, other.token.request)

    def tag(self, urn: str) -> dict[str, str]:
        """Return the ownership tag of the copy of a resource."""
        # Only the end of the resource's name may be cut off, which is information for people.
        text = f"{self}/{description_of(urn)}" if is_urn(urn) else str(self)
        return {OWNERSHIP_TAG: text[:MAX_TAG_VALUE].rstrip()}

    def __str__(self) -> str:
        return f"{self.owner_id}/{self.token}"


def ownership_of(tags: Mapping[str, str]) -> Ownership | None:
    """Return the ownership that a backup's tag claims, None if it has no such tag or one of another form."""
    return Ownership.parse(tags.get(OWNERSHIP_TAG))


def claimed_description(tags: Mapping[str, str]) -> str:
    """Return the `project/stack/name` in a backup's ownership tag, or the whole tag if it has another form."""
    value = tags.get(OWNERSHIP_TAG, "")
    found = _OWNERSHIP.match(value)
    return value[found.end() + 1 :] if found else value


def description_of(urn: str) -> str:
    """Return `project/stack/name` of a resource, in characters that a tag value may contain."""
    # Split at the first three only, because a resource's name may contain `::`.
    stack, project, _, name = urn.removeprefix("urn:pulumi:").split("::", 3)
    return _NOT_IN_TAG_VALUES.sub("_", f"{project}/{stack}/{name}")


def stack_of(description: str) -> str:
    """Return the `project/stack` of a description; those two cannot contain slashes."""
    return "/".join(description.split("/")[:2])


def is_urn(text: str) -> bool:
    """Whether a text is a URN, from which a request token can be derived."""
    return len(text.split("::", 3)) == _URN_PARTS


def new_owner_id() -> str:
    """Return a random owner id for a stack."""
    return uuid.uuid4().hex


def is_owner_id(text: object) -> TypeGuard[str]:
    """Whether a value is an owner id."""
    return isinstance(text, str) and re.fullmatch(r"[0-9a-f]{32}", text, re.ASCII) is not None

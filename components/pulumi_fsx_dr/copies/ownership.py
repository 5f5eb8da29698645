"""The ownership tag of a copy, and the request token for CopyBackup.

`fsx-dr:managed-by` = `<owner id>/<request token>/<project>/<stack>/<name>`. CopyBackup sets the tag, so a copy has it
from the beginning. Anyone with `fsx:TagResource` can write any tag on any backup. So the tag only selects candidates,
and `verification` decides.
"""

import hashlib
import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeGuard

from .urns import is_urn, name_of, stack_and_project_of

OWNERSHIP_TAG = "fsx-dr:managed-by"
MAX_TAG_VALUE = 256  # FSx API, TagValue

_OWNERSHIP = re.compile(r"(?P<owner>[0-9a-f]{32})/(?P<request>[0-9a-f]{40})-(?P<generation>\d{1,12})(?=/|$)", re.ASCII)
_NOT_IN_TAG_VALUES = re.compile(r"[^\w .:/=+\-@]")
_GENERATIONS = 10**12  # twelve digits


@dataclass(frozen=True, slots=True)
class RequestToken:
    """The `ClientRequestToken` of CopyBackup. Each run computes the same token for the same request.

    Attributes:
        request: hash of the owner id, the URN and the parameters of the copy without its tags.
        generation: incremented if FSx answers a token with a copy that is deleted or has another owner.
    """

    request: str
    generation: int = 0

    @classmethod
    def of(cls, owner_id: str, urn: str, *parameters: str | None) -> "RequestToken":
        # No part can contain the separator, so different parts never give the same text.
        text = "\0".join([owner_id, urn, *(parameter or "" for parameter in parameters)])
        # A ClientRequestToken has at most 63 characters: 40 for the hash, the rest for a dash and the generation.
        return cls(hashlib.sha256(text.encode()).hexdigest()[:40])

    def next(self) -> "RequestToken":
        # Anyone can write the highest generation into a tag, so the count starts again at 0 after it.
        return replace(self, generation=(self.generation + 1) % _GENERATIONS)

    def unused(self) -> "RequestToken":
        """Return a random generation, which cannot be guessed and has never been used."""
        return replace(self, generation=secrets.randbelow(_GENERATIONS))

    def __str__(self) -> str:
        return f"{self.request}-{self.generation}"


@dataclass(frozen=True, slots=True)
class Ownership:
    """The link between a copy and its state entry: the output `managed_by`, and the beginning of the ownership tag."""

    owner_id: str
    token: RequestToken

    @classmethod
    def parse(cls, text: object) -> "Ownership | None":
        """Return the ownership at the beginning of a text; None if the text does not begin with one."""
        found = _OWNERSHIP.match(text) if isinstance(text, str) else None
        if found is None:
            return None
        return cls(found["owner"], RequestToken(found["request"], int(found["generation"])))

    def is_same_request(self, other: "Ownership | None") -> bool:
        """Whether both belong to the same request of the same resource; the generation may differ."""
        return other is not None and (self.owner_id, self.token.request) == (other.owner_id, other.token.request)

    def tag(self, urn: str) -> dict[str, str]:
        # If the text is too long, only the resource's name is cut off, which is for information only.
        text = f"{self}/{description_of(urn)}" if is_urn(urn) else str(self)
        return {OWNERSHIP_TAG: text[:MAX_TAG_VALUE].rstrip()}

    def __str__(self) -> str:
        return f"{self.owner_id}/{self.token}"


def ownership_of(tags: Mapping[str, str]) -> Ownership | None:
    """Return the ownership in the tag of a backup; None if the tag is missing or has another format."""
    return Ownership.parse(tags.get(OWNERSHIP_TAG))


def claimed_description(tags: Mapping[str, str]) -> str:
    """Return `project/stack/name` from the ownership tag of a backup, or the whole tag if it has another format."""
    value = tags.get(OWNERSHIP_TAG, "")
    found = _OWNERSHIP.match(value)
    return value[found.end() + 1 :] if found else value


def description_of(urn: str) -> str:
    """Return `project/stack/name` of a resource, in characters that a tag value may contain."""
    stack, project = stack_and_project_of(urn)
    return _NOT_IN_TAG_VALUES.sub("_", f"{project}/{stack}/{name_of(urn)}")


def stack_of(description: str) -> str:
    return "/".join(description.split("/")[:2])


def new_owner_id() -> str:
    return uuid.uuid4().hex


def is_owner_id(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and re.fullmatch(r"[0-9a-f]{32}", text, re.ASCII) is not None

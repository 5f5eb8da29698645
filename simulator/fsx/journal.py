"""What was asked of the service."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, TypedDict


class Entry(TypedDict):
    """One call: time in seconds since 1970, ids it named, the id it made, and the error code or the fault it met."""

    time: float
    service: str
    region: str
    action: str
    token: str | None
    ids: list[str]
    made: str | None
    error: str | None
    access_key: str
    parameters: dict[str, Any]


@dataclass
class Journal:
    """All calls in the order they came in."""

    entries: list[Entry] = field(default_factory=list)

    def select(self, region: str | None = None, action: str | None = None) -> list[Entry]:
        """Return the calls of one Region and action, or of all."""
        return [e for e in self.entries if region in {None, e["region"]} and action in {None, e["action"]}]

    def counts(self, region: str | None = None) -> dict[str, int]:
        """Return how often each action was called."""
        return Counter(entry["action"] for entry in self.select(region))

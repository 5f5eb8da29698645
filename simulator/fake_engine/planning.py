"""What is to become of a resource: the order in which its provider is asked is the real engine's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

Inputs = dict[str, Any]


class Diff(Protocol):
    """What a provider answers to diff."""

    @property
    def changes(self) -> Any:
        """Whether anything changes."""

    @property
    def replaces(self) -> Any:
        """Return the properties that force a replacement."""


D = TypeVar("D", bound=Diff)


@dataclass(frozen=True)
class Old:
    """What the state holds of a resource.

    Attributes:
        inputs: as they were checked.
        is_half_made: whether its last step failed, and left it there.
        is_deleted: whether it was deleted to be replaced, which was then cut off.
    """

    inputs: Inputs
    is_half_made: bool = False
    is_deleted: bool = False


@dataclass(frozen=True)
class Plan(Generic[D]):
    """What to do, with the inputs to do it with; ``diff`` is what the provider answered, if it was asked."""

    op: Literal["same", "create", "update", "replace"]
    inputs: Inputs
    diff: D | None = None


def plan(
    held: Old | None,
    news: Inputs,
    check: Callable[[Inputs, Inputs], Inputs],
    diff: Callable[[Inputs], D],
    *,
    replacing: bool = False,
) -> Plan[D]:
    """Plan one resource.

    Args:
        held: what the state holds of it, if anything.
        news: what the program declares.
        check: asks the provider with the old inputs, or none, and the new ones; returns them checked.
        diff: asks the provider with checked inputs.
        replacing: whether the user asks for its replacement.
    """
    if held is None or replacing:
        return Plan("replace" if held else "create", check({}, news))
    checked = check(held.inputs, news)
    found = diff(checked)
    if found.replaces or held.is_deleted:
        return Plan("replace", check({}, news), found)
    return Plan("update" if found.changes or held.is_half_made else "same", checked, found)

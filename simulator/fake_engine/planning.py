"""The plan for a resource, with provider calls in the order of the real engine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

Inputs = dict[str, Any]


class Diff(Protocol):
    """A provider's result of diff."""

    @property
    def changes(self) -> Any:
        """Whether anything changes."""

    @property
    def replaces(self) -> Any:
        """Return the properties that replace the resource."""


D = TypeVar("D", bound=Diff)


@dataclass(frozen=True)
class Old:
    """A resource in the state.

    Attributes:
        inputs: its checked inputs.
        is_half_made: whether its last step failed and left it incomplete.
        is_deleted: whether a replacement was interrupted after it had deleted the resource.
    """

    inputs: Inputs
    is_half_made: bool = False
    is_deleted: bool = False


@dataclass(frozen=True)
class Plan(Generic[D]):
    """The operation, its checked inputs, and the provider's answer to diff, if diff was called."""

    op: Literal["same", "create", "update", "replace"]
    inputs: Inputs
    diff: D | None = None


def plan(
    old: Old | None,
    news: Inputs,
    check: Callable[[Inputs, Inputs], Inputs],
    diff: Callable[[Inputs], D],
    *,
    replacing: bool = False,
) -> Plan[D]:
    """Plan one resource.

    Args:
        old: the resource in the state, if it is there.
        news: the inputs that the program declares.
        check: calls check with old and new inputs, and returns the checked ones.
        diff: calls diff with checked inputs.
        replacing: whether the user wants a replacement.
    """
    if old is None or replacing:
        return Plan("replace" if old else "create", check({}, news))
    checked = check(old.inputs, news)
    found = diff(checked)
    if found.replaces or old.is_deleted:
        return Plan("replace", check({}, news), found)
    return Plan("update" if found.changes or old.is_half_made else "same", checked, found)

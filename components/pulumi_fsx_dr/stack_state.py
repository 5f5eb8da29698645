"""What the state of the stack holds, as the engine tells the program that runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from .copies import BACKUP_COPY_TYPE
from .errors import InvalidSettingsError
from .ownership import Mark, Ownership

_FUNCTION = "pulumi:pulumi:readStackResourceOutputs"  # built into the engine


@dataclass(frozen=True, slots=True)
class HeldCopy:
    """A copy that the state holds.

    Attributes:
        name: the logical name of its resource.
        ownership: what proves it to be the state's own.
    """

    name: str
    ownership: Ownership


def holds(mark: Mark, names: list[str], held: list[HeldCopy]) -> bool:
    """Tell whether a copy with this mark is held by a resource of one of these names."""
    return any(copy.name in names and copy.ownership.covers(mark) for copy in held)


def held_copies() -> list[HeldCopy]:
    """Return the copies that the state holds, those that are about to be deleted left out.

    Raises:
        InvalidSettingsError: the engine does not tell.
    """
    return list(_held(held_resources()))


def held_resources() -> Mapping[str, Any]:
    """Return type and outputs of each resource that the state holds, by URN, as `held_copies` does.

    Raises:
        InvalidSettingsError: the engine does not tell.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        told: Any = pulumi.runtime.invoke(_FUNCTION, {"stackName": stack}).value
    except Exception as error:  # noqa: BLE001  # the SDK raises no narrower one
        raise InvalidSettingsError(
            f"The state of {stack} could not be read, so nobody can tell what it holds; nothing was changed: {error}"
        ) from None
    resources: Mapping[str, Any] = told.get("outputs") or {}
    return resources


def _held(resources: Mapping[str, Any]) -> Iterator[HeldCopy]:
    for urn, resource in resources.items():
        if resource["type"] == BACKUP_COPY_TYPE:
            yield HeldCopy(urn.rpartition("::")[2], Ownership.of(resource["outputs"]))

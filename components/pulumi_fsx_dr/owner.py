"""The owner id of the stack: a resource, so that the engine saves it before the first copy is made."""

from collections.abc import Awaitable, Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from .copies.arguments import require_valid
from .copies.ownership import is_owner_id
from .program import lookup
from .program.per_run import once_a_run
from .provider import OwnerProvider

OWNER_NAME = "fsx-dr-owner"


class Owner(Resource, module="fsx", name="Owner"):
    """The owner id of this stack, which is in the ownership tag of each of its copies.

    All copies depend on it: it is created before the first copy and deleted after the last one.
    """

    owner_id: pulumi.Output[str]

    def __init__(self) -> None:
        super().__init__(OwnerProvider(), OWNER_NAME, {"owner_id": None})


@once_a_run
def owner_of_this_run() -> Owner:
    """Return the owner of the stack; the first BackupCopy or DrRegion of a run declares it."""
    return Owner()


def hints(name: str, args: Mapping[str, Any]) -> Awaitable[str]:
    """Return the hints for the provider: the owner id, and the state entries with the name or source of a copy."""
    run = lookup.of_this_run()
    run.declared_names.add(name)
    planned, owner = run.planned.pop(name, None), owner_of_this_run()

    async def message() -> str:
        known = {key: await _known(value) for key, value in args.items()}
        # If the provider refused an argument, the CLI would interrupt the program and show tracebacks of the SDK.
        require_valid(f"BackupCopy {name}", known)
        # Owner id and source may be unknown in a preview. The state entries with this name are needed anyway.
        owner_id, source = await owner.owner_id.future(), known.get("source_backup_id")
        return run.hints(owner_id if is_owner_id(owner_id) else "", name, source, planned).sent()

    # Not an output: that would take the SDK several times as long for each copy.
    return message()


async def _known(value: Any) -> Any:
    """Return the value of an output once it is known, and anything else as it is."""
    if isinstance(value, Mapping):
        return {key: await _known(item) for key, item in value.items()}
    known = await value.future() if isinstance(value, pulumi.Output) else None
    return value if known is None else known

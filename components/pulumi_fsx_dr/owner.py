"""The owner id of the stack: a resource of its own, so that the engine saves it before the first copy is made."""

from collections.abc import Awaitable

import pulumi
from pulumi.dynamic import Resource

from .copies.ownership import is_owner_id
from .program import lookup
from .program.per_run import once_a_run
from .provider import OwnerProvider

OWNER_NAME = "fsx-dr-owner"


class Owner(Resource, module="fsx", name="Owner"):
    """The owner id in the tag of each copy of this stack.

    Copies depend on it, so it is created before the first and deleted after the last.
    """

    owner_id: pulumi.Output[str]

    def __init__(self) -> None:
        super().__init__(OwnerProvider(), OWNER_NAME, {"owner_id": None})


@once_a_run
def owner_of_this_run() -> Owner:
    """Return the owner of the stack, declared with the first BackupCopy or DrRegion of a run."""
    return Owner()


def hints(name: str, source_backup_id: pulumi.Input[str] | None) -> Awaitable[str]:
    """Return the hints for the provider: the owner id, and what the state has of a copy with this name and source."""
    run = lookup.of_this_run()
    run.declared_names.add(name)
    planned, owner = run.planned.pop(name, None), owner_of_this_run()

    async def message() -> str:
        # In a preview neither may be known yet. What the state has under this name must be known all the same.
        owner_id, source = await owner.owner_id.future(), source_backup_id
        if not isinstance(source, str | None):
            source = await pulumi.Output[str].from_input(source_backup_id).future()
        return run.hints(owner_id if is_owner_id(owner_id) else "", name, source, planned).sent()

    # A coroutine and not an output, which would cost the SDK several times as much for each copy.
    return message()

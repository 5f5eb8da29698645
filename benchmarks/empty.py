"""A dynamic resource that does nothing: what engine, host and SDK cost by themselves."""

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class EmptyProvider(ResourceProvider):
    """Keeps what it is given."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Return at once."""
        return CreateResult("nothing", props)


class Empty(Resource, module="empty", name="Empty"):
    """A resource without anything behind it."""

    def __init__(self, name: str, args: dict[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare it with any arguments."""
        super().__init__(EmptyProvider(), name, args, opts)

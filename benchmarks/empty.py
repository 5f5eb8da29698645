"""Dynamic resources that do nothing, to measure engine, host and SDK."""

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider
from pulumi_fsx_dr.copies.outputs import OUTPUTS

_ARGUMENTS = ("source_backup_id", "region", "source_region", "kms_key_id", "copy_tags", "tags", "adopt_backup_id")
_OUTPUTS = tuple(f"output_{number}" for number in range(len(OUTPUTS)))  # the number of a BackupCopy's outputs


class EmptyProvider(ResourceProvider):
    """Accepts everything and does nothing."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Return without doing anything."""
        return CreateResult("nothing", {**props, **dict.fromkeys(_OUTPUTS, "nothing")})


class Empty(Resource, module="empty", name="Empty"):
    """A resource with as many properties as a BackupCopy."""

    __annotations__ = dict.fromkeys((*_ARGUMENTS, *_OUTPUTS), pulumi.Output[str])

    def __init__(self, name: str, args: dict[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare it with a BackupCopy's arguments."""
        super().__init__(EmptyProvider(), name, {**dict.fromkeys((*_ARGUMENTS, *_OUTPUTS)), **args}, opts)


class Bare(Resource, module="empty", name="Bare"):
    """A resource with its arguments as its only properties."""

    def __init__(self, name: str, args: dict[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare it with any arguments."""
        super().__init__(EmptyProvider(), name, args, opts)

"""The plugin's BackupCopy, declared as in a generated SDK."""

from typing import Any

import pulumi
from pulumi_fsx_dr.copies.copy import NATIVE_COPY_TYPE
from pulumi_fsx_dr.copies.names import camel_case, snake_case
from pulumi_fsx_dr.copies.outputs import OUTPUTS


class NativeCopy(pulumi.CustomResource):
    """A copy made by the plugin."""

    def __init__(self, name: str, args: dict[str, Any]) -> None:
        """Declare it with a BackupCopy's arguments."""
        super().__init__(NATIVE_COPY_TYPE, name, dict.fromkeys(OUTPUTS) | args)

    def translate_input_property(self, prop: str) -> str:
        """Return an argument's name in the schema."""
        return camel_case(prop)

    def translate_output_property(self, prop: str) -> str:
        """Return an output's name in Python."""
        return snake_case(prop)

"""Names of properties: as the core has them, and as programs in every language and native states have them."""

import re
from collections.abc import Mapping
from typing import Any


def camel_case(name: str) -> str:
    """Return a name of the core as schemas have it: `sourceBackupId` for `source_backup_id`."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def snake_case(name: str) -> str:
    """Return a name of a schema as the core has it."""
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def by_core_names(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a state, or a preview, has of a copy of either kind, by the core's names."""
    return {snake_case(name): value for name, value in properties.items()}

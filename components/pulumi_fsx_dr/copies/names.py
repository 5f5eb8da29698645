"""Names of properties: snake_case in Python, camelCase in schemas and in the states of the plugin."""

import re
from collections.abc import Mapping
from typing import Any


def camel_case(name: str) -> str:
    """Return a name in camelCase: `sourceBackupId` for `source_backup_id`."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def snake_case(name: str) -> str:
    """Return a camelCase name in snake_case."""
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def by_core_names(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of a copy, from the dynamic provider or the plugin, with names in snake_case."""
    return {snake_case(name): value for name, value in properties.items()}

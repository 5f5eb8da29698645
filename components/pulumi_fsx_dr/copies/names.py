"""Names of properties: snake_case in Python, camelCase in schemas and in the states of the plugin."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
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


def unknown_names(unknown: Iterable[Any], known: Iterable[str]) -> str:
    """Return unknown names as text, each with the known name that is most similar to it, if there is one."""
    known = list(known)
    near = {name: get_close_matches(name, known, n=1) for name in sorted(map(str, unknown))}
    return ", ".join(f"{name} (did you mean {match[0]}?)" if match else name for name, match in near.items())

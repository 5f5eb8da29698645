"""The resources in the output of `pulumi stack export`."""

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_fsx_dr.copies.copy import COPY_TYPES
from pulumi_fsx_dr.copies.urns import name_of
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID
from pulumi_fsx_dr.fsx.text import clean


def resources_of(export: Mapping[str, Any], origin: str) -> Iterator[Mapping[str, Any]]:
    """Yield the resources of a state, which errors call `origin`. Each has a type, and each copy has a backup id."""
    deployment = export.get("deployment")
    if not isinstance(deployment, Mapping):
        raise InvalidSettingsError(f"This is not the state of a stack: {origin}. Make it with `pulumi stack export`.")
    resources = deployment.get("resources")
    if resources is None:  # the stack was never deployed
        return
    if not isinstance(resources, list):
        raise _damaged(origin, "resources is not a list")
    # No entry is skipped: a copy with an unreadable entry would be listed as an orphan, and perhaps deleted.
    for number, resource in enumerate(resources):
        if not isinstance(resource, Mapping) or not isinstance(resource.get("type"), str):
            raise _damaged(origin, f"resources[{number}] does not have a type")
        if resource["type"] in COPY_TYPES and not is_backup_id(resource.get("id")):
            name = clean(name_of(str(resource.get("urn"))), 100)
            raise _damaged(origin, f"the id of resources[{number}], {name}, is not a backup id")
        yield resource


def is_backup_id(value: object) -> bool:
    return isinstance(value, str) and BACKUP_ID.fullmatch(value) is not None


def _damaged(origin: str, problem: str) -> InvalidSettingsError:
    return InvalidSettingsError(
        f"The state in {origin} is damaged: {problem}. Correct that, or export the state again with "
        "`pulumi stack export`."
    )

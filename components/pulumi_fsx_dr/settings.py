"""The configuration of this repository's own program: the `fsx-dr` namespace of a stack."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from .copies.numbers import positive
from .errors import InvalidSettingsError
from .readiness import RPO_HOURS
from .rules.dr_arguments import KEEP, DrRegionArgs, Source

SETTINGS = (
    "sources",
    "regions",
    "copyTags",
    "tags",
    "keep",
    "adoptExisting",
    "deletionProtection",
    "rpoHours",
    "previewCopies",
)
# The fields of an entry, with the names of the arguments.
_SOURCE_FIELDS = {
    "fileSystemId": "file_system_id",
    "backupId": "backup_id",
    "kmsKeyId": "kms_key_id",
    "addTags": "add_tags",
    "tags": "tags",
    "exclude": "exclude",
    "region": "region",
    "keep": "keep",
}
_REGION_FIELDS = {"kmsKeyId": "kms_key_id", "region": "region"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a stack is configured to copy.

    Attributes:
        regions: the arguments of each DrRegion, by its name.
        sources: the sources of all of them.
        rpo_hours: how old, in hours, the source backup of the newest copy may be.
    """

    regions: Mapping[str, DrRegionArgs]
    sources: list[Source]
    rpo_hours: float

    @classmethod
    def read(cls, config: pulumi.Config | None = None) -> "Settings":
        """Read the `fsx-dr` namespace of the stack's configuration.

        Raises:
            InvalidSettingsError: a setting is unknown, or has the wrong shape.
        """
        config = config or pulumi.Config("fsx-dr")
        _require_known(config.name)
        sources: Any = [_arguments("sources", entry, _SOURCE_FIELDS) for entry in _entries(config, "sources")]
        keep = config.get_object("keep")
        common = {
            "sources": sources,  # DrRegion checks the values
            "copy_tags": config.get_bool("copyTags") is not False,
            "tags": _tags(config),
            "keep": KEEP if keep is None else keep,
            "adopt_existing": config.get_bool("adoptExisting") or False,
            "deletion_protection": config.get_bool("deletionProtection") or False,
        }
        regions = [_region(entry, common) for entry in _entries(config, "regions")]
        named = {f"dr-{args['region']}": args for args in regions}
        if len(named) < len(regions):
            raise InvalidSettingsError("fsx-dr:regions names a Region twice: give each Region one entry.")
        return cls(regions=named, sources=sources, rpo_hours=_hours(config.get("rpoHours") or str(RPO_HOURS)))


def _require_known(namespace: str) -> None:
    """Refuse a misspelt setting: ignoring it would protect less than was meant."""
    # `pulumi.Config` cannot list the settings.
    given = {**(get_config_env() or {}), **CONFIG.get()}
    names = (name.removeprefix(f"{namespace}:") for name in given if name.startswith(f"{namespace}:"))
    for unknown in sorted(set(names) - set(SETTINGS)):
        advice = _advice(unknown, [f"{namespace}:{name}" for name in SETTINGS])
        raise InvalidSettingsError(f"There is no setting {namespace}:{unknown}: {advice}.")


def _advice(unknown: str, known: Iterable[str]) -> str:
    """Return the name that is near an unknown one, or all names."""
    by_name = {name.rpartition(":")[2].lower(): name for name in known}
    given = unknown.lower()
    near = [name for name in by_name if name.startswith(given)] or get_close_matches(given, by_name)
    return f"write {by_name[near[0]]}" if near else f"there are {', '.join(by_name.values())}"


def _entries(config: pulumi.Config, key: str) -> list[Mapping[str, Any]]:
    entries = config.get_object(key) or []
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise InvalidSettingsError(f"fsx-dr:{key} must be a list of objects.")
    return entries


def _tags(config: pulumi.Config) -> Mapping[str, str]:
    tags = config.get_object("tags") or {}
    if not isinstance(tags, Mapping):
        raise InvalidSettingsError("fsx-dr:tags must be an object of strings.")
    return tags


def _hours(text: str) -> float:
    hours = positive(text)
    if hours is None:
        raise InvalidSettingsError("fsx-dr:rpoHours is not a positive number: set it to hours, such as 24 or 1.5.")
    return hours


def _region(entry: Mapping[str, Any], common: Mapping[str, Any]) -> DrRegionArgs:
    args: Any = {**common, **_arguments("regions", entry, _REGION_FIELDS)}
    if "region" not in args:
        raise InvalidSettingsError("An entry of fsx-dr:regions has no region.")
    declared: DrRegionArgs = args
    return declared


def _arguments(setting: str, entry: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    for unknown in sorted(entry.keys() - fields.keys()):
        raise InvalidSettingsError(f"An entry of fsx-dr:{setting} has no field {unknown}: {_advice(unknown, fields)}.")
    return {fields[key]: value for key, value in entry.items()}

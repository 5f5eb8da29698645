"""The project's configuration, read once and checked, as frozen values."""

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

_SOURCE_FIELDS = {
    "fileSystemId": "file_system_id",
    "backupId": "backup_id",
    "kmsKeyId": "kms_key_id",
    "addTags": "add_tags",
}
SETTINGS = ("sources", "regions", "copyTags", "tags", "keep", "adoptExisting", "rpoHours")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a stack of this project is configured to do.

    Attributes:
        regions: the DR Regions' declarations, by the name of the DrRegion.
        sources: what is copied into each of them.
        rpo_hours: how old, in hours, the newest copy's source backup may be.
    """

    regions: Mapping[str, DrRegionArgs]
    sources: list[Source]
    rpo_hours: float

    @classmethod
    def read(cls, config: pulumi.Config | None = None) -> "Settings":
        """Read the `fsx-dr` namespace of the stack's configuration.

        Raises:
            InvalidSettingsError: there is no such setting, or it has the wrong shape.
        """
        config = config or pulumi.Config("fsx-dr")
        _require_known(config.name)
        sources = [_source(entry) for entry in _list(config, "sources")]
        common: dict[str, Any] = {
            "sources": sources,
            "copy_tags": _or(config.get_bool("copyTags"), default=True),
            "tags": _tags(config),
            "keep": _or(config.get_object("keep"), default=KEEP),
            "adopt_existing": _or(config.get_bool("adoptExisting"), default=False),
        }
        regions = [_region(entry, common) for entry in _list(config, "regions")]
        if len({args["region"] for args in regions}) < len(regions):
            raise InvalidSettingsError("fsx-dr:regions names a Region twice: give each Region one entry.")
        named = {f"dr-{args['region']}": args for args in regions}
        return cls(regions=named, sources=sources, rpo_hours=_hours(config.get("rpoHours") or str(RPO_HOURS)))


def _require_known(namespace: str) -> None:
    """Refuse a misspelt setting, which would otherwise protect less than was meant without a word."""
    # The SDK tells the value of a setting, and not which ones there are.
    given = {**(get_config_env() or {}), **CONFIG.get()}
    names = (name.removeprefix(f"{namespace}:") for name in given if name.startswith(f"{namespace}:"))
    for unknown in sorted(set(names) - set(SETTINGS)):
        raise InvalidSettingsError(
            f"There is no setting {namespace}:{unknown}: {_instead(unknown, [f'{namespace}:{s}' for s in SETTINGS])}."
        )


def _instead(unknown: str, known: Iterable[str]) -> str:
    """Return the advice to write the near name, or what there is."""
    by_name = {name.rpartition(":")[2]: name for name in known}
    lower = [name.lower() for name in by_name]
    near = [name for name in lower if name.startswith(unknown.lower())] or get_close_matches(unknown.lower(), lower)
    if near:
        return f"write {next(whole for name, whole in by_name.items() if name.lower() == near[0])}"
    return f"there are {', '.join(by_name.values())}"


def _or(value: Any, *, default: Any) -> Any:
    return default if value is None else value


def _list(config: pulumi.Config, key: str) -> list[Mapping[str, Any]]:
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


def _source(entry: Mapping[str, Any]) -> Source:
    return _renamed("sources", entry, _SOURCE_FIELDS, "tags", "exclude", "region", "keep")  # type: ignore[return-value]  # DrRegion checks the values


def _region(entry: Mapping[str, Any], common: Mapping[str, Any]) -> DrRegionArgs:
    args: Any = {**common, **_renamed("regions", entry, {"kmsKeyId": "kms_key_id"}, "region")}
    if "region" not in args:
        raise InvalidSettingsError("An entry of fsx-dr:regions has no region.")
    declared: DrRegionArgs = args
    return declared


def _renamed(setting: str, entry: Mapping[str, Any], names: Mapping[str, str], *same: str) -> dict[str, Any]:
    for unknown in sorted(entry.keys() - names.keys() - set(same)):
        instead = _instead(unknown, [*names, *same])
        raise InvalidSettingsError(f"An entry of fsx-dr:{setting} has no field {unknown}: {instead}.")
    return {names.get(key, key): value for key, value in entry.items()}

"""The project's configuration, read once and checked, as frozen values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from .errors import InvalidSettingsError
from .rules.dr_arguments import KEEP, DrRegionArgs, Source

RPO_HOURS = 24


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
            InvalidSettingsError: a setting has the wrong shape.
        """
        config = config or pulumi.Config("fsx-dr")
        sources = [_source(entry) for entry in _list(config, "sources")]
        common: dict[str, Any] = {
            "sources": sources,
            "copy_tags": _or(config.get_bool("copyTags"), default=True),
            "tags": _tags(config),
            "keep": _or(config.get_int("keep"), default=KEEP),
        }
        regions = [_region(entry, common) for entry in _list(config, "regions")]
        if len({args["region"] for args in regions}) < len(regions):
            raise InvalidSettingsError("fsx-dr:regions names a Region twice: give each Region one entry.")
        named = {f"dr-{args['region']}": args for args in regions}
        return cls(regions=named, sources=sources, rpo_hours=_hours(config.get("rpoHours") or str(RPO_HOURS)))


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
    try:
        hours = float(text)
    except ValueError:
        hours = math.nan
    # NaN, too, is refused by this, as it is neither larger nor smaller than anything.
    if not 0 < hours < math.inf:
        raise InvalidSettingsError(f"fsx-dr:rpoHours is {text!r}: set it to a number of hours, such as 24 or 1.5.")
    return hours


def _source(entry: Mapping[str, Any]) -> Source:
    return _renamed("sources", entry, {"fileSystemId": "file_system_id", "backupId": "backup_id"}, "region", "keep")  # type: ignore[return-value]  # DrRegion checks the values


def _region(entry: Mapping[str, Any], common: Mapping[str, Any]) -> DrRegionArgs:
    args: Any = {**common, **_renamed("regions", entry, {"kmsKeyId": "kms_key_id"}, "region")}
    if "region" not in args:
        raise InvalidSettingsError("An entry of fsx-dr:regions has no region.")
    declared: DrRegionArgs = args
    return declared


def _renamed(setting: str, entry: Mapping[str, Any], names: Mapping[str, str], *same: str) -> dict[str, Any]:
    unknown = entry.keys() - names.keys() - set(same)
    if unknown:
        raise InvalidSettingsError(f"An entry of fsx-dr:{setting} has no field {', '.join(sorted(unknown))}.")
    return {names.get(key, key): value for key, value in entry.items()}

"""The configuration of this repository's own program: the `fsx-dr` namespace of a stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from .copies.names import camel_case
from .copies.near_names import in_camel_case, refuse_unknown
from .copies.numbers import positive
from .errors import InvalidSettingsError
from .program.given_settings import given_settings
from .readiness import RPO_HOURS
from .rules.dr_arguments import KEEP, DrRegionArgs, Source, require_valid

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
_LIST = "a list of objects"
_BOOLEAN = "true or false"
_EXAMPLES = {
    "sources": (
        "pulumi config set --path 'fsx-dr:sources[0].fileSystemId' fs-0123456789abcdef0",
        "pulumi config set --path 'fsx-dr:sources[0].region' eu-central-1",
    ),
    "regions": ("pulumi config set --path 'fsx-dr:regions[0].region' eu-west-1",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration of a stack.

    Attributes:
        regions: the arguments of each DrRegion, by its name.
        sources: the sources, which all DrRegions have in common.
        rpo_hours: maximum age of the newest copy, in hours since its source backup was made.
    """

    regions: Mapping[str, DrRegionArgs]
    sources: list[Source]
    rpo_hours: float

    @classmethod
    def read(cls, config: pulumi.Config | None = None) -> "Settings":
        """Read the `fsx-dr` namespace of the stack's configuration.

        Raises:
            InvalidSettingsError: a setting is unknown or wrong; the message names it.
        """
        config = config or pulumi.Config("fsx-dr")
        _require_known(config.name)
        sources: Any = [_arguments("sources", entry, _SOURCE_FIELDS) for entry in _entries(config, "sources")]
        keep = _object(config, "keep", "a whole number, or an object of rules such as {daily: 7}")
        common = {
            "sources": sources,
            "copy_tags": _boolean(config, "copyTags") is not False,
            "tags": _tags(config),
            "keep": KEEP if keep is None else keep,
            "adopt_existing": _boolean(config, "adoptExisting") or False,
            "deletion_protection": _boolean(config, "deletionProtection") or False,
        }
        _boolean(config, "previewCopies")
        regions = [_region(position, entry, common) for position, entry in enumerate(_entries(config, "regions"))]
        named = {f"dr-{args['region']}": args for args in regions}
        _refuse_repeated([args["region"] for args in regions])
        # The sources are checked even if no Region is set.
        for position, args in enumerate(regions or [common]):
            _require_valid(position, args)
        return cls(regions=named, sources=sources, rpo_hours=_hours(config.get("rpoHours") or str(RPO_HOURS)))

    @property
    def warning(self) -> str | None:
        """Why nothing is copied, and what to set; None if sources and Regions are set."""
        missing = [name for name, entries in (("sources", self.sources), ("regions", self.regions)) if not entries]
        if not missing:
            return None
        settings = " and ".join(f"fsx-dr:{name}" for name in missing)
        examples = "\n".join(f"Run `{command}`." for name in missing for command in _EXAMPLES[name])
        are = "are" if len(missing) > 1 else "is"
        return f"Nothing is copied: {settings} {are} empty. Put your own values into these commands.\n{examples}"


def _require_known(namespace: str) -> None:
    """Refuse a misspelled setting: ignoring it could leave file systems without copies."""
    if unknown := refuse_unknown(f"Unknown setting of {namespace}:", given_settings(namespace), SETTINGS):
        raise InvalidSettingsError(unknown)


def _refuse_repeated(regions: list[str]) -> None:
    for position, region in enumerate(regions):
        if (first := regions.index(region)) != position:
            raise InvalidSettingsError(
                f"fsx-dr:regions[{first}] and fsx-dr:regions[{position}] have the same region. Give each Region one "
                "entry."
            )


def _require_valid(position: int, args: Mapping[str, Any]) -> None:
    """Refuse values that a DrRegion would refuse, with the names of the settings."""

    def named(*path: str) -> str:
        whole = f"regions[{position}]." if path[0] in _REGION_FIELDS.values() else ""
        return f"fsx-dr:{whole}{'.'.join(map(camel_case, path))}"

    try:
        require_valid("", args, named)
    except InvalidSettingsError as error:
        names = (*DrRegionArgs.__annotations__, *Source.__annotations__)
        raise InvalidSettingsError(in_camel_case(str(error), names)) from None


def _object(config: pulumi.Config, key: str, shape: str) -> Any:
    try:
        return config.get_object(key)
    except pulumi.ConfigTypeError:  # its message repeats the value, which may be secret
        raise InvalidSettingsError(f"fsx-dr:{key} must be {shape}.") from None


def _boolean(config: pulumi.Config, key: str) -> bool | None:
    try:
        return config.get_bool(key)
    except pulumi.ConfigTypeError:
        raise InvalidSettingsError(f"fsx-dr:{key} must be {_BOOLEAN}.") from None


def _entries(config: pulumi.Config, key: str) -> list[Mapping[str, Any]]:
    entries = _object(config, key, _LIST) or []
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise InvalidSettingsError(f"fsx-dr:{key} must be {_LIST}.")
    return entries


def _tags(config: pulumi.Config) -> Mapping[str, str]:
    shape = "an object of strings"
    tags = _object(config, "tags", shape) or {}
    if not isinstance(tags, Mapping):
        raise InvalidSettingsError(f"fsx-dr:tags must be {shape}.")
    return tags


def _hours(text: str) -> float:
    hours = positive(text)
    if hours is None:
        raise InvalidSettingsError("fsx-dr:rpoHours must be a positive number of hours, such as 24 or 1.5.")
    return hours


def _region(position: int, entry: Mapping[str, Any], common: Mapping[str, Any]) -> DrRegionArgs:
    args: Any = {**common, **_arguments("regions", entry, _REGION_FIELDS)}
    if not isinstance(args.get("region"), str):
        raise InvalidSettingsError(f"fsx-dr:regions[{position}] needs region, a string such as eu-west-1.")
    declared: DrRegionArgs = args
    return declared


def _arguments(setting: str, entry: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    if unknown := refuse_unknown(f"Unknown field in an entry of fsx-dr:{setting}:", entry, fields):
        raise InvalidSettingsError(unknown)
    return {fields[key]: value for key, value in entry.items()}

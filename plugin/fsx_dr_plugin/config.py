"""The provider's configuration: where AWS is found, and how often running copies are looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pulumi.output import contains_unknowns
from pulumi_fsx_dr.copies.numbers import positive
from pulumi_fsx_dr.errors import FsxDrError, InvalidSettingsError
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials, default_region
from pulumi_fsx_dr.fsx.partitions import partition_of
from pulumi_fsx_dr.session.session import Session

from .names import spoken


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its schema type, and what it is for."""

    type: Mapping[str, Any]
    description: str


CHOSEN_REGION = "chosenRegion"  # beside the settings in the state: what the environment named first
SETTINGS: Mapping[str, Setting] = {
    "region": Setting(
        {"type": "string"}, "Where copies are made that name no Region. Default: that of the environment."
    ),
    "profile": Setting({"type": "string"}, "The AWS profile to take credentials from. Default: the environment's."),
    "assumeRoles": Setting(
        {
            "type": "array",
            "items": {"type": "object", "additionalProperties": {"$ref": "pulumi.json#/Any"}},
        },
        "Roles to assume, one after the other: an object for each, with `roleArn` and the other fields that the AWS "
        "provider for Pulumi documents.",
    ),
    "pollSeconds": Setting({"type": "number"}, "Seconds between two looks at running copies. Default: 15."),
}


def problems(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is wrong with the settings, as pairs of the setting's name and a sentence."""
    unknown = settings.keys() - SETTINGS.keys() - {"version", CHOSEN_REGION}
    found = [(name, f"fsx-dr has no setting {name}.") for name in sorted(unknown)]
    known = _known(settings)
    for name, check in (("region", _region), ("pollSeconds", _poll_seconds), ("", _credentials)):
        try:
            check(known)
        except FsxDrError as error:
            found.append((name, spoken(str(error))))
    return found


def chosen(settings: Mapping[str, Any], former: Mapping[str, Any]) -> dict[str, str]:
    """Return what the state is to hold beside the settings: the Region that the environment named when first asked.

    The engine shows a replaced copy's check nothing of the copy that exists, so no other memory of it would last.

    Args:
        settings: as the program or the stack gives them.
        former: those in the state, if there are any.

    Raises:
        CredentialsError: there is no such profile.
    """
    region = former.get(CHOSEN_REGION) or default_region(_credentials(_known(settings)))
    return {CHOSEN_REGION: region} if region else {}


def session_of(settings: Mapping[str, Any]) -> Session:
    """Return a new session that these settings make.

    Raises:
        InvalidSettingsError: one of them cannot be used.
    """
    credentials = _credentials(settings)
    return Session(
        partial(FsxRegion, credentials=credentials),
        stack_region=_region(settings),
        environment_region=lambda: settings.get(CHOSEN_REGION) or default_region(credentials),
        poll_seconds=_poll_seconds(settings),
    )


def _known(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if not contains_unknowns(value)}


def _credentials(settings: Mapping[str, Any]) -> Credentials:
    return Credentials.from_config(lambda name: settings.get(name.removeprefix("aws:")))


def _region(settings: Mapping[str, Any]) -> str | None:
    region = settings.get("region") or None
    if region:
        partition_of(str(region))
    return region


def _poll_seconds(settings: Mapping[str, Any]) -> float | None:
    given = settings.get("pollSeconds")
    if given in (None, ""):
        return None
    seconds = positive(given)
    if seconds is None:
        raise InvalidSettingsError(f"fsx-dr:pollSeconds is {given!r}: set it to a number of seconds, such as 15.")
    return seconds

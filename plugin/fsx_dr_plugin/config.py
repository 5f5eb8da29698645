"""The provider's configuration: Region, credentials, accounts and the interval of polls."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pulumi.output import contains_unknowns
from pulumi_fsx_dr.copies.near_names import refuse_unknown
from pulumi_fsx_dr.copies.numbers import positive
from pulumi_fsx_dr.errors import FsxDrError, InvalidSettingsError
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials, default_region
from pulumi_fsx_dr.fsx.partitions import require_fsx_region
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime

from .names import spoken

# The `aws:` settings that decide on credentials and accounts, with the `fsx-dr:` setting to use instead. Ignoring one
# could copy into another account than the stack's author meant.
_OWN_SETTINGS: Mapping[str, str] = {
    "profile": "profile",
    "accessKey": "profile",
    "secretKey": "profile",
    "token": "profile",
    "sharedCredentialsFiles": "profile",
    "assumeRole": "assumeRoles",
    "assumeRoles": "assumeRoles",
    "assumeRoleWithWebIdentity": "assumeRoles",
    "allowedAccountIds": "allowedAccountIds",
    "forbiddenAccountIds": "forbiddenAccountIds",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting, with its type in the schema."""

    type: Mapping[str, Any]
    description: str


CHOSEN_REGION = "chosenRegion"  # beside the settings in the state: the Region of the environment in the first run
_STRING = {"type": "string"}
_ACCOUNTS = {"type": "array", "items": _STRING}
SETTINGS: Mapping[str, Setting] = {
    "region": Setting(_STRING, "Region of copies that name none. Default: the environment's."),
    "profile": Setting(_STRING, "AWS profile to take credentials from. Default: the environment's."),
    "assumeRoles": Setting(
        {"type": "array", "items": {"type": "object", "additionalProperties": {"$ref": "pulumi.json#/Any"}}},
        "Roles to assume, one after the other, with the fields of the AWS provider's `assumeRoles`.",
    ),
    "allowedAccountIds": Setting(_ACCOUNTS, "The only AWS accounts to work in. Default: all."),
    "forbiddenAccountIds": Setting(_ACCOUNTS, "AWS accounts not to work in. Default: none."),
    "previewCopies": Setting(
        {"type": "boolean"}, "Whether a preview has a line for each copy that is made. Default: false."
    ),
    "pollSeconds": Setting({"type": "number"}, "Seconds between two polls of running copies. Default: 15."),
}


def problems(settings: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the settings, without their values: these may be secrets."""
    unknown = refuse_unknown("fsx-dr has no setting", settings.keys() - {"version"}, SETTINGS)
    found = [unknown] if unknown else []
    known = _known(settings)
    for check in (_region, _poll_seconds, _session):
        try:
            check(known)
        except FsxDrError as error:
            found.append(spoken(str(error)))
    return found


def chosen(settings: Mapping[str, Any], former: Mapping[str, Any]) -> dict[str, str]:
    """Return what the state has beside the settings: the environment's Region, which is chosen once.

    It is kept here because the check of a replaced copy does not see the former copy. `former` is what the state has.
    """
    region = former.get(CHOSEN_REGION) or default_region(_credentials(_known(settings)))
    return {CHOSEN_REGION: region} if region else {}


def owner_id_of(provider_id: str, urn: str) -> str:
    """Return the owner id of the stack.

    The engine gives each provider a random id, and saves it before the first copy. Stack and project are part of the
    hash because `pulumi state move` moves the provider with its id, and two stacks must not share an owner id. A
    preview that does not know the id of a new provider yet has an owner id that no stack has.
    """
    stack, project, _ = urn.split("::", 2)
    return hashlib.sha256(f"{provider_id}\0{stack}\0{project}".encode()).hexdigest()[:32]


def require_same_account(settings: Mapping[str, Any], configuration: Mapping[str, str]) -> None:
    """Refuse a stack whose `aws:` settings decide on the account, and whose settings of this provider do not."""
    for name, own in _OWN_SETTINGS.items():
        if configuration.get(f"aws:{name}") and own not in settings:
            raise InvalidSettingsError(
                f"fsx-dr does not follow {name} of the AWS provider, which the stack sets. Set fsx-dr:{own}."
            )


def new_runtime(settings: Mapping[str, Any]) -> ProviderRuntime:
    """Return what all calls share, as these settings say."""
    credentials = _credentials(settings)
    return ProviderRuntime(
        partial(FsxRegion, credentials=credentials),
        stack_region=_region(settings),
        environment_region=lambda: settings.get(CHOSEN_REGION) or default_region(credentials),
        poll_seconds=_poll_seconds(settings),
    )


def _known(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if not contains_unknowns(value)}


def _credentials(settings: Mapping[str, Any]) -> Credentials:
    return Credentials.from_config(lambda name: settings.get(name.removeprefix("aws:")))


def _session(settings: Mapping[str, Any]) -> None:
    """Refuse settings, and a configuration of this machine, without which no call to AWS is possible."""
    _credentials(settings).session()


def _region(settings: Mapping[str, Any]) -> str | None:
    region = settings.get("region") or None
    if region:
        require_fsx_region(str(region), "fsx-dr:region")
    return region


def _poll_seconds(settings: Mapping[str, Any]) -> float | None:
    given = settings.get("pollSeconds")
    if given in (None, ""):
        return None
    seconds = positive(given)
    if seconds is None:
        raise InvalidSettingsError("fsx-dr:pollSeconds is not a positive number: set it to seconds, such as 15.")
    return seconds

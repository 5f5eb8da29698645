"""The provider's configuration: where AWS is found, and how often running copies are looked at."""

import hashlib
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
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime

from .names import spoken

# Settings of the AWS provider that decide whose credentials are used, or which accounts are allowed, and what says the
# same here. A DrRegion of the plugin that ignored them in silence could work in another account than its author meant.
_SAYS_THE_SAME: Mapping[str, str] = {
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
    """One setting: its schema type, and what it is for."""

    type: Mapping[str, Any]
    description: str


# Beside the settings in the state: what the environment named in the first run. No setting, as a user has `region`.
CHOSEN_REGION = "chosenRegion"
_ACCOUNTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}
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
    "allowedAccountIds": Setting(_ACCOUNTS, "AWS accounts that copies may be made in. Default: all."),
    "forbiddenAccountIds": Setting(_ACCOUNTS, "AWS accounts that nothing may be changed in. Default: none."),
    "pollSeconds": Setting({"type": "number"}, "Seconds between two looks at running copies. Default: 15."),
}


def problems(settings: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the settings, a sentence for each; none repeats a value, because it may be a secret."""
    unknown = settings.keys() - SETTINGS.keys() - {"version"}
    found = [f"fsx-dr has no setting {name}." for name in sorted(unknown)]
    known = _known(settings)
    for check in (_region, _poll_seconds, _credentials):
        try:
            check(known)
        except FsxDrError as error:
            found.append(spoken(str(error)))
    return found


def chosen(settings: Mapping[str, Any], former: Mapping[str, Any]) -> dict[str, str]:
    """Return what the state is to have beside the settings: the environment's Region, which is chosen once.

    The engine shows a replaced copy's check nothing of the copy that exists, so no other memory of the Region lasts.

    Args:
        settings: as the program or the stack gives them.
        former: those in the state, if there are any.

    Raises:
        CredentialsError: there is no such profile.
    """
    region = former.get(CHOSEN_REGION) or default_region(_credentials(_known(settings)))
    return {CHOSEN_REGION: region} if region else {}


def owner_id_of(provider_id: str, urn: str) -> str:
    """Return the owner id of the stack.

    The engine gives each provider a random id, and has saved it before it makes the first copy. `pulumi state move`
    takes the provider along with its id, and two stacks must not share an owner id. A preview that does not know the id
    of a new provider yet has an owner id that no stack has.
    """
    stack, project, _ = urn.split("::", 2)
    return hashlib.sha256(f"{provider_id}\0{stack}\0{project}".encode()).hexdigest()[:32]


def require_same_account(settings: Mapping[str, Any], configuration: Mapping[str, str]) -> None:
    """Refuse a stack whose `aws:` settings mean an account, and whose settings of this provider do not.

    Args:
        settings: of this provider.
        configuration: that of the whole stack.

    Raises:
        InvalidSettingsError: as above.
    """
    for name, own in _SAYS_THE_SAME.items():
        if configuration.get(f"aws:{name}") and own not in settings:
            raise InvalidSettingsError(
                f"The stack sets {name} of the AWS provider, which fsx-dr does not follow. Set fsx-dr:{own}."
            )


def session_of(settings: Mapping[str, Any]) -> ProviderRuntime:
    """Return a new session that these settings make.

    Raises:
        InvalidSettingsError: one of them cannot be used.
    """
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


def _region(settings: Mapping[str, Any]) -> str | None:
    region = settings.get("region") or None
    if region:
        partition_of(str(region), "fsx-dr:region")
    return region


def _poll_seconds(settings: Mapping[str, Any]) -> float | None:
    given = settings.get("pollSeconds")
    if given in (None, ""):
        return None
    seconds = positive(given)
    if seconds is None:
        raise InvalidSettingsError("fsx-dr:pollSeconds is not a positive number: set it to seconds, such as 15.")
    return seconds

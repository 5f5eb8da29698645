"""The provider's configuration: Region, credentials, accounts and poll interval."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pulumi.output import contains_unknowns
from pulumi_fsx_dr.copies.near_names import refuse_unknown
from pulumi_fsx_dr.copies.numbers import positive
from pulumi_fsx_dr.copies.urns import stack_and_project_of
from pulumi_fsx_dr.errors import FsxDrError, InvalidSettingsError
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials, default_region
from pulumi_fsx_dr.fsx.partitions import partition_of, require_fsx_region
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime

from .names import for_all_languages

# `aws:` settings of credentials and accounts, with the `fsx-dr:` setting to use instead. If the plugin ignored one, it
# could make copies in the wrong account.
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


CHOSEN_REGION = "chosenRegion"  # not a setting: the state stores the Region of the environment in the first run
_STRING = {"type": "string"}
_ACCOUNTS = {"type": "array", "items": _STRING}
SETTINGS: Mapping[str, Setting] = {
    "region": Setting(_STRING, "Default Region of copies. Default: the Region of the environment in the first run."),
    "profile": Setting(_STRING, "AWS profile. Default: the credentials of the environment."),
    "assumeRoles": Setting(
        {"type": "array", "items": {"type": "object", "additionalProperties": {"$ref": "pulumi.json#/Any"}}},
        "Chain of roles to assume, with the same fields as `assumeRoles` of the AWS provider.",
    ),
    "allowedAccountIds": Setting(_ACCOUNTS, "AWS accounts in which copies may be made. Default: all."),
    "forbiddenAccountIds": Setting(_ACCOUNTS, "AWS accounts in which copies must not be made. Default: none."),
    "previewCopies": Setting({"type": "boolean"}, "Whether previews show each new copy of a DrRegion. Default: false."),
    "pollSeconds": Setting({"type": "number"}, "Polling interval of running copies in seconds. Default: 15."),
}


def problems(settings: Mapping[str, Any]) -> list[str]:
    """Return the problems of the settings. Values are not repeated, because they may be secret."""
    unknown = refuse_unknown("Unknown setting of fsx-dr:", settings.keys() - {"version"}, SETTINGS)
    found = [unknown] if unknown else []
    known = _known(settings)
    for check in (_region, _poll_seconds, _session):
        try:
            check(known)
        except FsxDrError as error:
            found.append(for_all_languages(str(error)))
    return found


def chosen(settings: Mapping[str, Any], former: Mapping[str, Any]) -> dict[str, str]:
    """Return the Region of the environment in the first run, which the state stores in addition to the settings.

    A copy cannot store it, because the check of a replacement does not see the former copy.
    """
    region = former.get(CHOSEN_REGION) or default_region(_credentials(_known(settings)))
    return {CHOSEN_REGION: region} if region else {}


def owner_id_of(provider_id: str, urn: str) -> str:
    """Return the owner id of the stack: a hash of the provider's id, the stack and the project.

    The engine chooses a random id for each provider and saves it before the first copy is made. Stack and project are
    included because `pulumi state move` moves the provider with its id, and two stacks must not share an owner id.
    """
    stack, project = stack_and_project_of(urn)
    return hashlib.sha256(f"{provider_id}\0{stack}\0{project}".encode()).hexdigest()[:32]


def require_same_account(settings: Mapping[str, Any], configuration: Mapping[str, str]) -> None:
    """Refuse a stack with an `aws:` setting for credentials or accounts that this provider does not have as well."""
    for name, own in _OWN_SETTINGS.items():
        if configuration.get(f"aws:{name}") and own not in settings:
            raise InvalidSettingsError(f"The stack sets aws:{name}, which fsx-dr does not use. Set fsx-dr:{own}.")


def new_runtime(settings: Mapping[str, Any]) -> ProviderRuntime:
    credentials = _credentials(settings)
    return ProviderRuntime(
        partial(FsxRegion, credentials=credentials),
        # Not `_region`: `destroy` and `refresh` must work with a Region in the state that only a newer botocore knows.
        stack_region=_named_region(settings, partition_of),
        environment_region=lambda: settings.get(CHOSEN_REGION) or default_region(credentials),
        poll_seconds=_poll_seconds(settings),
    )


def _known(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if not contains_unknowns(value)}


def _credentials(settings: Mapping[str, Any]) -> Credentials:
    return Credentials.from_config(lambda name: settings.get(name.removeprefix("aws:")))


def _session(settings: Mapping[str, Any]) -> None:
    """Refuse settings, or a configuration of this machine, with which no call to AWS is possible."""
    _credentials(settings).session()


def _region(settings: Mapping[str, Any]) -> None:
    _named_region(settings, require_fsx_region)


def _named_region(settings: Mapping[str, Any], require: Callable[[str, str], object]) -> str | None:
    region = settings.get("region") or None
    if region:
        require(str(region), "fsx-dr:region")
    return region


def _poll_seconds(settings: Mapping[str, Any]) -> float | None:
    given = settings.get("pollSeconds")
    if given in (None, ""):
        return None
    seconds = positive(given)
    if seconds is None:
        raise InvalidSettingsError("fsx-dr:pollSeconds must be a positive number of seconds, such as 15.")
    return seconds

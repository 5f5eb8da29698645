"""Texts of the Python package, rewritten for programs in every language: `sourceBackupId`, `fsx-dr:region`, `true`."""

import re

from pulumi_fsx_dr.copies.arguments import ARGUMENTS
from pulumi_fsx_dr.copies.near_names import in_camel_case
from pulumi_fsx_dr.copies.outputs import OUTPUTS
from pulumi_fsx_dr.rules.dr_arguments import DrRegionArgs, Source

_OPTIONS = ("custom_timeouts", "delete_before_replace", "ignore_changes")
_NAMES = (*ARGUMENTS, *OUTPUTS, *Source.__annotations__, *DrRegionArgs.__annotations__, *_OPTIONS)
_SETTINGS = ("region", "profile", "assumeRoles", "allowedAccountIds", "forbiddenAccountIds")
_URN = re.compile(r"(urn:pulumi:[^'`]*)")  # commands in messages quote URNs
_OF_PROVIDER = re.compile(rf"\baws:(?=({'|'.join(_SETTINGS)})\b|` settings)")


def for_all_languages(text: str) -> str:
    """Return a text with the names of the schema instead of those of Python."""
    return "".join(part if _URN.match(part) else _rewritten(part) for part in _URN.split(text))


def _rewritten(text: str) -> str:
    return _OF_PROVIDER.sub("fsx-dr:", in_camel_case(text, _NAMES))

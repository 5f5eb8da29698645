"""Texts of the Python package, rewritten for programs in every language: `sourceBackupId`, `fsx-dr:region`, `true`."""

import re
from collections.abc import Callable, Mapping

from pulumi_fsx_dr.copies.arguments import ARGUMENTS
from pulumi_fsx_dr.copies.near_names import in_camel_case
from pulumi_fsx_dr.copies.outputs import OUTPUTS
from pulumi_fsx_dr.rules.dr_arguments import DrRegionArgs, Source

_OPTIONS = ("custom_timeouts", "delete_before_replace", "ignore_changes")
_NAMES = (*ARGUMENTS, *OUTPUTS, *Source.__annotations__, *DrRegionArgs.__annotations__, *_OPTIONS)
_SETTINGS = ("region", "profile", "assumeRoles", "allowedAccountIds", "forbiddenAccountIds")
_WORDS = {"True": "true", "False": "false", "a dict": "an object"}
_TYPES = {"str": "string", "int": "number", "float": "number"}
_URN = re.compile(r"(urn:pulumi:[^'`]*)")  # commands in messages quote URNs
_REWRITES: Mapping[str, str | Callable[[re.Match[str]], str]] = {
    rf"\baws:(?=({'|'.join(_SETTINGS)})\b|` settings)": "fsx-dr:",
    rf"\b({'|'.join(_WORDS)})\b": lambda found: _WORDS[found[0]],
    rf"(?<=\(got )({'|'.join(_TYPES)})(?=\))": lambda found: _TYPES[found[0]],
    r"\{'(\w+)': ": r"{\1: ",
}


def for_all_languages(text: str) -> str:
    """Return a text with the names of the schema instead of those of Python."""
    return "".join(part if _URN.match(part) else _rewritten(part) for part in _URN.split(text))


def _rewritten(text: str) -> str:
    text = in_camel_case(text, _NAMES)
    for pattern, replacement in _REWRITES.items():
        text = re.sub(pattern, replacement, text)
    return text

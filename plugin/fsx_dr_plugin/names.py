"""Sentences of the core with the names that a program in any language knows: `sourceBackupId`, `fsx-dr:region`."""

import re

from pulumi_fsx_dr.copies.arguments import ARGUMENTS
from pulumi_fsx_dr.copies.names import camel_case
from pulumi_fsx_dr.copies.outputs import OUTPUTS
from pulumi_fsx_dr.rules.dr_arguments import DrRegionArgs, Source

_NAMES = (*ARGUMENTS, *OUTPUTS, *Source.__annotations__, *DrRegionArgs.__annotations__, "delete_before_replace")
_SPOKEN = re.compile(rf"\b({'|'.join(name for name in _NAMES if '_' in name)})\b")
_SETTING = re.compile(r"\baws:(?=(region|profile|assumeRoles|allowedAccountIds|forbiddenAccountIds)\b)")


def spoken(sentence: str) -> str:
    """Return a sentence of the core with the names that its reader knows."""
    return _SETTING.sub("fsx-dr:", _SPOKEN.sub(lambda name: camel_case(name[0]), sentence))

"""Names as programs in every language see them, and as the core has them: `sourceBackupId` is `source_backup_id`."""

import re

from pulumi_fsx_dr.copies.arguments import ARGUMENTS
from pulumi_fsx_dr.copies.outputs import OUTPUTS
from pulumi_fsx_dr.rules.dr_arguments import Source

_NAMES = (*ARGUMENTS, *OUTPUTS, *Source.__annotations__)
_SPOKEN = re.compile(rf"\b({'|'.join(name for name in _NAMES if '_' in name)})\b")
_SETTING = re.compile(r"\baws:(?=(region|profile|assumeRoles)\b)")


def outside(name: str) -> str:
    """Return a name of the core as schema and states have it."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def inside(name: str) -> str:
    """Return a name of a schema or a state as the core has it."""
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def spoken(sentence: str) -> str:
    """Return a sentence of the core with the names that its reader knows."""
    return _SETTING.sub("fsx-dr:", _SPOKEN.sub(lambda name: outside(name[0]), sentence))

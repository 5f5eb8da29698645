"""Names of properties: as the core has them, and as programs in every language and native states have them."""

import re


def camel_case(name: str) -> str:
    """Return a name of the core as schemas have it: `sourceBackupId` for `source_backup_id`."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def snake_case(name: str) -> str:
    """Return a name of a schema as the core has it."""
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)

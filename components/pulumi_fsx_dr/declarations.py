"""Pass the DrRegions of a program to `fsx-dr doctor` in a file.

`doctor` runs `pulumi preview` with a file name in `VARIABLE`, and each DrRegion appends its arguments to that file. So
`doctor` also knows them if the preview fails, and before the first update.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from .rules.dr_arguments import DrRegionArgs, Source

VARIABLE = "PULUMI_FSX_DR_DECLARATIONS"
_OUTPUT = object()
_ARGUMENTS = ("region", "keep", "kms_key_id")


def record(args: DrRegionArgs) -> None:
    """Append the arguments of a DrRegion to the file, if there is one.

    Sources and keys that are outputs of other resources are left out: they may be unknown or secret.
    """
    file = os.environ.get(VARIABLE)
    if not file:
        return
    sources = [known for source in args["sources"] if (known := _known_source(source))]
    known = {name: args[name] for name in _ARGUMENTS if _is_plain(args.get(name, _OUTPUT))}  # type: ignore[literal-required]  # names of arguments
    with Path(file).open("a", encoding="utf-8") as opened:
        opened.write(json.dumps({**known, "sources": sources}) + "\n")


def recorded(file: Path) -> list[DrRegionArgs]:
    """Return the arguments of the DrRegions that were appended to a file."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [cast("DrRegionArgs", json.loads(line)) for line in lines]


def _known_source(source: Source) -> Mapping[str, Any] | None:
    """Return the plain arguments of a source; None if it is an output."""
    if not _is_plain(source.get("backup_id", "")):
        return None
    return {name: value for name, value in source.items() if name != "add_tags" and _is_plain(value)}


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_plain(each) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, str | int)

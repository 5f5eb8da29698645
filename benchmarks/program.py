"""The Pulumi program of all measurements: the same copies, declared with one resource class or another."""

import json
from pathlib import Path


def declare(declared: Path) -> None:
    """Declare the resources of a file; what is not measured is not imported."""
    program = json.loads(declared.read_text())
    resource = _CLASSES[program["subject"]]()
    for name, args in program["copies"].items():
        resource(name, args)


def _ours() -> type:
    from pulumi_fsx_dr import BackupCopy

    return BackupCopy


def _naive() -> type:
    from benchmarks.naive import NaiveCopy

    return NaiveCopy


def _empty() -> type:
    from benchmarks.empty import Empty

    return Empty


_CLASSES = {"ours": _ours, "naive": _naive, "empty": _empty}

"""The Pulumi program of all measurements: the same copies, declared with one resource class or another."""

import json
from importlib import import_module
from pathlib import Path

_CLASSES = {
    "ours": ("pulumi_fsx_dr", "BackupCopy"),
    "native": ("benchmarks.native", "NativeCopy"),
    "naive": ("benchmarks.naive", "NaiveCopy"),
    "one session": ("benchmarks.naive", "OneSessionCopy"),
    "empty": ("benchmarks.empty", "Empty"),
    "bare": ("benchmarks.empty", "Bare"),
}


def declare() -> None:
    """Declare the resources of a file; what is not measured is not imported."""
    program = json.loads(Path("declared.json").read_text())
    module, name = _CLASSES[program["subject"]]
    resource = getattr(import_module(module), name)
    for copy, args in program["copies"].items():
        resource(copy, args)

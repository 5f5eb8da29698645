"""The Pulumi program of all benchmarks; it declares the same copies with different resource classes."""

import json
from importlib import import_module
from pathlib import Path

CLASSES = {
    "ours": ("pulumi_fsx_dr", "BackupCopy"),
    "native": ("benchmarks.native", "NativeCopy"),
    "naive": ("benchmarks.naive", "NaiveCopy"),
    "one session": ("benchmarks.naive", "OneSessionCopy"),
    "empty": ("benchmarks.empty", "Empty"),
    "bare": ("benchmarks.empty", "Bare"),
}


def declare() -> None:
    """Declare the resources in declared.json; only the measured class is imported."""
    declared = json.loads(Path("declared.json").read_text())
    module, name = CLASSES[declared["resource"]]
    resource = getattr(import_module(module), name)
    for copy, args in declared["copies"].items():
        resource(copy, args)

"""Exports and previews of dynamic copies, converted to native copies."""

from typing import Any

from pulumi_fsx_dr.copies.names import camel_case

_DYNAMIC, _NATIVE = "pulumi-python:dynamic/fsx:BackupCopy", "fsx-dr:index:BackupCopy"


def as_native(document: Any) -> Any:
    """Return an export or preview with native copies: another type, and names in camelCase."""
    if isinstance(document, list):
        return [as_native(item) for item in document]
    if isinstance(document, str):
        return document.replace(_DYNAMIC, _NATIVE)
    if not isinstance(document, dict):
        return document
    changed = {key: as_native(value) for key, value in document.items()}
    if changed.get("type") == _NATIVE:
        for properties in ("inputs", "outputs"):
            changed[properties] = {camel_case(name): value for name, value in changed.get(properties, {}).items()}
    return changed

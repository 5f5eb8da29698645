"""The DrRegions that a stack declares, in its settings or in its program."""

import json
import os
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

import click

from pulumi_fsx_dr import declarations
from pulumi_fsx_dr.doctor.evaluate import Finding
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.text import clean

from .stack import Stack, reason_of
from .stack_settings import Declared, read_settings


def declared_by_settings(file: Path) -> Declared:
    """Return the DrRegions that the settings in a stack's file declare."""
    settings = read_settings(file)
    if not settings.dr_regions:
        raise InvalidSettingsError(f"{file} does not contain the settings fsx-dr:sources and fsx-dr:regions.")
    return settings


def declared_by_stack(stack: Stack) -> Declared:
    """Return the DrRegions in a stack's settings, or else those of its program."""
    file = stack.settings_file
    settings = read_settings(file, may_be_empty=True) if file.is_file() else Declared()
    if settings.dr_regions:
        return settings
    click.echo(f"Running `pulumi preview` to find the DrRegions of stack {stack.name} ...", err=True)
    with TemporaryDirectory() as folder:
        written = Path(folder) / "declarations"
        written.touch(mode=0o600)
        preview = stack.preview({**os.environ, declarations.VARIABLE: str(written)})
        declared = declarations.recorded(written)
    reason = _failure_of(preview)
    if reason and not declared:
        raise InvalidSettingsError(f"`pulumi preview` failed before the program declared a DrRegion: {reason}")
    message = f"`pulumi preview` failed: {reason}" if reason else "`pulumi preview` succeeded."
    finding = Finding("preview", "fails" if reason else "ok", "preview", message)
    return Declared(declared, settings.credentials, [finding])


def _failure_of(preview: CompletedProcess[bytes]) -> str | None:
    """Return why a preview failed; None if it succeeded."""
    if preview.returncode == 0:
        return None
    try:
        diagnostics = json.loads(preview.stdout)["diagnostics"]
        first = next(each["message"] for each in diagnostics if each["severity"] == "error")
    except (ValueError, LookupError, TypeError, StopIteration):
        return reason_of(preview)
    return clean(str(first)).removeprefix("error: ")

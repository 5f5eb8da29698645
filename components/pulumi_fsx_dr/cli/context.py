"""What commands read: the time, AWS, the Pulumi CLI and files."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.cloudwatch import CloudWatch
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.fsx.diagnostics import RegionDiagnostics
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.runtime.clock import Clock, SystemClock


def _region(name: str) -> FsxRegion:
    # Somebody waits for the answer: a Region that is down must not delay the others for minutes.
    return FsxRegion(name, Credentials(), impatient=True)


def _examined(name: str, credentials: Credentials) -> RegionDiagnostics:
    return RegionDiagnostics(name, credentials, impatient=True)


def _cloudwatch(name: str) -> CloudWatch:
    return CloudWatch(name, Credentials())


@dataclass(frozen=True, slots=True)
class CliContext:
    """The clock and the AWS clients of a command."""

    clock: Clock = field(default_factory=SystemClock)
    region: Callable[[str], FsxRegion] = _region
    examined: Callable[[str, Credentials], RegionDiagnostics] = _examined
    cloudwatch: Callable[[str], CloudWatch] = _cloudwatch

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.fromtimestamp(self.clock.now(), UTC)


@dataclass(frozen=True, slots=True)
class Stack:
    """The stack that the Pulumi CLI would choose in a directory, or the one named."""

    name: str | None = None
    cwd: Path | None = None

    def read_outputs(self) -> Mapping[str, Any]:
        """Return its outputs (`pulumi stack output --json`)."""
        return self._run("output", "--json")

    def export(self) -> Mapping[str, Any]:
        """Return its state (`pulumi stack export`)."""
        return self._run("export")

    def _run(self, *arguments: str) -> Mapping[str, Any]:
        command = ["pulumi", "stack", *arguments, "--non-interactive", *(["--stack", self.name] if self.name else [])]
        try:
            done = subprocess.run(command, cwd=self.cwd, capture_output=True, check=True)  # noqa: S603  # an argument list, no shell
        except OSError as error:
            raise InvalidSettingsError(f"The Pulumi CLI did not start ({error}). Install it, or give a file.") from None
        except subprocess.CalledProcessError as error:
            reason = clean(error.stderr.decode(errors="replace")) or f"exit code {error.returncode}"
            raise InvalidSettingsError(f"pulumi stack {arguments[0]} failed: {reason}") from None
        return _parsed(done.stdout, f"pulumi stack {arguments[0]}")


def read_document(file: str) -> Mapping[str, Any]:
    """Return the JSON object in a file, or on standard input for `-`.

    Raises:
        InvalidSettingsError: the file cannot be read, or is not a JSON object.
    """
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InvalidSettingsError(f"{file} cannot be read: {error.strerror}.") from None
    return _parsed(text, "Standard input" if file == "-" else file)


def _parsed(text: bytes, origin: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidSettingsError(f"{origin} is not one JSON document: {error}.") from None
    if not isinstance(value, Mapping):
        raise InvalidSettingsError(f"{origin} is not a JSON object. Give all that Pulumi prints with --json.")
    return value


def echo_json(value: Any, *, indent: int | None = 2) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=indent, ensure_ascii=False))


def unique(names: Iterable[str]) -> list[str]:
    """Return the names without repetitions, in order."""
    return list(dict.fromkeys(names))

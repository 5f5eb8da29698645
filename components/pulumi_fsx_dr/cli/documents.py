"""JSON documents: reading and printing them."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from pulumi_fsx_dr.errors import InvalidSettingsError


def read_document(file: str) -> Mapping[str, Any]:
    """Return the JSON object in a file, or on standard input for `-`."""
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InvalidSettingsError(f"{file} cannot be read: {error.strerror}.") from None
    return json_object(text, "Standard input" if file == "-" else file)


def json_value(text: bytes, origin: str) -> Any:
    """Return the value of a JSON document; a message calls the document `origin`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidSettingsError(f"{origin} is not a JSON document: {error}.") from None


def json_object(text: bytes, origin: str) -> Mapping[str, Any]:
    """Return a JSON object; a message calls the document `origin`."""
    value = json_value(text, origin)
    if not isinstance(value, Mapping):
        raise InvalidSettingsError(f"{origin} is not a JSON object. Give the whole output of the Pulumi command.")
    return value


def echo_json(value: Any, *, indent: int | None = 2) -> None:
    click.echo(json.dumps(value, indent=indent, ensure_ascii=False))

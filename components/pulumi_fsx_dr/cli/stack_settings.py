"""The settings of a stack, read from its file as the program reads them."""

import json
from collections.abc import Mapping
from contextvars import copy_context
from pathlib import Path
from typing import Any

import yaml
from pulumi.runtime import set_all_config

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.settings import Settings

_NAMESPACES = ("fsx-dr:", "aws:")


def read_settings(file: Path) -> tuple[Settings, Credentials]:
    """Return the settings `fsx-dr:` and `aws:` of a stack's file, such as Pulumi.prod.yaml.

    Raises:
        InvalidSettingsError: the file cannot be read, or a setting is wrong.
    """
    config = _read_config(file)

    def read() -> tuple[Settings, Credentials]:
        set_all_config(config)
        return Settings.read(), Credentials.of_stack()

    return copy_context().run(read)  # Pulumi keeps the configuration in the context


def _read_config(file: Path) -> dict[str, str]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSettingsError(f"{file} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise InvalidSettingsError(f"{file} is not a YAML document.") from None
    config = document.get("config") if isinstance(document, Mapping) else None
    if not isinstance(config, Mapping):
        raise InvalidSettingsError(f"{file} has no config. Give the file of a stack, such as Pulumi.prod.yaml.")
    return {name: _text(name, value) for name, value in config.items() if str(name).startswith(_NAMESPACES)}


def _text(name: str, value: Any) -> str:
    """Return a value as Pulumi hands it to a program: a text, or JSON."""
    if isinstance(value, str):
        return value
    text = json.dumps(value)
    if '{"secure":' in text:
        raise InvalidSettingsError(
            f"{name} is a secret, which only Pulumi can read. Give --source and --dr-region, and the credentials in "
            "the environment."
        )
    return text

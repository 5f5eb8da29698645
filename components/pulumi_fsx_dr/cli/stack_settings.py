"""The settings in the file of a stack, read in the same way as by the program."""

import json
from collections.abc import Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pulumi.runtime import set_all_config

from pulumi_fsx_dr.doctor.evaluate import Finding
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.rules.dr_arguments import DrRegionArgs
from pulumi_fsx_dr.settings import Settings

_NAMESPACES = ("fsx-dr:", "aws:")


@dataclass(frozen=True, slots=True)
class Declared:
    """The arguments of a stack's DrRegions, its credentials, and findings about the preview that showed them."""

    dr_regions: Sequence[DrRegionArgs] = ()
    credentials: Credentials = field(default_factory=Credentials)
    findings: Sequence[Finding] = ()


def read_settings(file: Path, *, may_be_empty: bool = False) -> Declared:
    """Return the settings `fsx-dr:` and `aws:` in a stack's file, such as Pulumi.prod.yaml."""
    config = _read_config(file, may_be_empty=may_be_empty)

    def read() -> Declared:
        set_all_config(config)
        return Declared([*Settings.read().regions.values()], Credentials.of_stack())

    return copy_context().run(read)  # Pulumi keeps the configuration in the context


def _read_config(file: Path, *, may_be_empty: bool) -> dict[str, str]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSettingsError(f"{file} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise InvalidSettingsError(f"{file} is not a YAML document.") from None
    config = document.get("config") if isinstance(document, Mapping) else None
    if not isinstance(config, Mapping):
        if may_be_empty:
            return {}
        raise InvalidSettingsError(
            f"{file} does not have a config. Give the file of a stack, such as Pulumi.prod.yaml."
        )
    return {name: _text(name, value) for name, value in config.items() if str(name).startswith(_NAMESPACES)}


def _text(name: str, value: Any) -> str:
    """Return a value in the form in which a program gets it: a string or JSON."""
    if isinstance(value, str):
        return value
    text = json.dumps(value)
    if '{"secure":' in text:
        raise InvalidSettingsError(
            f"{name} is a secret, which only Pulumi can read. Give --source and --dr-region, and set the credentials "
            "in the environment."
        )
    return text

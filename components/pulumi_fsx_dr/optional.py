"""Packages of the extras, which may not be installed."""

import importlib
from importlib.metadata import metadata
from typing import Any

from .errors import InvalidSettingsError


def import_pulumi_aws() -> Any:
    """Import and return `pulumi_aws`; this takes seconds.

    Raises:
        InvalidSettingsError: it is not installed.
    """
    try:
        return importlib.import_module("pulumi_aws")
    except ModuleNotFoundError:
        raise InvalidSettingsError(
            f"RestoredFileSystem and DrKey need pulumi-aws, which is not installed. Run: {install_command('aws')}"
        ) from None


def install_command(extra: str) -> str:
    """Return the command that installs this version of the package with an extra."""
    package = metadata("pulumi-fsx-dr")
    addresses = dict(address.split(", ") for address in package.get_all("Project-URL", []))
    return f"pip install 'pulumi-fsx-dr[{extra}] @ git+{addresses['Repository']}@v{package['Version']}'"

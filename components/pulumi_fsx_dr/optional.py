"""Packages of the extras, which may not be installed."""

import importlib
from importlib.metadata import metadata, version
from typing import Any

from .errors import InvalidSettingsError


def import_pulumi_aws() -> Any:
    """Import and return `pulumi_aws`; this takes seconds."""
    try:
        return importlib.import_module("pulumi_aws")
    except ModuleNotFoundError:
        raise InvalidSettingsError(
            f"RestoredFileSystem and DrKey need pulumi-aws, which is not installed. Run `{install_command('aws')}`."
        ) from None


def install_command(extra: str) -> str:
    """Return the command that installs this version of the package with an extra."""
    return f"pip install 'pulumi-fsx-dr[{extra}] @ git+{repository_url()}@v{version('pulumi-fsx-dr')}'"


def repository_url() -> str:
    """Return the address of the repository, from the metadata of the package."""
    addresses: list[str] = metadata("pulumi-fsx-dr").get_all("Project-URL", [])
    return dict(address.split(", ") for address in addresses)["Repository"]

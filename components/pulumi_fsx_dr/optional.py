"""What only some programs need, imported when they do."""

import importlib
from typing import Any

from .errors import InvalidSettingsError


def import_pulumi_aws() -> Any:
    """Return the module `pulumi_aws`, which takes seconds to import and brings a plugin of its own.

    Raises:
        InvalidSettingsError: it is not installed.
    """
    try:
        return importlib.import_module("pulumi_aws")
    except ModuleNotFoundError:
        raise InvalidSettingsError(
            "Restored file systems and keys are made with pulumi-aws, which is not installed: "
            "install pulumi-fsx-dr[aws]."
        ) from None

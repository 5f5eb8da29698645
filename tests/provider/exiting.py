"""A provider for the real host that tries to exit its process."""

import sys
from typing import Any

from pulumi.dynamic import CreateResult
from pulumi_fsx_dr.engine import host
from pulumi_fsx_dr.provider import BackupCopyProvider


class ExitingProvider(BackupCopyProvider):
    @host.entry_point
    def create(self, props: dict[str, Any]) -> CreateResult:
        if props["source_backup_id"].endswith("f"):
            raise KeyboardInterrupt
        sys.exit(3)

"""The demonstration's AWS account: one file system and two DR Regions, as Pulumi.demo.yaml names them."""

from collections.abc import Iterable

from simulator import pipeline_role
from simulator.fsx import Control
from simulator.fsx.views import BackupView

FILE_SYSTEM = "fs-0a1b2c3d4e5f60718"
HOME = "eu-central-1"
WEST, NORTH = DR_REGIONS = ("eu-west-1", "eu-north-1")
ALIAS = "alias/fsx-dr"
KEEP = 2
COPY_SECONDS = 2.0  # that each copy takes
SOURCE_TAGS = {"app": "ledger"}

_HOUR = 3600.0


class Account:
    """What is in the account, and what its owner does there beside Pulumi."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._all_keys: list[str] = []
        control.seed_file_system(HOME, "WINDOWS", file_system_id=FILE_SYSTEM)
        for hours in (50, 26, 2):
            self.new_backup(hours)
        self.keys = {region: self._key(region) for region in DR_REGIONS}
        for region, key in self.keys.items():
            control.client("kms", region).create_alias(AliasName=ALIAS, TargetKeyId=key)

    def new_backup(self, hours: float = 0) -> str:
        """Have an automatic backup made, so many hours ago, and return its id."""
        created = self._control.now() - hours * _HOUR
        return self._control.seed_backup(HOME, FILE_SYSTEM, created=created, tags=SOURCE_TAGS)

    def new_key(self, region: str) -> str:
        """Make another KMS key the one to use in a Region, and return its ARN."""
        self.keys[region] = self._key(region)
        return self.keys[region]

    def allow_pipeline(self) -> str:
        """Let the pipeline do what `fsx-dr policy` prints for this account, and nothing else; return the command."""
        regions = [*_options("--source-region", [HOME]), *_options("--dr-region", DR_REGIONS)]
        return pipeline_role.allow(self._control, *regions, *_options("--key", self._all_keys))

    def sources(self) -> list[BackupView]:
        """Return the file system's own backups, the newest first."""
        return sorted(self._control.backups(HOME), key=lambda backup: backup["created"], reverse=True)

    def copies(self, *regions: str) -> list[BackupView]:
        """Return the copies in these Regions, or in all, whatever their state."""
        return [copy for region in regions or DR_REGIONS for copy in self._control.backups(region)]

    def available(self, *regions: str) -> dict[str, str]:
        """Return of each AVAILABLE copy the ids of the copy and of its source."""
        found = [copy for copy in self.copies(*regions) if copy["lifecycle"] == "AVAILABLE"]
        return {copy["id"]: str(copy["source_backup_id"]) for copy in found}

    def copies_of(self, source: str) -> set[str]:
        """Return the ids of a backup's copies, whatever their state."""
        return {copy["id"] for copy in self.copies() if copy["source_backup_id"] == source}

    def is_under_own_key(self, region: str) -> bool:
        """Tell whether all copies in a Region are encrypted with the key to use there."""
        return {copy["kms_key_arn"] for copy in self.copies(region)} == {self.keys[region]}

    def calls(self) -> list[str]:
        """Return the actions called."""
        return [entry["action"] for entry in self._control.journal()]

    def deletions(self, region: str) -> list[float]:
        """Return when DeleteBackup was called in a Region, in seconds since 1970."""
        return [entry["time"] for entry in self._control.journal(region) if entry["action"] == "DeleteBackup"]

    def _key(self, region: str) -> str:
        made = str(self._control.client("kms", region).create_key()["KeyMetadata"]["Arn"])
        self._all_keys.append(made)
        return made


def _options(name: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (name, value)]

"""The AWS account of the demo, with the file system and the DR Regions of Pulumi.demo.yaml."""

from simulator import pipeline_role
from simulator.fsx import Control
from simulator.fsx.views import BackupView

FILE_SYSTEM = "fs-0a1b2c3d4e5f60718"
SOURCE_REGION = "eu-central-1"
WEST, NORTH = DR_REGIONS = ("eu-west-1", "eu-north-1")
ALIAS = "alias/fsx-dr"
KEEP = 2
COPY_SECONDS = 2.0
SOURCE_TAGS = {"app": "ledger"}

_HOUR = 3600.0


class Account:
    """The account's resources, and changes that are made outside Pulumi."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._all_keys: list[str] = []
        control.seed_file_system(SOURCE_REGION, "WINDOWS", file_system_id=FILE_SYSTEM)
        for hours in (74, 50, 26):
            self.new_backup(hours)
        self.keys = {region: self.new_key(region, ALIAS) for region in DR_REGIONS}

    def new_backup(self, hours: float = 0) -> str:
        """Add an automatic backup from some hours ago, and return its id."""
        created = self._control.now() - hours * _HOUR
        return self._control.seed_backup(SOURCE_REGION, FILE_SYSTEM, created=created, tags=SOURCE_TAGS)

    def new_key(self, region: str, alias: str | None = None) -> str:
        """Create a KMS key in a Region, and return its ARN."""
        key = self._control.seed_key(region, alias)
        self._all_keys.append(key)
        return key

    def allow_pipeline(self) -> str:
        """Attach the policy that `fsx-dr policy` prints for this account; return the command."""
        options = {
            "--source-region": [SOURCE_REGION],
            "--dr-region": DR_REGIONS,
            "--key": self._all_keys,
        }
        words = [word for name, values in options.items() for value in values for word in (name, value)]
        return pipeline_role.allow(self._control, *words)

    def sources(self) -> list[BackupView]:
        """Return the source backups, the newest first."""
        return sorted(self._control.backups(SOURCE_REGION), key=lambda backup: backup["created"], reverse=True)

    def copies(self, *regions: str) -> list[BackupView]:
        """Return the copies in these Regions, or in all, whatever their state."""
        return [copy for region in regions or DR_REGIONS for copy in self._control.backups(region)]

    def available(self, *regions: str) -> dict[str, str]:
        """Return the source backup id of each AVAILABLE copy by the copy's id."""
        found = [copy for copy in self.copies(*regions) if copy["lifecycle"] == "AVAILABLE"]
        return {copy["id"]: str(copy["source_backup_id"]) for copy in found}

    def copies_of(self, source: str) -> set[str]:
        """Return the ids of a source backup's copies, whatever their state."""
        return {copy["id"] for copy in self.copies() if copy["source_backup_id"] == source}

    def keys_of_copies(self, region: str) -> set[str]:
        """Return the ARNs of the keys of the copies in a Region."""
        return {copy["kms_key_arn"] for copy in self.copies(region)}

    def calls(self) -> list[str]:
        """Return the actions called."""
        return [entry["action"] for entry in self._control.journal()]

    def deletions(self, region: str) -> list[float]:
        """Return when DeleteBackup was called in a Region, in seconds since 1970."""
        return [entry["time"] for entry in self._control.journal(region, "DeleteBackup")]

"""The type tokens of the package's resources."""

BACKUP_COPY = "fsx-dr:index:BackupCopy"
DR_REGION = "fsx-dr:index:DrRegion"

"""What a preview says of the quota of user-initiated backups."""

from collections import Counter
from collections.abc import Iterable, Iterator

from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.quotas import QUOTA_NAMES, USER_INITIATED_BACKUPS
from pulumi_fsx_dr.rules.region_plan import PlannedCopy

from .lookup import Lookup


def quota_warnings(seen: Lookup, region: str, copies: Iterable[PlannedCopy]) -> Iterator[str]:
    """Yield a warning for each type of file system whose default quota the new copies would exceed.

    Args:
        seen: what this run looks up.
        region: the DR Region.
        copies: what the DrRegion declares.
    """
    made = [copy.backup for copy in copies if copy.backup and not (copy.state or "adopt_backup_id" in copy.args)]
    listed = [backup for backup in seen.region(region).listing().backups if backup.type != "AUTOMATIC"]
    present = Counter(_type(backup) for backup in listed if not backup.is_dead)
    for kind, new in sorted(Counter(map(_type, made)).items()):
        quota = USER_INITIATED_BACKUPS.get(kind, new + present[kind])
        # Where there are more already, AWS has raised it.
        if present[kind] <= quota < present[kind] + new:
            yield (
                f"{region} has {present[kind]} user-initiated {kind} backups, and {new} copies are to be made; the "
                f'default quota "{QUOTA_NAMES[kind]}" is {quota}. A new copy is made before an old one is deleted, so '
                "each file system needs one spare. If AWS has not raised the quota, have it raised, or lower keep; "
                "`fsx-dr doctor` shows the one in force."
            )


def _type(backup: Backup) -> str:
    # Backups of 2018 have no FileSystemType. Only FSx for Windows File Server made backups then.
    return backup.file_system_type or "WINDOWS"

"""Read an existing copy for `pulumi import`."""

from pulumi_fsx_dr.copies import tags
from pulumi_fsx_dr.copies.copy import Copy, CopySpec
from pulumi_fsx_dr.copies.outputs import outputs_of
from pulumi_fsx_dr.errors import CopyError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime
from pulumi_fsx_dr.runtime.work import PATIENCE, Work

from .adopt import adoption_problem
from .read import ReadResult
from .source import source_time


def import_copy(call: Call, runtime: ProviderRuntime, region: str, backup_id: str) -> ReadResult | None:
    """Return outputs and arguments of an existing copy; None if FSx does not find it.

    The copy is not changed. The first update writes its ownership tag.
    """
    deadline = runtime.clock.now() + (call.timeout or PATIENCE)
    work = Work(call=call, runtime=runtime, region=runtime.region(region), deadline=deadline)
    backup = work.find(backup_id)
    if backup is None:
        return None
    inputs = _arguments(backup)
    spec = CopySpec.of(inputs)
    if problem := adoption_problem(work, spec, backup):
        raise CopyError(f"{backup_id} in {region} cannot be imported: it {problem}. Import another backup.")
    time = source_time(work, spec, backup)
    copy = Copy(backup=backup, ownership=None, source_creation_time=time)
    given = {name: value for name, value in inputs.items() if value is not None}
    return ReadResult(outputs_of(given, copy), given)


def _arguments(backup: Backup) -> dict[str, object]:
    """Return the arguments that match a copy; FSx does not show whether it got tags from its source backup."""
    return {
        "source_backup_id": backup.source_backup_id or "",
        "source_region": backup.source_region or backup.region,
        "region": backup.region,
        "kms_key_id": backup.kms_key_arn,
        "copy_tags": False,
        "deletion_protection": False,
        "tags": tags.visible(backup.tags),
    }

"""Create a copy: resume the copy of an earlier run or start a new one, and wait until it is AVAILABLE.

A run can be killed between any two calls to AWS. CopyBackup sets the ownership tag with the owner id, which was saved
in the state before the first copy. So the next run finds the copy by its tag. If FSx does not list it yet, FSx returns
it for the same request token.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies.copy import CREATE_TIMEOUT, Copy, CopySpec
from pulumi_fsx_dr.copies.outputs import outputs_of
from pulumi_fsx_dr.copies.ownership import ownership_of
from pulumi_fsx_dr.copies.urns import is_urn
from pulumi_fsx_dr.copies.verification import mismatch
from pulumi_fsx_dr.errors import FsxDrError, ServiceError
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.copy_order import QueuedCopy
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime
from pulumi_fsx_dr.runtime.work import PATIENCE, Work

from .adopt import adopt
from .partial_failure import saved_if_unfinished
from .resume import candidates, renew_ownership, verified
from .source import require_copyable, require_room_for_tags, source_time
from .start import start_copy, wait_for_slot
from .still_needed import refuse_delete_before_replace
from .tagging import warn_of_leftovers
from .wait import wait_until_available


@dataclass(frozen=True, slots=True)
class CreateResult:
    """The backup id of the copy, and all outputs."""

    id: str
    outputs: dict[str, Any]


def create(call: Call, runtime: ProviderRuntime, inputs: Mapping[str, Any]) -> CreateResult:
    """Create, resume or adopt a copy, and return when it is AVAILABLE."""
    _require_identity(call)
    refuse_delete_before_replace(call, runtime)
    spec = CopySpec.of(inputs, call.timeout or CREATE_TIMEOUT)
    patience = min(PATIENCE, spec.timeout)
    work = Work(call=call, runtime=runtime, region=runtime.region(spec.region), patience=patience)
    copy = saved_if_unfinished(work, inputs, lambda: _adopt_resume_or_start(work, spec, inputs.get("adopt_backup_id")))
    call.status(f"{copy.backup.id} is AVAILABLE", seconds=0)
    return CreateResult(copy.backup.id, outputs_of(inputs, copy))


def _adopt_resume_or_start(work: Work, spec: CopySpec, adopt_backup_id: str | None) -> Copy:
    _look_up_key(work, spec)
    # If the arguments have changed, adopt_backup_id may name the copy that is replaced now. With `--replace` they have
    # not changed: the same copy is adopted again.
    if adopt_backup_id and not _is_replaced(work, spec, adopt_backup_id):
        return adopt(work, spec, adopt_backup_id)
    copy = _resume(work, spec) or _start(work, spec)
    # The copy is finished, and must be saved in the state even if the listing fails, which is needed only for warnings.
    with suppress(ServiceError):
        warn_of_leftovers(work.call, work.region.listing, copy.backup.id)
    return copy


def _resume(work: Work, spec: CopySpec) -> Copy | None:
    """Return the copy of an earlier run when it is AVAILABLE; None if there is none."""
    for listed in candidates(work, spec):
        # The listing may be out of date, so the copy is looked up again.
        backup = verified(work, spec, listed.id)
        if backup and work.runtime.entries.take(backup.id, work.urn):
            work.runtime.creates.started(work.urn, backup.subject)
            time = source_time(work, spec, backup)
            # The copy has its slot already, so it must not wait in the queue.
            with work.region.queue.slot_of_running(QueuedCopy.running(backup, time)) as slot:
                copy = Copy(backup=backup, ownership=ownership_of(backup.tags), source_creation_time=time)
                return wait_until_available(work, spec, renew_ownership(work, spec, copy), slot)
    return None


def _start(work: Work, spec: CopySpec) -> Copy:
    """Call CopyBackup when there is a free slot, and return the copy when it is AVAILABLE."""
    source_region = work.runtime.region(spec.source_region)
    found = work.retry(lambda: source_region.source(spec.source_backup_id))
    # From here on, a failure blocks only the deletes of the same file system. An earlier failure blocks all deletes of
    # the stack.
    work.runtime.creates.started(work.urn, found.subject if found else None)
    source = require_copyable(found, spec)
    require_room_for_tags(source, spec)
    queued = work.retry(lambda: work.region.queued_copy(source, spec.kms_key_id))
    with work.region.queue.slot(queued) as slot:
        wait_for_slot(work, spec, slot)
        started = start_copy(work, spec, source)
        copy = Copy(backup=started.backup, ownership=started.ownership, source_creation_time=source.creation_time)
        if not started.is_new:
            copy = renew_ownership(work, spec, copy)
        return wait_until_available(work, spec, copy, slot)


def _require_identity(call: Call) -> None:
    # Without URN and owner id, a later run could not find the copy again.
    if not is_urn(call.urn):
        raise FsxDrError(
            f"The copy was not created: the Pulumi SDK did not pass a valid URN ({call.urn!r}). Use a version of the "
            "SDK that this package supports."
        )
    if not call.owner_id:
        raise FsxDrError(
            f"{call.name} was not created: it has no owner id. Declare it with the BackupCopy or DrRegion of this "
            "package, and install the same version of the package on each machine that runs the stack."
        )


def _look_up_key(work: Work, spec: CopySpec) -> None:
    """Look up an alias with retries. The Region caches the ARN for `resolved_key`, which does not retry."""
    # A create works without permission for KMS.
    with suppress(ServiceError):
        work.retry(lambda: work.region.key_arn(spec.kms_key_id or ""))


def _is_replaced(work: Work, spec: CopySpec, backup_id: str) -> bool:
    """Whether a copy is in the state, and no longer matches the declaration."""
    if backup_id not in work.call.state_ids:
        return False
    backup = work.find(backup_id)
    return backup is None or mismatch(backup, work.retry(lambda: work.region.facts(spec))) is not None

"""Partial failures: the engine keeps a copy that FSx has accepted, although create or update fails."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pulumi_fsx_dr.copies.copy import Copy, UnfinishedCopyError
from pulumi_fsx_dr.copies.outputs import outputs_of
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import CopyError
from pulumi_fsx_dr.runtime.work import Work


def kept_if_unfinished(
    work: Work, inputs: Mapping[str, Any], make: Callable[[], Copy], in_state: Copy | None = None
) -> Copy:
    """Make, or finish, a copy; if that fails, have the engine keep a copy that FSx has accepted.

    Args:
        work: the create or update.
        inputs: the checked arguments.
        make: returns the copy once it is AVAILABLE.
        in_state: the unfinished copy that the state has already.
    """
    creates, entries = work.runtime.creates, work.runtime.entries
    try:
        copy = make()
    except UnfinishedCopyError as error:
        # The engine keeps nothing of a create that fails, so without this no destroy would ever find the copy.
        creates.failed(work.urn, error.copy.backup.subject)
        work.call.keep(error.copy.backup.id, outputs_of(inputs, error.copy), str(error))
        raise
    except Exception as error:
        entries.release(work.urn)
        creates.failed(work.urn)
        # With FAILED in the outputs the next diff asks for a new copy. Without it the engine keeps the former
        # outputs, and each later run waits for a copy that is gone.
        if in_state and isinstance(error, CopyError):
            dead = replace(in_state, backup=replace(in_state.backup, lifecycle="FAILED"))
            work.call.keep(in_state.backup.id, outputs_of(inputs, dead), str(error))
        raise
    entries.made(StateCopy(work.urn, copy.backup.id, outputs_of(inputs, copy)))
    creates.succeeded(work.urn)
    return copy

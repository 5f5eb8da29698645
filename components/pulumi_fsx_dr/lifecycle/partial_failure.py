"""Partial failures: the engine saves a copy that FSx has accepted, although create or update fails."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pulumi_fsx_dr.copies.copy import Copy, UnfinishedCopyError
from pulumi_fsx_dr.copies.outputs import outputs_of
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import CopyError
from pulumi_fsx_dr.runtime.work import Work


def saved_if_unfinished(
    work: Work, inputs: Mapping[str, Any], finish: Callable[[], Copy], in_state: Copy | None = None
) -> Copy:
    """Return a finished copy; if it cannot be finished, have the engine save the copy that FSx has accepted."""
    creates, entries = work.runtime.creates, work.runtime.entries
    try:
        copy = finish()
    except UnfinishedCopyError as error:
        # The engine saves nothing of a failed create, so `destroy` would not know the copy.
        creates.failed(work.urn, error.copy.backup.subject)
        work.call.save_partially(error.copy.backup.id, outputs_of(inputs, error.copy), str(error))
        raise
    except Exception as error:
        entries.release(work.urn)
        creates.failed(work.urn)
        # With FAILED in the outputs, the next diff requires a new copy. With the former outputs, every later run
        # would wait for a copy that is gone.
        if in_state and isinstance(error, CopyError):
            dead = replace(in_state, backup=replace(in_state.backup, lifecycle="FAILED"))
            work.call.save_partially(in_state.backup.id, outputs_of(inputs, dead), str(error))
        raise
    entries.note_finished(StateCopy(work.urn, copy.backup.id, outputs_of(inputs, copy)))
    creates.succeeded(work.urn)
    return copy

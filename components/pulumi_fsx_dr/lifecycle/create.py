"""A new copy in the state: made by CopyBackup, gone on with, or adopted."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pulumi_fsx_dr.copies.copy import Copy, Wanted
from pulumi_fsx_dr.copies.outputs import outputs_of
from pulumi_fsx_dr.copies.ownership import is_urn
from pulumi_fsx_dr.errors import FsxDrError
from pulumi_fsx_dr.session.call import Call
from pulumi_fsx_dr.session.session import Session

from . import timeouts
from .adopt import OtherKeyError, adopt
from .keep import kept_if_unfinished
from .make import Making


@dataclass(frozen=True, slots=True)
class Created:
    """The copy's backup id, and every output."""

    id: str
    outputs: dict[str, Any]


def create(call: Call, session: Session, inputs: Mapping[str, Any]) -> Created:
    """Make the copy, or pick up the one that an interrupted run started, and return once it is AVAILABLE.

    Args:
        call: of the engine.
        session: of this process.
        inputs: the checked arguments.

    Raises:
        UnfinishedCopyError: FSx has accepted the copy, but it is not done; the engine was told to keep it.
        CopyError: there is no copy.
        ServiceError: AWS refused.
    """
    # Better no copy at all than one that no later run could find again.
    if not is_urn(call.urn):
        raise FsxDrError(
            f"{call.urn!r} is no URN, so nobody could find the copy again: use a Pulumi SDK of the tested versions."
        )
    with kept_if_unfinished(call, session.ledger, partial(outputs_of, inputs)):
        copy = _create(call, session, inputs)
    # The entry that this one replaces may hold the same copy, if it was adopted. Its delete comes next, and must learn
    # from the ledger that the copy is still needed.
    session.ledger.made(call.urn, copy.backup.id, copy.ownership.nonce)
    return Created(copy.backup.id, outputs_of(inputs, copy))


def _create(call: Call, session: Session, inputs: Mapping[str, Any]) -> Copy:
    wanted = Wanted.of(inputs, call.timeout or timeouts.CREATE)
    here, there, ledger = session.region(wanted.region), session.region(wanted.source_region), session.ledger
    if adopted := inputs.get("adopt_backup_id"):
        try:
            return adopt(call, adopted, wanted, here, there, ledger)
        except OtherKeyError:
            # If the state holds the adopted copy already, this create replaces it by one under another key:
            # adopt_backup_id, which still stands in the program, names the old copy, and a new one is made.
            if adopted not in call.held_ids:
                raise
    return Making(call, wanted, here, there, ledger).make()

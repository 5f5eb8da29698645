"""The copy as it is."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.copies import tags
from pulumi_fsx_dr.copies.arguments import ARGUMENTS
from pulumi_fsx_dr.copies.copy import Copy
from pulumi_fsx_dr.copies.outputs import described, known, outputs_of
from pulumi_fsx_dr.errors import LostCopyError, ServiceError
from pulumi_fsx_dr.session.call import Call
from pulumi_fsx_dr.session.session import Session
from pulumi_fsx_dr.session.work import AT_ONCE, PATIENCE, Work

from .find import find_shown, require_account
from .tag import record


@dataclass(frozen=True, slots=True)
class Found:
    """Every output of a copy, and the arguments that would make it so."""

    outputs: dict[str, Any]
    inputs: dict[str, Any]


def read(call: Call, session: Session, backup_id: str, outputs: Mapping[str, Any]) -> Found | None:
    """Look at the copy; it is gone, which is None, only on a sure answer.

    Args:
        call: of the engine.
        session: of this process.
        backup_id: the copy.
        outputs: what the state holds of it.

    Raises:
        CopyError: FSx does not show it yet, or the credentials are of another account.
        ServiceError: AWS refused.
    """
    session.ledger.shown(call.urn, backup_id, outputs.get("nonce") or "")
    work = session.region(outputs["region"]).work(call, call.timeout or PATIENCE)
    backup = find_shown(work, known(backup_id, outputs))
    if backup is None or backup.is_dead:
        # None has the engine forget the copy for good, so only the account that owns it may say that it is gone.
        require_account(work, backup_id, outputs)
        return None
    copy = _mend_mark(work, described(outputs, backup))
    inputs = {name: outputs[name] for name in ARGUMENTS if outputs.get(name) is not None}
    # The tags as they really are, so that the next preview shows what somebody changed.
    inputs["tags"] = tags.live(outputs.get("tags") or {}, backup.tags)
    return Found(outputs_of(inputs, copy), inputs)


def _mend_mark(work: Work, copy: Copy) -> Copy:
    """Record a copy of the state that an interrupted run left pending, or put back the mark that it has lost."""
    if copy.backup.is_available and copy.ownership.nonce and copy.may_mark(copy.backup):
        # One try: a refresh must end soon, and works for identities that may not tag.
        with suppress(LostCopyError, ServiceError):
            return record(work.within(AT_ONCE), copy)
    return copy

"""The check of a copy's arguments, before anything is changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.output import contains_unknowns

from pulumi_fsx_dr.copies import arguments
from pulumi_fsx_dr.copies.copy import Wanted
from pulumi_fsx_dr.errors import CopyError, FsxDrError, ServiceError
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.provider_runtime import Session, poll_seconds
from pulumi_fsx_dr.runtime.retry import AT_ONCE, PATIENCE

from .adopt import name_owner, require_adoptable


@dataclass(frozen=True, slots=True)
class Checked:
    """The arguments with all defaults, and what is wrong with them: names, "" for none, and sentences."""

    inputs: dict[str, Any]
    problems: list[tuple[str, str]] = field(default_factory=list)


def check(call: Call, session: Session, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Checked:
    """Fill in defaults and refuse what FSx would refuse.

    Args:
        call: of the engine.
        session: of this process.
        olds: the checked arguments of the copy that exists; empty if one is to be made.
        news: the arguments as the program wrote them.
    """
    session.ledger.check_seen(call.urn, olds)
    checked = _checked(call, session, olds, news)
    if checked.problems:
        # What is refused is not made or replaced either, and deletes must know of it.
        session.ledger.create_failed(call.urn)
    return checked


def _checked(call: Call, session: Session, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Checked:
    # The second check of a replacement comes without olds, and with `--replace` it is the only one. Without the former
    # Region a default could move the new copy elsewhere.
    former = olds or session.ledger.olds(call.urn) or _in_state(call)
    try:
        # Only to refuse a wrong value before anything is changed.
        poll_seconds()
        inputs = arguments.with_defaults(news, former, lambda: session.default_region(former))
    except FsxDrError as error:
        return Checked(dict(news), [("", str(error))])
    problems = arguments.problems(inputs)
    if not (former or problems or contains_unknowns(inputs)):
        problems += _problems_of_adoption(call, session, inputs)
    return Checked(inputs, problems)


def _in_state(call: Call) -> Mapping[str, Any]:
    """Return the Regions of the state entry, as far as the call tells; `--replace` shows nothing of it."""
    entry = call.state_entry
    return {"region": entry.region, "source_region": entry.source_region} if entry else {}


def _problems_of_adoption(call: Call, session: Session, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return why a copy cannot be adopted, and name its present owner."""
    if not (backup_id := inputs.get("adopt_backup_id")):
        return []
    wanted = Wanted.of(inputs, PATIENCE)
    destination = session.region(wanted.region)
    try:
        backup = require_adoptable(destination.work(call, AT_ONCE), backup_id, wanted, destination)
    except ServiceError:
        return []  # nobody can tell now, and create looks again
    except CopyError as error:
        return [("", str(error))]
    name_owner(call, backup)
    return []

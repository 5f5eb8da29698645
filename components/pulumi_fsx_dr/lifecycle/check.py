"""The check of a copy's arguments, before anything is changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_fsx_dr.copies import arguments
from pulumi_fsx_dr.errors import FsxDrError
from pulumi_fsx_dr.session.call import Call
from pulumi_fsx_dr.session.session import Session, poll_seconds


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
    ledger = session.ledger
    # Before anything is refused: a copy that check refuses is not made either, and deletes must know of it.
    ledger.checked(call.urn, olds)
    # The second check of a replacement comes without olds, and with `--replace` it is the only one. Without the former
    # Region a default could move the new copy elsewhere.
    former = olds or ledger.olds(call.urn) or _in_state(call)
    try:
        # Only to refuse a wrong value before anything is changed.
        poll_seconds()
        inputs = arguments.with_defaults(news, former, lambda: session.default_region(former))
    except FsxDrError as error:
        return Checked(dict(news), [("", str(error))])
    return Checked(inputs, arguments.problems(inputs))


def _in_state(call: Call) -> Mapping[str, Any]:
    """Return where the state holds the copy, as far as the call tells; `--replace` shows nothing of it."""
    entry = call.held_as(call.urn)
    return {"region": entry.region, "source_region": entry.source_region} if entry else {}

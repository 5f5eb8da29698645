"""Assertions about the service, the state of a stack, and errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG, Ownership, ownership_of
from pulumi_fsx_dr.errors import CopyError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY

from .stack import Program, Stack


@contextmanager
def refused(error: type[Exception], *facts: str, unsaid: str = "\n") -> Iterator[None]:
    """Expect an error of one line that contains these ids, Regions, actions or commands."""
    with pytest.raises(error) as failure:
        yield
    said = str(failure.value)
    assert [fact for fact in facts if fact not in said] == [], said
    assert unsaid not in said


def copies(service: FsxService) -> list[str]:
    """Return the ids of all backups in the DR Region."""
    return [copy["id"] for copy in service.backups(AWAY)]


def tag_of(service: FsxService, backup_id: str) -> Ownership | None:
    """Return the parsed ownership tag of a copy."""
    return ownership_of(service.backup(AWAY, backup_id)["tags"])


def other_tags(stack: Stack, resource: str = "monday") -> dict[str, str]:
    """Return the tags of a copy without the ownership tag."""
    found = stack.wire.service.backup(AWAY, stack.states[resource].id)["tags"]
    return {key: value for key, value in found.items() if key != OWNERSHIP_TAG}


def write_tag(service: FsxService, backup_id: str, value: str | None) -> None:
    """Write the ownership tag of a backup as an attacker would; None removes the tag."""
    tags = {key: tag for key, tag in service.backup(AWAY, backup_id)["tags"].items() if key != OWNERSHIP_TAG}
    service.set_tags(AWAY, backup_id, tags | ({OWNERSHIP_TAG: value} if value is not None else {}))


def effects(service: FsxService) -> list[str]:
    """Return the successful changes in the DR Region, in order."""
    reads = ("Describe", "Get")
    return [e["action"] for e in service.journal(AWAY) if not e["action"].startswith(reads) and not e["error"]]


def own_copy(stack: Stack, resource: str = "monday") -> str:
    """Return the id of a resource's copy after checking that it is AVAILABLE and has the tag of its state entry."""
    service, state = stack.wire.service, stack.states[resource]
    copy = service.backup(AWAY, state.id)
    own = tag_of(service, state.id)
    assert (copy["lifecycle"], copy["deleted"]) == ("AVAILABLE", False)
    assert (state.outputs["lifecycle"], state.errors) == ("AVAILABLE", ())
    assert own
    assert (own.owner_id, str(own)) == (stack.owner_id, state.outputs["managed_by"])
    return state.id


def only_copy(stack: Stack, resource: str = "monday") -> str:
    """Return the id of a resource's copy after checking that it is the only one in the DR Region."""
    copy = own_copy(stack, resource)
    assert copies(stack.wire.service) == [copy]
    return copy


def timed_out_up(stack: Stack, program: Program, *, replacing: tuple[str, ...] = ()) -> str:
    """Run `pulumi up` until a copy times out, and return the id of `monday` in the state."""
    service = stack.wire.service
    service.set_copy_seconds(10_000)
    stack.timeouts.update(create=30.0, update=30.0)
    with pytest.raises(CopyError):
        stack.up(program, replacing=replacing)
    stack.timeouts.clear()
    service.set_copy_seconds(10.0)
    kept = stack.states["monday"]
    assert kept.errors
    return kept.id

"""A replaced copy is deleted only if its successor is AVAILABLE, even in a later run."""

import pytest
from pulumi_fsx_dr.errors import AccessDeniedError, CopyError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, only_copy, own_copy, refused, write_tag
from tests.engine.stack import Program, Stack, copy_args, monday


def left_pending(stack: Stack, program: Program) -> str:
    """Replace `monday` without permission to delete, and return the copy that stays pending deletion."""
    service, (old,) = stack.wire.service, copies(stack.wire.service)
    service.add_fault("access_denied", "DeleteBackup")
    with pytest.raises(AccessDeniedError):
        stack.up(program)
    service.lift_fault()
    return old


@pytest.fixture
def program(source: str, key: str) -> Program:
    """Return a program that replaces the copy `monday`."""
    return monday(source, kms_key_id=key)


@pytest.mark.parametrize("end", ["deleted", "FAILED"])
@pytest.mark.usefixtures("made")
def test_pending_delete_without_successor_is_refused(
    service: FsxService, stack: Stack, program: Program, end: str
) -> None:
    old = left_pending(stack, program)
    new = stack.states["monday"].id
    if end == "deleted":
        service.remove_backup(AWAY, new)
    else:
        service.set_lifecycle(AWAY, new, "FAILED", "no luck")

    with refused(CopyError, old, AWAY, new, "pulumi up --refresh"):
        stack.up(program)

    assert old in copies(service)
    stack.refresh()
    stack.up(program)
    assert only_copy(stack) not in {old, new}
    assert stack.replaced == []


@pytest.mark.usefixtures("made")
def test_pending_delete_succeeds_with_available_successor(service: FsxService, stack: Stack, program: Program) -> None:
    old = left_pending(stack, program)

    stack.up(program)

    assert service.backup(AWAY, old)["deleted"]
    only_copy(stack)


@pytest.mark.usefixtures("made")
def test_pending_delete_is_refused_after_source_expired(
    service: FsxService, stack: Stack, program: Program, source: str
) -> None:
    """Without a source there is no successor; the old key resumes the copy pending deletion."""
    old = left_pending(stack, program)
    service.remove_backup(AWAY, stack.states["monday"].id)
    service.remove_backup(HOME, source)
    stack.refresh()
    run = stack.run()
    with pytest.raises(CopyError):
        stack.register(run, "monday", program["monday"])
    with refused(CopyError, old, AWAY, "monday"):
        stack.delete_replaced(run)
    assert copies(service) == [old]

    stack.up(monday(source))

    assert only_copy(stack) == old
    assert stack.replaced == []


@pytest.mark.usefixtures("made")
def test_destroy_deletes_pending_deletes(service: FsxService, stack: Stack, program: Program) -> None:
    left_pending(stack, program)
    service.remove_backup(AWAY, stack.states["monday"].id)

    stack.destroy()

    assert copies(service) == []


@pytest.mark.usefixtures("made")
def test_delete_requires_available_copy_of_same_backup(service: FsxService, stack: Stack, source: str) -> None:
    """A copy of the same backup permits the delete only if AWS still has it."""
    both = {**monday(source), "tuesday": copy_args(source)}
    stack.up(both)
    service.remove_backup(AWAY, stack.states["tuesday"].id)

    with refused(CopyError, stack.states["monday"].id, stack.states["tuesday"].id, "pulumi up --refresh"):
        stack.up({"tuesday": both["tuesday"]})

    stack.refresh()
    stack.up({"tuesday": both["tuesday"]})
    only_copy(stack, "tuesday")


def test_forged_tag_does_not_delete_live_copy_of_pending_entry(
    service: FsxService, stack: Stack, source: str, made: str
) -> None:
    """After an adoption two entries have the copy, and an attacker writes the tag of the one pending deletion."""
    former = stack.states["monday"]
    run = stack.run()
    stack.register(run, "monday", copy_args(source, adopt_backup_id=made), replacing=True)
    stack.replaced = [("monday", former)]
    if stack.states["monday"].id != made:
        pytest.skip("this host made a new copy")
    next_run = stack.run()
    stack.register(next_run, "monday", copy_args(source, adopt_backup_id=made))
    write_tag(service, made, f"{former.outputs['managed_by']}/files/prod/monday")

    stack.delete_replaced(next_run)

    assert copies(service) == [made]
    stack.up(monday(source, adopt_backup_id=made))
    assert own_copy(stack) == made

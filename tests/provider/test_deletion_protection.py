"""With `deletion_protection` a copy is deleted only after its replacement exists, or if AWS no longer has it."""

import pytest
from pulumi_fsx_dr.errors import AccessDeniedError, CopyError, InvalidStateError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, effects, only_copy, refused
from tests.engine.stack import Program, Stack, change_outputs, copy_args, monday


@pytest.fixture
def protected(source: str) -> Program:
    return monday(source, deletion_protection=True)


@pytest.fixture
def kept(stack: Stack, protected: Program) -> str:
    """Return the id of the stack's only copy, `monday`, which is protected."""
    stack.up(protected)
    stack.wire.service.clear_journal()
    return stack.states["monday"].id


@pytest.mark.parametrize("command", ["destroy", "up"])
def test_protected_copy_is_deleted_only_after_protection_is_off(
    service: FsxService, stack: Stack, source: str, kept: str, command: str
) -> None:
    def remove() -> None:
        stack.up({}) if command == "up" else stack.destroy()

    for _ in range(2):
        with refused(CopyError, kept, AWAY, "deletion_protection", "pulumi up", unsaid=stack.urn("monday")):
            remove()
        assert copies(service) == [kept]

    stack.up(monday(source, deletion_protection=False))
    remove()
    assert copies(service) == []


def test_protection_changes_in_place(service: FsxService, stack: Stack, source: str, made: str) -> None:
    for protection in (True, False):
        args = copy_args(source, deletion_protection=protection)
        assert stack.preview("monday", args).replaces == []
        stack.up({"monday": args})
        assert stack.states["monday"].outputs["deletion_protection"] is protection
        assert stack.preview("monday", args).changes is False
    assert effects(service) == []
    assert only_copy(stack) == made


def test_finished_replacement_deletes_protected_copy(stack: Stack, source: str, kept: str, key: str) -> None:
    stack.up(monday(source, kms_key_id=key, deletion_protection=True))

    assert only_copy(stack) != kept


def test_replacement_by_other_source_keeps_protected_copy(
    service: FsxService, stack: Stack, kept: str, newer: str
) -> None:
    """A program cannot change an entry pending deletion, so the setting of its successor counts for both."""
    for protection in (True, True):
        with refused(CopyError, kept, AWAY, "deletion_protection"):
            stack.up(monday(newer, deletion_protection=protection))
    assert kept in copies(service)

    stack.up(monday(newer, deletion_protection=False))

    assert only_copy(stack) != kept
    assert stack.replaced == []


def test_protection_counts_until_replacement_is_done(service: FsxService, stack: Stack, kept: str, newer: str) -> None:
    with refused(CopyError, kept, AWAY, "deletion_protection"):
        stack.up(monday(newer, deletion_protection=False))
    assert kept in copies(service)

    stack.up(monday(newer, deletion_protection=False))

    assert only_copy(stack) != kept


def test_destroy_keeps_protected_copy_pending_deletion(
    service: FsxService, stack: Stack, source: str, kept: str, key: str
) -> None:
    program = monday(source, kms_key_id=key, deletion_protection=False)
    service.add_fault("access_denied", "DeleteBackup")
    with pytest.raises(AccessDeniedError):
        stack.up(program)
    service.lift_fault()

    with refused(CopyError, kept, AWAY, "deletion_protection"):
        stack.destroy()

    stack.up(program)
    stack.destroy()
    assert copies(service) == []


@pytest.mark.usefixtures("protected")
def test_delete_of_missing_protected_copy_succeeds(service: FsxService, stack: Stack, kept: str) -> None:
    service.remove_backup(AWAY, kept)

    stack.destroy()

    assert stack.states == {}


def test_delete_is_allowed_with_other_copy_of_same_backup(stack: Stack, source: str, kept: str) -> None:
    both = {**monday(source, deletion_protection=True), "tuesday": copy_args(source, deletion_protection=True)}
    stack.up(both)

    stack.up({"tuesday": both["tuesday"]})

    assert only_copy(stack, "tuesday") != kept


def test_protection_of_wrong_type_in_state_is_an_error(
    service: FsxService, stack: Stack, source: str, made: str
) -> None:
    change_outputs(stack, "monday", deletion_protection="no")

    with refused(InvalidStateError, "deletion_protection"):
        stack.destroy()

    assert copies(service) == [made]
    assert [backup["id"] for backup in service.backups(HOME)] == [source]


def test_delete_is_refused_with_copy_in_other_region_only(
    service: FsxService, stack: Stack, source: str, kept: str
) -> None:
    """Each DR Region is protected separately."""
    north = {"north": copy_args(source, region="eu-north-1", deletion_protection=True)}
    stack.up(monday(source, deletion_protection=True) | north)

    with refused(CopyError, kept, AWAY, "deletion_protection"):
        stack.up(north)

    assert kept in copies(service)

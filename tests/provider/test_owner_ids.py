"""Stacks with different owner ids, entries moved between stacks, and missing tags."""

import pytest
from pulumi_fsx_dr.copies.ownership import new_owner_id
from pulumi_fsx_dr.errors import CopyError, InvalidStateError

from simulator.fsx import FsxService
from tests.engine.checks import copies, effects, only_copy, own_copy, refused, tag_of, write_tag
from tests.engine.stack import Stack, change_outputs, copy_args, killed_up, monday
from tests.engine.wire import Wire


@pytest.fixture
def twin(stack: Stack, wire: Wire) -> Stack:
    """Return another stack with the same name, as in another backend."""
    return type(stack)(wire, name=stack.name)


@pytest.fixture
def target(stack: Stack, wire: Wire, made: str) -> Stack:
    """Return another stack to which the entry of `made` was moved."""
    target = type(stack)(wire, name="target")
    target.states["monday"] = stack.states.pop("monday")
    assert target.states["monday"].id == made
    return target


def test_stacks_with_same_name_make_separate_copies(stack: Stack, twin: Stack, source: str, made: str) -> None:
    twin.up(monday(source))
    assert own_copy(stack) == made != own_copy(twin)

    twin.destroy()

    assert only_copy(stack) == made
    assert stack.preview("monday", copy_args(source)).changes is False


def test_stack_with_same_name_does_not_resume_copies_of_other(
    service: FsxService, stack: Stack, twin: Stack, source: str
) -> None:
    killed_up(stack, monday(source), "CopyBackup", "after")
    (begun,) = copies(service)

    twin.up(monday(source))
    stack.up(monday(source))

    assert own_copy(stack) == begun != own_copy(twin)
    assert len(copies(service)) == 2


def test_stack_warns_in_each_run_about_copy_adopted_by_other(
    stack: Stack, twin: Stack, source: str, made: str, caplog: pytest.LogCaptureFixture
) -> None:
    twin.up(monday(source, adopt_backup_id=made))
    for _ in range(2):
        caplog.clear()
        stack.up(monday(source))
        assert made in caplog.text

    stack.destroy()

    assert only_copy(twin) == made


def test_moved_entry_gets_owner_id_of_new_stack(service: FsxService, target: Stack, source: str) -> None:
    assert target.preview("monday", copy_args(source)).changes

    target.up(monday(source))

    only_copy(target)
    assert effects(service) == ["TagResource"]
    assert target.preview("monday", copy_args(source)).changes is False
    target.destroy()
    assert copies(service) == []


def test_preview_without_owner_id_shows_change(wire: Wire, source: str) -> None:
    stack = Stack(wire)
    stack.up(monday(source))
    stack.owner_id = ""  # before the resource Owner is created

    assert stack.preview("monday", copy_args(source)).changes


def test_moved_entry_can_be_destroyed_before_up(service: FsxService, target: Stack) -> None:
    target.destroy()

    assert copies(service) == []


def test_moved_entry_keeps_copy_of_other_owner(
    target: Stack, twin: Stack, source: str, made: str, caplog: pytest.LogCaptureFixture
) -> None:
    twin.up(monday(source, adopt_backup_id=made))
    caplog.clear()

    target.up(monday(source))

    assert only_copy(twin) == made
    assert made in caplog.text


def test_stack_with_new_owner_id_keeps_copies(service: FsxService, stack: Stack, source: str, made: str) -> None:
    """The state has lost the old owner id."""
    stack.owner_id = new_owner_id()

    stack.up(monday(source))

    assert only_copy(stack) == made
    stack.destroy()
    assert copies(service) == []


@pytest.mark.parametrize("repair", ["refresh", "up"])
def test_destroy_refuses_until_missing_tag_is_written(
    service: FsxService, stack: Stack, source: str, made: str, repair: str
) -> None:
    write_tag(service, made, None)
    service.clock.sleep(60)  # until FSx shows all tags
    with refused(CopyError, made, "pulumi refresh"):
        stack.destroy()
    assert (copies(service), list(stack.states)) == ([made], ["monday"])

    if repair == "up":
        assert stack.preview("monday", copy_args(source)).changes
        stack.up(monday(source))
    else:
        stack.refresh()

    assert only_copy(stack) == made
    stack.destroy()
    assert copies(service) == []


def test_missing_tag_of_other_copy_is_not_written(service: FsxService, stack: Stack, source: str, made: str) -> None:
    write_tag(service, made, None)
    # FSx never changes the source of a copy, so this entry describes another copy.
    change_outputs(stack, "monday", source_backup_id="backup-0fedcba9876543210")
    service.clear_journal()

    for command in (stack.refresh, stack.destroy, lambda: stack.up(monday(source, tags={"a": "b"}))):
        with pytest.raises(InvalidStateError):
            command()

    assert effects(service) == []
    assert tag_of(service, made) is None

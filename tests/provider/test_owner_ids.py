"""Stacks with owner ids of their own, entries that move between them, and tags that are missing."""

import pytest
from pulumi_fsx_dr.copies.ownership import new_owner_id
from pulumi_fsx_dr.errors import CopyError, InvalidStateError

from simulator.fsx import FsxService
from tests.engine.checks import copies, effects, only_copy, own_copy, tag_of, write_tag
from tests.engine.stack import Stack, change_outputs, copy_args, killed_up
from tests.engine.wire import Wire


@pytest.fixture
def twin(stack: Stack, wire: Wire) -> Stack:
    """Return another stack of the same name, as in another backend."""
    return type(stack)(wire, name=stack.name)


def test_twin_stacks_have_copies_of_their_own(stack: Stack, twin: Stack, source: str) -> None:
    program = {"monday": copy_args(source)}
    stack.up(program)
    twin.up(program)
    assert own_copy(stack) != own_copy(twin)

    twin.destroy()

    only_copy(stack)
    assert stack.preview("monday", program["monday"]).changes is False


def test_twin_does_not_resume_the_copy_of_a_killed_run(
    service: FsxService, stack: Stack, twin: Stack, source: str
) -> None:
    killed_up(stack, {"monday": copy_args(source)}, "CopyBackup", "after")
    (begun,) = copies(service)

    twin.up({"monday": copy_args(source)})
    stack.up({"monday": copy_args(source)})

    assert own_copy(stack) == begun != own_copy(twin)
    assert len(copies(service)) == 2


def test_twins_with_one_copy_in_both_states_say_so(
    stack: Stack, twin: Stack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    program = {"monday": copy_args(source)}
    stack.up(program)
    twin.up({"monday": copy_args(source, adopt_backup_id=stack.states["monday"].id)})
    copy = own_copy(twin)
    for _ in range(2):
        caplog.clear()
        stack.up(program)
        assert copy in caplog.text

    stack.destroy()

    assert only_copy(twin) == copy


def test_entry_that_moved_to_another_stack_takes_that_owner_id(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    program = {"monday": copy_args(source)}
    stack.up(program)
    target = type(stack)(wire, name="target")
    target.states["monday"] = stack.states.pop("monday")
    assert target.preview("monday", program["monday"]).changes
    service.clear_journal()

    target.up(program)

    only_copy(target)
    assert effects(service) == ["TagResource"]
    assert target.preview("monday", program["monday"]).changes is False
    target.destroy()
    assert copies(service) == []


def test_preview_that_does_not_know_the_owner_id_shows_that_an_entry_moved(wire: Wire, source: str) -> None:
    stack = Stack(wire)
    stack.up({"monday": copy_args(source)})
    stack.owner_id = ""  # as long as the resource Owner is yet to be made

    assert stack.preview("monday", copy_args(source)).changes


def test_entry_that_moved_is_destroyed_without_an_up_too(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    stack.up({"monday": copy_args(source)})
    target = type(stack)(wire, name="target")
    target.states["monday"] = stack.states.pop("monday")

    target.destroy()

    assert copies(service) == []


def test_copy_that_moved_belongs_to_another_if_its_tag_says_so(
    stack: Stack, twin: Stack, wire: Wire, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack.up({"monday": copy_args(source)})
    twin.up({"monday": copy_args(source, adopt_backup_id=stack.states["monday"].id)})
    target = type(stack)(wire, name="target")
    target.states["monday"] = stack.states.pop("monday")
    caplog.clear()

    target.up({"monday": copy_args(source)})

    assert only_copy(twin) in caplog.text


def test_stack_with_a_new_owner_id_keeps_its_copies(service: FsxService, stack: Stack, source: str) -> None:
    """The old one was lost from the state."""
    program = {"monday": copy_args(source)}
    stack.up(program)
    copy = stack.states["monday"].id
    stack.owner_id = new_owner_id()

    stack.up(program)

    assert only_copy(stack) == copy
    stack.destroy()
    assert copies(service) == []


# --- missing tags -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("repair", ["refresh", "up"])
def test_missing_tag_is_written_again_and_until_then_destroy_refuses(
    service: FsxService, stack: Stack, source: str, repair: str
) -> None:
    program = {"monday": copy_args(source, tags={"team": "storage"})}
    stack.up(program)
    copy = stack.states["monday"].id
    write_tag(service, copy, None)
    service.clock.sleep(60)  # FSx shows tags by now
    with pytest.raises(CopyError, match="pulumi refresh"):
        stack.destroy()
    assert (copies(service), list(stack.states)) == ([copy], ["monday"])

    if repair == "up":
        assert stack.preview("monday", program["monday"]).changes
        stack.up(program)
    else:
        stack.refresh()

    assert only_copy(stack) == copy
    stack.destroy()
    assert copies(service) == []


def test_missing_tag_of_a_copy_that_is_not_ours_in_fact_is_not_written(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})
    copy = stack.states["monday"].id
    write_tag(service, copy, None)
    # FSx never changes it; so the state is another one's.
    change_outputs(stack, "monday", source_backup_id="backup-0fedcba9876543210")
    service.clear_journal()

    for command in (stack.refresh, stack.destroy, lambda: stack.up({"monday": copy_args(source, tags={"a": "b"})})):
        with pytest.raises(InvalidStateError):
            command()

    assert effects(service) == []
    assert tag_of(service, copy) is None

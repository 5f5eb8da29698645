"""A replacement makes a new copy before the old one goes, and never deletes the copy that the live entry has."""

import pytest
from pulumi_fsx_dr.errors import AccessDeniedError, CopyError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, effects, only_copy, out_of_time, own_copy, tag_of
from tests.engine.stack import Stack, copy_args, killed_up
from tests.engine.wire import Killed


def generation(stack: Stack) -> int:
    own = tag_of(stack.wire.service, stack.states["monday"].id)
    assert own
    return own.token.generation


@pytest.fixture
def first(stack: Stack, source: str) -> str:
    """Return the id of the stack's one copy, `monday`."""
    stack.up({"monday": copy_args(source)})
    stack.wire.service.clear_journal()
    return stack.states["monday"].id


# --- --replace --------------------------------------------------------------------------------------------------------


def test_replace_makes_a_new_copy_where_the_ids_in_the_state_are_known(
    service: FsxService, stack: Stack, source: str, first: str
) -> None:
    """Elsewhere the same copy stays, under another generation."""
    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert (only_copy(stack) != first) is stack.knows_state
    assert effects(service) == (["CopyBackup", "DeleteBackup"] if stack.knows_state else ["TagResource"])


def test_each_replacement_takes_another_generation(stack: Stack, source: str, first: str) -> None:
    generations = {generation(stack)}
    for _ in range(2):
        stack.up({"monday": copy_args(source)}, replacing=["monday"])
        generations.add(generation(stack))

    assert len(generations) == 3
    assert (only_copy(stack) != first) is stack.knows_state


def test_replace_with_other_tags_has_those_tags(service: FsxService, stack: Stack, source: str, first: str) -> None:
    stack.up({"monday": copy_args(source, tags={"team": "b"})}, replacing=["monday"])

    assert service.backup(AWAY, only_copy(stack))["tags"]["team"] == "b"
    assert (stack.states["monday"].id != first) is stack.knows_state


@pytest.mark.parametrize("moment", ["create is not saved", "delete is not begun", "delete is not saved"])
def test_killed_replacement_leaves_the_live_entry_its_copy(stack: Stack, source: str, first: str, moment: str) -> None:
    """The next run deletes first what is pending deletion, and then does the rest."""
    program, run = {"monday": copy_args(source)}, stack.run()
    if moment == "create is not saved":
        stack.before_writing = run.kill
        with pytest.raises(Killed):
            stack.up(program, replacing=["monday"], run=run)
    elif moment == "delete is not begun":
        stack.register(run, "monday", program["monday"], replacing=True)
    else:
        stack.wire.at_call["DeleteBackup" if stack.knows_state else "DescribeBackups", "after"] = lambda: None
        stack.register(run, "monday", program["monday"], replacing=True)
        pending = list(stack.replaced)
        stack.delete_replaced(run)
        stack.replaced = pending
    stack.wire.at_call.clear()

    stack.wire.clock.sleep(60)  # FSx shows tags by now
    next_run = stack.run()
    stack.delete_replaced(next_run)
    stack.up(program, run=next_run)

    assert own_copy(stack) in copies(stack.wire.service)
    if moment == "create is not saved":
        assert stack.states["monday"].id == first
        stack.up(program, replacing=["monday"])
    only_copy(stack)
    assert stack.preview("monday", program["monday"]).changes is False


def test_replacing_an_unfinished_copy_never_deletes_the_one_that_is_in_the_state(
    service: FsxService, stack: Stack, source: str
) -> None:
    out_of_time(stack, {"monday": copy_args(source)})
    unfinished = stack.states["monday"].id
    service.finish_copies()

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert (only_copy(stack) != unfinished) is stack.knows_state
    assert stack.replaced == []


def test_replacement_of_an_unfinished_copy_that_runs_out_of_time_too_is_finished(
    service: FsxService, stack: Stack, source: str
) -> None:
    out_of_time(stack, {"monday": copy_args(source)})
    out_of_time(stack, {"monday": copy_args(source)}, replacing=("monday",))
    second = stack.states["monday"].id
    assert len(copies(service)) == (2 if stack.knows_state else 1)
    service.finish_copies()

    stack.up({"monday": copy_args(source)})

    assert only_copy(stack) == second


def test_unfinished_copy_whose_replacement_was_killed_is_finished_by_the_next_up(
    service: FsxService, stack: Stack, source: str
) -> None:
    out_of_time(stack, {"monday": copy_args(source)})
    unfinished = stack.states["monday"].id
    killed_up(stack, {"monday": copy_args(source)}, "DescribeBackups", "after", replacing=["monday"])
    service.finish_copies()

    stack.up({"monday": copy_args(source)})

    assert only_copy(stack) == unfinished


# --- another key, Region or name --------------------------------------------------------------------------------------


def test_new_key_is_copied_with_before_the_old_copy_goes(
    service: FsxService, stack: Stack, source: str, first: str, key: str
) -> None:
    stack.up({"monday": copy_args(source, kms_key_id=key)})

    assert only_copy(stack) != first
    assert stack.states["monday"].outputs["kms_key_arn"] == key
    assert effects(service) == ["CopyBackup", "DeleteBackup"]


def test_new_name_and_new_key_in_one_up_replace_the_copy(
    service: FsxService, stack: Stack, source: str, first: str, key: str
) -> None:
    stack.up({"renamed": copy_args(source, kms_key_id=key)})

    assert only_copy(stack, "renamed") != first
    assert stack.preview("renamed", copy_args(source, kms_key_id=key)).changes is False
    stack.destroy()
    assert copies(service) == []


def test_another_region_gets_its_copy_before_the_old_region_loses_its_own(
    service: FsxService, stack: Stack, source: str, first: str
) -> None:
    stack.up({"monday": copy_args(source, region="eu-north-1")})

    assert service.backup(AWAY, first)["deleted"]
    assert [copy["id"] for copy in service.backups("eu-north-1")] == [stack.states["monday"].id]
    assert [backup["id"] for backup in service.backups(HOME)] == [source]


def test_old_copy_stays_if_the_new_one_fails(
    service: FsxService, stack: Stack, source: str, first: str, key: str
) -> None:
    service.fail_copies("no luck")

    with pytest.raises(CopyError):
        stack.up({"monday": copy_args(source, kms_key_id=key)})

    assert only_copy(stack) == first


def test_old_copy_goes_only_after_the_new_one_is_finished(
    service: FsxService, stack: Stack, source: str, first: str, key: str
) -> None:
    program = {"monday": copy_args(source, kms_key_id=key)}
    out_of_time(stack, program)
    assert first in copies(service)
    service.finish_copies()

    stack.up(program)

    assert only_copy(stack) != first


def test_renamed_resource_gets_a_copy_of_its_own_before_the_old_one_goes(stack: Stack, source: str, first: str) -> None:
    stack.up({"first-of-week": copy_args(source)})

    assert only_copy(stack, "first-of-week") != first


def test_renamed_resource_that_adopts_its_copy_keeps_it(stack: Stack, source: str, first: str) -> None:
    stack.up({"renamed": copy_args(source, adopt_backup_id=first)})

    assert only_copy(stack, "renamed") == first


def test_of_two_entries_with_one_copy_the_one_that_owns_it_deletes_it(
    service: FsxService, stack: Stack, source: str, first: str, caplog: pytest.LogCaptureFixture
) -> None:
    program = {"monday": copy_args(source), "again": copy_args(source, adopt_backup_id=first)}
    stack.up(program)

    stack.up({"again": program["again"]})

    assert only_copy(stack, "again") == first
    assert f"{first} in {AWAY} was not deleted" in caplog.text
    stack.destroy()
    assert copies(service) == []


@pytest.mark.parametrize("end", ["in the same run", "killed", "may not tag"])
def test_replacing_an_adopted_copy_keeps_it(service: FsxService, stack: Stack, source: str, end: str) -> None:
    other = Stack(stack.wire, name="other")
    other.up({"theirs": copy_args(source)})
    theirs = other.states["theirs"].id
    program = {"monday": copy_args(source, adopt_backup_id=theirs)}
    stack.up(program)
    run = stack.run()
    if end == "may not tag":
        fault = service.add_fault("access_denied", "TagResource")
        with pytest.raises(AccessDeniedError):
            stack.register(run, "monday", program["monday"], replacing=True)
        service.lift_fault(fault)
    else:
        stack.register(run, "monday", program["monday"], replacing=True)

    stack.delete_replaced(run if end == "in the same run" else stack.run())
    stack.up(program)

    assert only_copy(stack) == theirs


# --- FSx may show tags late, and need not tell them in an answer ------------------------------------------------------


@pytest.mark.parametrize("seconds", [1, 1000])
def test_tags_that_show_late_let_no_former_entry_delete_an_adopted_copy(
    service: FsxService, stack: Stack, source: str, first: str, seconds: float
) -> None:
    service.configure(tags_shown_after_seconds=seconds)

    stack.up({"renamed": copy_args(source, adopt_backup_id=first)})

    assert copies(service) == [first] == [stack.states["renamed"].id]


@pytest.mark.parametrize("seconds", [0, 1000])
@pytest.mark.parametrize("tells_tags", [True, False])
def test_late_tags_let_no_replacement_delete_the_live_copy(
    service: FsxService, stack: Stack, source: str, seconds: float, *, tells_tags: bool
) -> None:
    service.configure(copy_tells_tags=tells_tags, tags_shown_after_seconds=seconds)
    stack.up({"monday": copy_args(source)})

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert stack.states["monday"].id in copies(service)

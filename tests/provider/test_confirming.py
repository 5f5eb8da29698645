"""A copy is recorded by the program once the state holds it, so that a kill at any moment leaves one that is found."""

import socket
from collections.abc import Iterable
from dataclasses import replace

import pytest
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Pending, Recorded, new_nonce, parse_mark
from pulumi_fsx_dr.errors import CopyError
from pulumi_fsx_dr.session.told import TOLD

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY
from tests.provider.deploying import Killed, Program, Stack, When, Wire, copy_args, killed_up


@pytest.fixture
def stack(wire: Wire) -> Stack:
    """Return an empty stack with a program that records its copies."""
    return Stack(wire, confirms=True)


def copies(service: FsxService) -> list[str]:
    return [copy["id"] for copy in service.backups(AWAY)]


def mark(service: FsxService, backup_id: str) -> Pending | Recorded | None:
    return parse_mark(service.backup(AWAY, backup_id)["tags"].get(MARK_TAG))


def killed_before_the_program_records(stack: Stack, program: Program) -> str:
    """End a run right after the engine has written its copy down, and return the copy."""
    run = stack.run()
    stack.before_writing = lambda: stack.wire.at_call.update({("TagResource", "before"): run.kill})
    with pytest.raises(Killed):
        stack.up(program, run=run)
    return stack.states["monday"].id


def killed_before_the_engine_writes(stack: Stack, program: Program, *, replacing: Iterable[str] = ()) -> None:
    """End a run right after a create has answered."""
    run = stack.run()
    stack.before_writing = run.kill
    with pytest.raises(Killed):
        stack.up(program, replacing=replacing, run=run)


def killed_while_copying(stack: Stack, program: Program) -> None:
    killed_up(stack, program, "CopyBackup", "after")


def out_of_time(service: FsxService, stack: Stack, program: Program) -> None:
    """Run `pulumi up` until its copy has run out of time; afterwards the copy ends."""
    service.set_copy_seconds(10_000)
    stack.timeouts = {"create": 3.0}
    with pytest.raises(CopyError):
        stack.up(program)
    stack.timeouts = {}
    service.finish_copies()
    service.set_copy_seconds(10)


def test_the_mark_says_recorded_under_the_nonce_in_the_state(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})

    made = stack.states["monday"]
    recorded = mark(service, made.id)
    assert isinstance(recorded, Recorded)
    assert (recorded.nonce, recorded.identity) == (made.outputs["nonce"], "files/prod/monday")
    effects = [e["action"] for e in service.journal(AWAY) if e["action"] != "DescribeBackups"]
    assert effects == ["CopyBackup", "TagResource", "TagResource"], "the first claims it before other engines"


def test_what_the_program_tells_is_no_argument_and_never_in_the_state(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})

    assert TOLD not in stack.states["monday"].inputs
    assert TOLD not in stack.states["monday"].outputs
    assert stack.preview("monday", copy_args(source)).changes is False
    assert len(copies(service)) == 1


def test_a_run_killed_before_the_engine_has_written_is_resumed(service: FsxService, stack: Stack, source: str) -> None:
    killed_before_the_engine_writes(stack, {"monday": copy_args(source)})
    (made,) = copies(service)

    stack.up({"monday": copy_args(source)})

    assert copies(service) == [made] == [stack.states["monday"].id]
    assert isinstance(mark(service, made), Recorded)


def test_a_replacement_killed_before_the_engine_has_written_is_resumed_and_keeps_the_old_copy_till_then(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})
    first = stack.states["monday"].id
    killed_before_the_engine_writes(stack, {"monday": copy_args(source)}, replacing=["monday"])
    (second,) = set(copies(service)) - {first}

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert copies(service) == [second] == [stack.states["monday"].id]


def test_a_copy_that_was_written_but_not_recorded_is_no_change_and_is_deleted_by_its_state(
    service: FsxService, stack: Stack, source: str
) -> None:
    made = killed_before_the_program_records(stack, {"monday": copy_args(source)})

    assert isinstance(mark(service, made), Pending)
    assert stack.preview("monday", copy_args(source)).changes is False
    stack.destroy()
    assert copies(service) == []


@pytest.mark.parametrize("heal", ["refresh", "update"])
def test_a_copy_that_was_written_but_not_recorded_is_recorded_by_whatever_looks_at_it_next(
    service: FsxService, stack: Stack, source: str, heal: str
) -> None:
    made = killed_before_the_program_records(stack, {"monday": copy_args(source)})

    if heal == "refresh":
        stack.refresh()
    else:
        stack.up({"monday": copy_args(source, tags={"team": "b"})})

    recorded = mark(service, made)
    assert isinstance(recorded, Recorded)
    assert recorded.nonce == stack.states["monday"].outputs["nonce"]


def test_refresh_without_permission_to_tag_still_reads(service: FsxService, stack: Stack, source: str) -> None:
    made = killed_before_the_program_records(stack, {"monday": copy_args(source)})
    service.add_fault("access_denied", "TagResource")

    stack.refresh()

    assert stack.states["monday"].id == made


def test_replacing_a_copy_that_was_not_recorded_makes_another_before_it_goes(
    service: FsxService, stack: Stack, source: str
) -> None:
    """Handed out again, two entries of the state would hold it, and the engine would delete it with the older one."""
    made = killed_before_the_program_records(stack, {"monday": copy_args(source)})
    service.clear_journal()

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert copies(service) == [stack.states["monday"].id] != [made]
    effects = [e["action"] for e in service.journal(AWAY) if e["action"] != "DescribeBackups"]
    assert effects == ["CopyBackup", "TagResource", "TagResource", "DeleteBackup"], "claimed, then recorded"


def test_an_unfinished_copy_whose_update_the_engine_makes_a_replacement_is_not_handed_out_again(
    service: FsxService, stack: Stack, source: str
) -> None:
    """With replace_on_changes=["*"] the engine calls create where diff has found an update."""
    program = {"monday": copy_args(source)}
    out_of_time(service, stack, program)
    unfinished = stack.states["monday"].id
    run, stack.nonce = stack.run(), new_nonce()
    stack.diff(run, "monday", stack.check(run, "monday", stack.states["monday"].inputs, program["monday"]))
    stack.create(run, "monday", stack.check(run, "monday", {}, program["monday"]))
    assert stack.states["monday"].id != unfinished

    stack.up(program)

    assert copies(service) == [stack.states["monday"].id] != [unfinished]


def test_the_next_up_records_what_an_ended_program_could_not(service: FsxService, stack: Stack, source: str) -> None:
    made = killed_before_the_program_records(stack, {"monday": copy_args(source)})

    stack.up({"monday": copy_args(source)})

    recorded = mark(service, made)
    assert isinstance(recorded, Recorded)
    assert recorded.nonce == stack.states["monday"].outputs["nonce"]
    assert stack.warnings == []


def test_a_renamed_copy_that_was_not_recorded_is_none_of_the_next_resource_of_its_old_name(
    service: FsxService, stack: Stack, source: str, key: str
) -> None:
    made = killed_before_the_program_records(stack, {"monday": copy_args(source)})
    stack.states["tuesday"] = stack.states.pop("monday")  # with an alias
    stack.up({"tuesday": copy_args(source)})

    stack.up({"monday": copy_args(source, kms_key_id=key), "tuesday": copy_args(source)})

    assert stack.states["tuesday"].id == made
    assert set(copies(service)) == {made, stack.states["monday"].id}


def test_a_replacement_that_was_cut_off_and_taken_back_leaves_a_copy_that_is_named(
    service: FsxService, stack: Stack, source: str
) -> None:
    program = {"monday": copy_args(source)}
    made = killed_before_the_program_records(stack, program)
    killed_before_the_engine_writes(stack, program, replacing=["monday"])
    (left,) = set(copies(service)) - {made}

    stack.up(program)
    stack.destroy()

    assert copies(service) == [left]
    (warning,) = stack.warnings
    assert warning.startswith(f"{left} in {AWAY}, a copy of {source}, was left behind by an interrupted run")


def test_a_listing_that_still_shows_a_deleted_copy_makes_a_new_one(
    service: FsxService, stack: Stack, source: str
) -> None:
    """With delete_before_replace the old copy is gone by then, and the Region may have been listed before."""
    made = killed_before_the_program_records(stack, {"monday": copy_args(source)})
    run = stack.run()
    stack.register(run, "tuesday", copy_args(source))
    stack.destroy_one(run, "monday")

    stack.register(run, "monday", copy_args(source))

    assert set(copies(service)) == {stack.states["monday"].id, stack.states["tuesday"].id}
    assert stack.states["monday"].id != made


def test_a_change_that_was_cut_off_and_taken_back_leaves_a_copy_that_is_named(
    service: FsxService, stack: Stack, source: str, key: str
) -> None:
    stack.up({"monday": copy_args(source)})
    killed_while_copying(stack, {"monday": copy_args(source, kms_key_id=key)})
    (left,) = set(copies(service)) - {stack.states["monday"].id}

    stack.up({"monday": copy_args(source)})

    (warning,) = stack.warnings
    assert warning.startswith(f"{left} in {AWAY}, a copy of {source}, was left behind by an interrupted run, and noth")
    assert left in copies(service)


def test_after_a_rename_of_the_stack_the_mark_speaks_of_its_new_name(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})
    made = stack.states["monday"]
    before = mark(service, made.id)
    stack.name = "renamed"
    service.clear_journal()

    for _ in range(2):
        stack.up({"monday": copy_args(source)})

    assert isinstance(before, Recorded)
    assert mark(service, made.id) == replace(before, identity="files/renamed/monday")
    assert len(service.journal(AWAY, "TagResource")) == 1


def test_an_unchanged_copy_of_a_region_that_does_not_answer_is_left_as_it_is(
    service: FsxService, stack: Stack, source: str
) -> None:
    killed_before_the_program_records(stack, {"monday": copy_args(source)})
    service.darken(AWAY)

    stack.up({"monday": copy_args(source)})

    assert stack.warnings == []


@pytest.mark.parametrize("replacing", [(), ("monday",)])
def test_a_copy_for_another_key_never_costs_the_one_in_the_state_before_it_is_written_itself(
    service: FsxService, stack: Stack, source: str, key: str, replacing: tuple[str, ...]
) -> None:
    """With --replace the create is told of no state, so what it finds pending may be what the state points to."""
    first = killed_before_the_program_records(stack, {"monday": copy_args(source)})
    killed_before_the_engine_writes(stack, {"monday": copy_args(source, kms_key_id=key)}, replacing=replacing)
    assert first in copies(service)

    stack.up({"monday": copy_args(source, kms_key_id=key)}, replacing=replacing)

    assert copies(service) == [stack.states["monday"].id] != [first]


def test_what_was_started_with_another_key_is_named_and_not_deleted(
    service: FsxService, stack: Stack, source: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It may have been moved into another stack's state since."""
    killed_while_copying(stack, {"monday": copy_args(source)})
    (begun,) = copies(service)
    service.clear_journal()

    stack.up({"monday": copy_args(source, kms_key_id=key)})

    assert set(copies(service)) == {begun, stack.states["monday"].id}
    effects = [e["action"] for e in service.journal(AWAY) if e["action"] != "DescribeBackups"]
    assert "DeleteBackup" not in effects
    assert effects[0] == "CopyBackup"
    assert f"{begun} in {AWAY}, a copy of {source}, was left behind by an interrupted run" in caplog.text


def test_an_adopted_copy_keeps_its_mark_until_the_state_holds_it(
    service: FsxService, stack: Stack, source: str
) -> None:
    other = Stack(stack.wire, name="other", confirms=True)
    other.up({"theirs": copy_args(source)})
    made = other.states["theirs"].id
    before = service.backup(AWAY, made)["tags"]
    program = {"monday": copy_args(source, adopt_backup_id=made, tags={"team": "a"})}
    killed_before_the_engine_writes(stack, program)
    assert service.backup(AWAY, made)["tags"] == before

    stack.up(program)

    recorded = mark(service, made)
    assert isinstance(recorded, Recorded)
    assert recorded.nonce == stack.states["monday"].outputs["nonce"]
    assert service.backup(AWAY, made)["tags"]["team"] == "a"


def test_a_create_that_failed_may_be_asked_again_without_a_check(
    service: FsxService, stack: Stack, source: str
) -> None:
    run, stack.nonce = stack.run(), new_nonce()
    inputs = stack.check(run, "monday", {}, copy_args(source))
    service.fail_copies("no luck")
    with pytest.raises(CopyError):
        stack.create(run, "monday", inputs)

    stack.create(run, "monday", inputs)

    assert stack.states["monday"].outputs["nonce"] == stack.nonce
    assert isinstance(mark(service, stack.states["monday"].id), Pending), "the program will record it"


def test_after_a_ctrl_c_nobody_but_create_can_record_the_copies_that_are_under_way(
    service: FsxService, stack: Stack, source: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as program:
        stack.presence = f"127.0.0.1:{program.getsockname()[1]}"
    run, stack.nonce = stack.run(), new_nonce()

    stack.create(run, "monday", stack.check(run, "monday", {}, copy_args(source)))

    recorded = mark(service, stack.states["monday"].id)
    assert isinstance(recorded, Recorded)
    assert recorded.nonce == stack.nonce == stack.states["monday"].outputs["nonce"]


def test_a_copy_that_ran_out_of_time_is_recorded_at_once_and_no_other_state_picks_it_up(
    service: FsxService, stack: Stack, source: str
) -> None:
    program = {"monday": copy_args(source)}
    out_of_time(service, stack, program)
    kept = stack.states["monday"]
    recorded = mark(service, kept.id)
    assert isinstance(recorded, Recorded)
    assert recorded.nonce == kept.outputs["nonce"]
    other_backend = Stack(stack.wire, confirms=True)

    other_backend.up(program)

    assert other_backend.states["monday"].id != kept.id


def test_a_copy_that_ran_out_of_time_is_finished_by_the_state_that_kept_it(
    service: FsxService, stack: Stack, source: str
) -> None:
    program = {"monday": copy_args(source)}
    out_of_time(service, stack, program)
    kept = stack.states["monday"].id

    stack.up(program)

    assert copies(service) == [kept] == [stack.states["monday"].id]
    assert (stack.states["monday"].errors, stack.warnings) == ((), [])


def test_an_unchanged_copy_that_bears_another_s_mark_is_named_and_its_mark_left(
    service: FsxService, stack: Stack, source: str
) -> None:
    program = {"monday": copy_args(source)}
    stack.up(program)
    made = stack.states["monday"].id
    other = Stack(stack.wire, name="other", confirms=True)
    other.up({"theirs": copy_args(source, adopt_backup_id=made)})

    stack.up(program)

    assert stack.warnings == [
        (
            f"{made} in {AWAY} bears the mark of another resource or run (files/other/theirs), and this state holds it "
            "too: remove it from one of the two; the one whose mark it bears can delete it."
        )
    ]
    assert isinstance(recorded := mark(service, made), Recorded)
    assert recorded.nonce == other.states["theirs"].outputs["nonce"]


def test_resumed_copies_get_the_tags_that_are_wanted_now(service: FsxService, stack: Stack, source: str) -> None:
    killed_while_copying(stack, {"monday": copy_args(source, tags={"team": "a"})})

    stack.up({"monday": copy_args(source, tags={"team": "b"})})

    assert stack.states["monday"].outputs["tags_all"] == {"team": "b"}
    assert service.backup(AWAY, stack.states["monday"].id)["tags"]["team"] == "b"


def test_a_run_killed_while_the_engine_is_told_to_keep_a_copy_leaves_one_that_the_next_finds_or_names(
    service: FsxService, stack: Stack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    program, run = {"monday": copy_args(source)}, stack.run()
    service.set_copy_seconds(10_000)
    stack.timeouts = {"create": 3.0}
    tagged: tuple[str, When] = ("TagResource", "after")
    stack.wire.at_call[tagged] = lambda: stack.wire.at_call.update({tagged: run.kill})  # after the claim, the record
    with pytest.raises(Killed):
        stack.up(program, run=run)
    (kept,) = copies(service)
    assert stack.states == {}
    service.finish_copies()
    service.set_copy_seconds(10)
    stack.timeouts = {}

    for _ in range(2):
        stack.up(program)

    assert stack.states["monday"].id == kept or kept in f"{stack.warnings} {caplog.text}"

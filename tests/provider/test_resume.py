"""Whatever ends a run, the next one resumes its copy and makes no second one."""

from copy import deepcopy
from typing import Any

import pytest
from pulumi_fsx_dr import provider
from pulumi_fsx_dr.copies.copy import UnfinishedCopyError
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import CallCancelledError, CopyError, ServiceError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, only_copy, out_of_time, own_copy
from tests.engine.process import Properties
from tests.engine.stack import Stack, copy_args, killed_up
from tests.engine.wire import Killed, When


def killed_while_copying(stack: Stack, program: dict[str, Properties]) -> None:
    """Run `pulumi up` and kill it at the first look at the running copy."""
    run = stack.run()
    stack.wire.at_call["CopyBackup", "after"] = lambda: stack.wire.at_call.update(
        {("DescribeBackups", "after"): run.kill}
    )
    with pytest.raises(CallCancelledError):
        stack.up(program, run=run)
    stack.wire.at_call.clear()


def killed_before_saving(stack: Stack, program: dict[str, Properties], **options: Any) -> None:
    """Run `pulumi up` and kill it after create's answer, before the engine has saved it."""
    run = stack.run()
    stack.before_writing = run.kill
    with pytest.raises(Killed):
        stack.up(program, run=run, **options)


@pytest.mark.parametrize(
    ("action", "when"), [("DescribeBackups", "before"), ("CopyBackup", "before"), ("CopyBackup", "after")]
)
def test_killed_run_is_resumed_by_the_next_one(stack: Stack, source: str, action: str, when: When) -> None:
    killed_up(stack, {"monday": copy_args(source)}, action, when)

    stack.up({"monday": copy_args(source)})

    only_copy(stack)


def test_finished_copy_that_the_engine_never_saved_is_resumed(service: FsxService, stack: Stack, source: str) -> None:
    killed_before_saving(stack, {"monday": copy_args(source)})
    (made,) = copies(service)

    stack.up({"monday": copy_args(source)})

    assert only_copy(stack) == made
    assert service.counts(AWAY)["CopyBackup"] == 1
    assert stack.preview("monday", copy_args(source)).changes is False
    stack.destroy()
    assert copies(service) == []


def test_old_checkpoint_makes_no_second_copy(service: FsxService, stack: Stack, source: str) -> None:
    """Yesterday's state knows the owner id, and nothing of today's copies."""
    (file_system,) = service.file_systems(HOME)
    second = service.seed_backup(HOME, file_system["FileSystemId"])
    yesterday = {"monday": copy_args(source)}
    today = {**yesterday, "tuesday": copy_args(second), "again": copy_args(source)}
    stack.up(yesterday)
    checkpoint = deepcopy(stack.states)
    stack.up(today)
    made = {name: state.id for name, state in stack.states.items()}
    stack.states = checkpoint

    stack.up(today)

    assert {name: own_copy(stack, name) for name in today} == made
    assert sorted(copies(service)) == sorted(made.values())
    stack.destroy()
    assert copies(service) == []


def test_old_checkpoint_from_before_a_rename_makes_no_second_copy(
    service: FsxService, stack: Stack, source: str
) -> None:
    """The tag has the token of another name; only where all ids of the state are known it is nobody else's."""
    stack.up({"monday": copy_args(source)})
    made, stack.states = stack.states["monday"].id, {}

    stack.up({"renamed": copy_args(source)})

    assert (own_copy(stack, "renamed") == made) is stack.knows_state
    assert len(copies(service)) == (1 if stack.knows_state else 2)


# --- FSx's answer proves that the copy exists, whatever a listing shows -----------------------------------------------


@pytest.mark.parametrize("late", ["listed_after_seconds", "shown_after_seconds"])
@pytest.mark.parametrize("seconds", [9.0, 100.0])
@pytest.mark.parametrize("tells_tags", [True, False])
def test_running_copy_that_no_listing_shows_is_resumed(  # noqa: PLR0913  # fixtures, and the cases
    service: FsxService, stack: Stack, source: str, late: str, seconds: float, *, tells_tags: bool
) -> None:
    service.configure(copy_tells_tags=tells_tags, **{late: seconds})
    service.set_copy_seconds(150)
    killed_up(stack, {"monday": copy_args(source)}, "CopyBackup", "after")
    service.clock.sleep(seconds * 0.8)

    stack.up({"monday": copy_args(source)})

    only_copy(stack)
    assert len({entry["token"] for entry in service.journal(AWAY, "CopyBackup")}) == 1
    stack.destroy()
    assert copies(service) == []


def test_running_copy_with_other_tags_that_no_listing_shows_is_resumed(
    service: FsxService, stack: Stack, source: str
) -> None:
    """FSx refuses the token with other parameters, so there is a copy to look for."""
    service.configure(listed_after_seconds=9.0)
    killed_up(stack, {"monday": copy_args(source, tags={"team": "a"})}, "CopyBackup", "after")

    stack.up({"monday": copy_args(source, tags={"team": "b"})})

    assert service.backup(AWAY, only_copy(stack))["tags"]["team"] == "b"
    assert [entry["error"] for entry in service.journal(AWAY, "CopyBackup")] == [None, "IncompatibleParameterError"]


def test_a_run_killed_while_copying_is_resumed_and_not_started_again(
    service: FsxService, stack: Stack, source: str
) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    (begun,) = service.backups(AWAY)

    stack.up({"monday": copy_args(source)})

    assert only_copy(stack) == begun["id"]
    assert service.counts(AWAY)["CopyBackup"] == 1


def test_a_copy_that_finished_meanwhile_is_taken_as_it_is(service: FsxService, stack: Stack, source: str) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    service.finish_copies()

    stack.up({"monday": copy_args(source)})

    only_copy(stack)
    assert service.counts(AWAY)["CopyBackup"] == 1


def test_a_copy_that_failed_meanwhile_is_made_anew_and_the_failed_one_removed(
    service: FsxService, stack: Stack, source: str
) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    service.finish_copies(failure="no luck")
    service.clock.sleep(3)  # so that nobody takes it for a new one

    stack.up({"monday": copy_args(source)})

    only_copy(stack)


def test_a_pending_copy_that_was_deleted_meanwhile_is_made_anew(service: FsxService, stack: Stack, source: str) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    (begun,) = service.backups(AWAY)
    service.remove_backup(AWAY, begun["id"])
    service.clock.sleep(3)  # so that nobody takes it for a new one

    stack.up({"monday": copy_args(source)})

    assert only_copy(stack) != begun["id"]


def test_a_resumed_copy_needs_no_source_any_more(service: FsxService, stack: Stack, source: str) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    service.remove_backup(HOME, source)

    stack.up({"monday": copy_args(source)})

    only_copy(stack)
    outputs = stack.states["monday"].outputs
    assert outputs["source_creation_time"] == outputs["creation_time"], "nothing better is known"


def test_run_after_run_may_be_killed_and_there_is_still_one_copy(stack: Stack, source: str) -> None:
    for action in ("CopyBackup", "DescribeBackups"):
        killed_up(stack, {"monday": copy_args(source)}, action, "after")
    killed_before_saving(stack, {"monday": copy_args(source)})

    stack.up({"monday": copy_args(source)})

    only_copy(stack)


@pytest.mark.parametrize("kind", ["lost", "malformed"])
def test_an_answer_that_is_lost_makes_no_second_copy(service: FsxService, stack: Stack, source: str, kind: Any) -> None:
    service.add_fault(kind, "CopyBackup", times=2)

    stack.up({"monday": copy_args(source)})

    only_copy(stack)
    assert len({entry["token"] for entry in service.journal(AWAY, "CopyBackup")}) == 1


def test_when_the_answer_stays_lost_the_next_run_finds_the_copy(service: FsxService, stack: Stack, source: str) -> None:
    fault = service.add_fault("lost", "CopyBackup")
    with pytest.raises(ServiceError, match="fsx:CopyBackup in eu-central-1 got no answer"):
        stack.up({"monday": copy_args(source)})
    service.lift_fault(fault)
    (begun,) = service.backups(AWAY)

    stack.up({"monday": copy_args(source)})

    assert only_copy(stack) == begun["id"]


def test_other_tags_after_a_crash_reach_the_copy_under_way(service: FsxService, stack: Stack, source: str) -> None:
    killed_up(stack, {"monday": copy_args(source, tags={"team": "a"})}, "CopyBackup", "after")

    stack.up({"monday": copy_args(source, tags={"team": "b"})})

    assert service.backup(AWAY, only_copy(stack))["tags"]["team"] == "b"


def test_a_copy_that_fsx_lists_too_late_to_be_resumed_is_named_by_the_next_up(
    service: FsxService, stack: Stack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a token that came with other tags FSx does not say which copy it stands for."""
    service.configure(listed_after_seconds=1000.0)
    killed_up(stack, {"monday": copy_args(source, tags={"team": "a"})}, "CopyBackup", "after")
    (begun,) = copies(service)
    program = {"monday": copy_args(source, tags={"team": "b"})}
    stack.up(program)
    assert set(copies(service)) == {begun, own_copy(stack)}
    service.clock.sleep(1000)

    stack.up(program)

    assert (f"{begun} in {AWAY}, a copy of {source}" in caplog.text) is stack.knows_state


def test_another_key_after_a_crash_makes_a_new_copy_and_names_the_one_that_was_left(
    service: FsxService, stack: Stack, source: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    (begun,) = service.backups(AWAY)
    program = {"monday": copy_args(source, kms_key_id=key)}

    stack.up(program)

    assert {copy["id"] for copy in service.backups(AWAY)} == {begun["id"], stack.states["monday"].id}
    assert stack.states["monday"].outputs["kms_key_arn"] == key
    assert (f"{begun['id']} in {AWAY}, a copy of {source}" in caplog.text) is stack.knows_state
    assert stack.preview("monday", program["monday"]).changes is False


def test_the_same_key_written_another_way_after_a_crash_is_the_same_copy(
    service: FsxService, stack: Stack, source: str, key: str
) -> None:
    killed_while_copying(stack, {"monday": copy_args(source, kms_key_id=key)})

    stack.up({"monday": copy_args(source, kms_key_id="alias/dr")})

    only_copy(stack)
    assert service.counts(AWAY)["CopyBackup"] == 1


@pytest.mark.parametrize("is_first", [True, False])
def test_copy_under_an_alias_is_resumed_although_kms_fails_for_a_while(
    service: FsxService, stack: Stack, source: str, key: str, *, is_first: bool
) -> None:
    """Without the key behind it, a run neither recognizes the copy nor asks with the same token."""
    program = {"monday": copy_args(source, kms_key_id="alias/dr")}
    if is_first:
        service.add_fault("throttled", "DescribeKey", service="kms", seconds=30)
    killed_up(stack, program, "CopyBackup", "after")
    if not is_first:
        service.add_fault("throttled", "DescribeKey", service="kms", seconds=30)

    stack.up(program)

    only_copy(stack)
    assert stack.states["monday"].outputs["kms_key_arn"] == key


def test_a_copy_that_was_left_and_that_another_stack_adopts_meanwhile_is_left_to_it(
    service: FsxService, stack: Stack, source: str, key: str
) -> None:
    other = Stack(stack.wire, name="other")
    killed_while_copying(stack, {"monday": copy_args(source)})
    (begun,) = service.backups(AWAY)
    service.finish_copies()
    run = stack.run()

    def adopted_by_the_other() -> None:
        other.up({"mine": copy_args(source, adopt_backup_id=begun["id"])})
        provider.start(run)

    stack.wire.at_call["CopyBackup", "before"] = adopted_by_the_other

    stack.up({"monday": copy_args(source, kms_key_id=key)}, run=run)

    assert {copy["id"] for copy in service.backups(AWAY)} == {begun["id"], stack.states["monday"].id}


def test_another_stack_of_the_same_program_makes_its_own_copy(service: FsxService, stack: Stack, source: str) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    other = Stack(stack.wire, name="test")

    other.up({"monday": copy_args(source)})
    stack.up({"monday": copy_args(source)})

    assert other.states["monday"].id != stack.states["monday"].id
    assert len(service.backups(AWAY)) == 2


# After CopyBackup was accepted a failure is a partial one.


def test_a_copy_that_takes_too_long_is_left_running_and_the_next_run_resumes_it(
    service: FsxService, stack: Stack, source: str
) -> None:
    service.set_copy_seconds(10_000)
    stack.timeouts["create"] = 30.0

    with pytest.raises(UnfinishedCopyError):
        stack.up({"monday": copy_args(source)})

    (copy,) = service.backups(AWAY)
    kept = stack.states["monday"]
    assert (copy["lifecycle"], kept.id, len(kept.errors)) == ("COPYING", copy["id"], 1)
    assert kept.outputs["lifecycle"] == "COPYING"
    service.finish_copies()

    stack.up({"monday": copy_args(source)})

    assert only_copy(stack) == copy["id"]
    assert stack.states["monday"].errors == ()
    assert service.counts(AWAY)["CopyBackup"] == 1


def unfinished(stack: Stack, source: str, **args: Any) -> str:
    """Let a create run out of time, and return the id of the copy that the state keeps."""
    out_of_time(stack, {"monday": copy_args(source, **args)})
    return stack.states["monday"].id


def test_a_resumed_copy_may_run_out_of_time_again(service: FsxService, stack: Stack, source: str) -> None:
    begun = unfinished(stack, source)
    stack.timeouts["update"] = 30.0

    with pytest.raises(UnfinishedCopyError):
        stack.up({"monday": copy_args(source)})

    assert stack.states["monday"].id == begun
    assert stack.states["monday"].errors
    service.finish_copies()
    stack.up({"monday": copy_args(source)})
    assert only_copy(stack) == begun


def test_refreshing_does_not_hide_that_a_copy_is_unfinished(service: FsxService, stack: Stack, source: str) -> None:
    """A refresh clears the failure from the state, as the engine does for whatever can be read."""
    unfinished(stack, source)
    stack.refresh()
    service.finish_copies()

    stack.up({"monday": copy_args(source)})

    only_copy(stack)
    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"


def test_an_unfinished_copy_takes_the_tags_that_are_wanted_now(service: FsxService, stack: Stack, source: str) -> None:
    unfinished(stack, source, tags={"team": "a", "old": "x"})
    service.finish_copies()

    stack.up({"monday": copy_args(source, tags={"team": "b"})})

    tags = service.backup(AWAY, only_copy(stack))["tags"]
    assert {key: value for key, value in tags.items() if key != OWNERSHIP_TAG} == {"team": "b"}


def test_destroy_removes_an_unfinished_copy_once_it_can(service: FsxService, stack: Stack, source: str) -> None:
    unfinished(stack, source)
    stack.wire.at_call["DeleteBackup", "after"] = service.finish_copies

    stack.destroy()

    assert service.backups(AWAY) == []
    assert stack.states == {}


def test_an_unfinished_copy_that_fails_is_deleted_and_made_anew(service: FsxService, stack: Stack, source: str) -> None:
    begun = unfinished(stack, source)
    service.finish_copies(failure="no luck")
    with pytest.raises(CopyError, match="no luck"):
        stack.up({"monday": copy_args(source)})

    stack.up({"monday": copy_args(source)})

    assert only_copy(stack) != begun
    assert stack.replaced == []


def test_an_unfinished_copy_that_somebody_deleted_is_made_anew(service: FsxService, stack: Stack, source: str) -> None:
    begun = unfinished(stack, source)
    service.remove_backup(AWAY, begun)
    with pytest.raises(CopyError, match=f"{begun} in {AWAY} was deleted outside of Pulumi"):
        stack.up({"monday": copy_args(source)})

    stack.up({"monday": copy_args(source)})

    assert only_copy(stack) != begun


def test_losing_the_permission_to_look_is_a_partial_failure_that_names_it(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.wire.at_call["CopyBackup", "after"] = lambda: service.add_fault("access_denied", "DescribeBackups")

    with pytest.raises(UnfinishedCopyError, match=f"lack permission for fsx:DescribeBackups in {AWAY}"):
        stack.up({"monday": copy_args(source)})

    (copy,) = service.backups(AWAY)
    assert stack.states["monday"].id == copy["id"]
    service.lift_fault()
    stack.up({"monday": copy_args(source)})
    only_copy(stack)

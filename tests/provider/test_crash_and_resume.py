"""Whatever ends a run, the next one goes on with the copy that is under way."""

from typing import Any

import pytest
from pulumi_fsx_dr import provider
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Pending, Recorded, Token, parse_mark
from pulumi_fsx_dr.errors import CallCancelledError, CopyError, FsxDrError, ServiceError

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY, HOME
from tests.provider.conftest import COPY_SECONDS
from tests.provider.deploying import Properties, Stack, When, copy_args, killed_up
from tests.provider.plugin_stack import ON_THE_DYNAMIC_HOST


def killed_while_copying(stack: Stack, program: dict[str, Properties]) -> None:
    """Run `pulumi up` and kill it at the first look at the running copy."""
    run = stack.run()
    stack.wire.at_call["CopyBackup", "after"] = lambda: stack.wire.at_call.update(
        {("DescribeBackups", "after"): run.kill}
    )
    with pytest.raises(CallCancelledError):
        stack.up(program, run=run)
    stack.wire.at_call.clear()


def only_copy(service: FsxService, stack: Stack) -> Any:
    """Return the one copy there is, which is the one the state holds and is recorded as its own."""
    (copy,) = service.backups(AWAY)
    (state,) = stack.states.values()
    mark = parse_mark(copy["tags"][MARK_TAG])
    assert isinstance(mark, Recorded)
    assert (copy["id"], copy["lifecycle"], mark.nonce) == (state.id, "AVAILABLE", state.outputs["nonce"])
    return copy


@pytest.mark.parametrize(
    ("action", "when"),
    [
        ("DescribeBackups", "before"),
        ("CopyBackup", "before"),
        ("CopyBackup", "after"),
        ("TagResource", "before"),
    ],
)
def test_a_killed_run_is_resumed_by_the_next_one(
    service: FsxService, stack: Stack, source: str, action: str, when: When
) -> None:
    killed_up(stack, {"monday": copy_args(source)}, action, when)

    stack.up({"monday": copy_args(source)})

    only_copy(service, stack)


def test_a_run_killed_while_copying_is_resumed_and_not_started_again(
    service: FsxService, stack: Stack, source: str
) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    (begun,) = service.backups(AWAY)

    stack.up({"monday": copy_args(source)})

    assert only_copy(service, stack)["id"] == begun["id"]
    assert service.counts(AWAY)["CopyBackup"] == 1


def test_a_copy_that_finished_meanwhile_is_taken_as_it_is(service: FsxService, stack: Stack, source: str) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    service.finish_copies()

    stack.up({"monday": copy_args(source)})

    only_copy(service, stack)
    assert service.counts(AWAY)["CopyBackup"] == 1


def test_a_copy_that_failed_meanwhile_is_made_anew_and_the_failed_one_removed(
    service: FsxService, stack: Stack, source: str
) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    service.finish_copies(failure="no luck")

    stack.up({"monday": copy_args(source)})

    only_copy(service, stack)


def test_a_pending_copy_that_was_deleted_meanwhile_is_made_anew(service: FsxService, stack: Stack, source: str) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    (begun,) = service.backups(AWAY)
    service.remove_backup(AWAY, begun["id"])

    stack.up({"monday": copy_args(source)})

    assert only_copy(service, stack)["id"] != begun["id"]


def test_a_resumed_copy_needs_no_source_any_more(service: FsxService, stack: Stack, source: str) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    made = service.backup(HOME, source)["created"]
    service.remove_backup(HOME, source)

    stack.up({"monday": copy_args(source)})

    mark = parse_mark(only_copy(service, stack)["tags"][MARK_TAG])
    assert mark is not None
    assert mark.source_creation_time is not None
    assert mark.source_creation_time.timestamp() == made


def test_run_after_run_may_be_killed_and_there_is_still_one_copy(
    service: FsxService, stack: Stack, source: str
) -> None:
    for action in ("CopyBackup", "TagResource", "TagResource"):
        killed_up(stack, {"monday": copy_args(source)}, action, "before" if action == "TagResource" else "after")

    stack.up({"monday": copy_args(source)})

    only_copy(service, stack)


@pytest.mark.parametrize("kind", ["lost", "malformed"])
@pytest.mark.parametrize("action", ["CopyBackup", "TagResource"])
def test_an_answer_that_is_lost_makes_no_second_copy(
    service: FsxService, stack: Stack, source: str, action: str, kind: Any
) -> None:
    service.add_fault(kind, action, times=2)

    stack.up({"monday": copy_args(source)})

    only_copy(service, stack)
    assert len({entry["token"] for entry in service.journal(AWAY, "CopyBackup")}) == 1


def test_when_the_answer_stays_lost_the_next_run_finds_the_copy(service: FsxService, stack: Stack, source: str) -> None:
    fault = service.add_fault("lost", "CopyBackup")
    with pytest.raises(ServiceError, match="fsx:CopyBackup in eu-central-1 got no answer"):
        stack.up({"monday": copy_args(source)})
    service.lift_fault(fault)
    (begun,) = service.backups(AWAY)

    stack.up({"monday": copy_args(source)})

    assert only_copy(service, stack)["id"] == begun["id"]


def test_other_tags_after_a_crash_reach_the_copy_under_way(service: FsxService, stack: Stack, source: str) -> None:
    killed_up(stack, {"monday": copy_args(source, tags={"team": "a"})}, "CopyBackup", "after")

    stack.up({"monday": copy_args(source, tags={"team": "b"})})

    assert only_copy(service, stack)["tags"]["team"] == "b"


def test_a_token_that_came_with_other_tags_leads_to_its_pending_copy(
    service: FsxService, stack: Stack, source: str
) -> None:
    """The copy was not there yet when this run looked for it, so only FSx's refusal tells."""
    killed_up(stack, {"monday": copy_args(source, tags={"team": "a"})}, "CopyBackup", "after")
    (begun,) = service.backups(AWAY)
    run = stack.run()
    hidden = begun["tags"]
    service.set_tags(AWAY, begun["id"], {})
    stack.wire.at_call["CopyBackup", "before"] = lambda: service.set_tags(AWAY, begun["id"], hidden)

    stack.up({"monday": copy_args(source, tags={"team": "b"})}, run=run)

    copy = only_copy(service, stack)
    assert (copy["id"], copy["tags"]["team"]) == (begun["id"], "b")
    assert [entry["error"] for entry in service.journal(AWAY, "CopyBackup")] == [None, "IncompatibleParameterError"]


def test_a_copy_that_fsx_shows_too_late_to_be_resumed_is_named_by_the_next_up(
    service: FsxService, stack: Stack, source: str
) -> None:
    """Nobody can tell whether another state holds it."""
    stack.confirms = True
    killed_up(stack, {"monday": copy_args(source, tags={"team": "a"})}, "CopyBackup", "after")
    (begun,) = service.backups(AWAY)
    service.set_tags(AWAY, begun["id"], {})

    def shown_once_the_next_generation_runs() -> None:
        stack.wire.at_call["CopyBackup", "after"] = lambda: service.set_tags(AWAY, begun["id"], begun["tags"])

    stack.wire.at_call["CopyBackup", "after"] = shown_once_the_next_generation_runs

    stack.up({"monday": copy_args(source, tags={"team": "b"})})
    stack.up({"monday": copy_args(source, tags={"team": "b"})})

    assert {copy["id"] for copy in service.backups(AWAY)} == {begun["id"], stack.states["monday"].id}
    assert stack.states["monday"].id != begun["id"]
    assert [warning.partition(":")[0] for warning in stack.warnings] == [
        (
            f"{begun['id']} in {AWAY}, a copy of {source}, was left behind by an interrupted run, "
            "and nothing asks for it any more"
        )
    ]


def test_another_key_after_a_crash_makes_a_new_copy_and_names_the_one_that_was_left(
    service: FsxService, stack: Stack, source: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    (begun,) = service.backups(AWAY)
    program = {"monday": copy_args(source, kms_key_id=key)}

    stack.up(program)

    assert {copy["id"] for copy in service.backups(AWAY)} == {begun["id"], stack.states["monday"].id}
    assert stack.states["monday"].outputs["kms_key_arn"] == key
    assert caplog.messages == [
        (
            f"{begun['id']} in {AWAY}, a copy of {source}, was left behind by an interrupted run, and this one made "
            f"another: fsx-dr orphans --region {AWAY} tells how to adopt or delete it."
        )
    ]
    assert stack.preview("monday", program["monday"]).changes is False


def test_what_failed_for_another_key_holds_no_data_and_is_removed(
    service: FsxService, stack: Stack, source: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    service.finish_copies(failure="no luck")

    stack.up({"monday": copy_args(source, kms_key_id=key)})

    assert only_copy(service, stack)["kms_key_arn"] == key
    assert caplog.messages == []


def test_the_same_key_written_another_way_after_a_crash_is_the_same_copy(
    service: FsxService, stack: Stack, source: str, key: str
) -> None:
    killed_while_copying(stack, {"monday": copy_args(source, kms_key_id=key)})

    stack.up({"monday": copy_args(source, kms_key_id="alias/dr")})

    only_copy(service, stack)
    assert service.counts(AWAY)["CopyBackup"] == 1


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


def test_a_resource_never_touches_what_another_resource_has_pending(
    service: FsxService, stack: Stack, source: str
) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    (begun,) = service.backups(AWAY)

    stack.up({"tuesday": copy_args(source)})

    assert {copy["id"] for copy in service.backups(AWAY)} == {begun["id"], stack.states["tuesday"].id}
    assert isinstance(parse_mark(service.backup(AWAY, begun["id"])["tags"][MARK_TAG]), Pending)


def test_another_stack_of_the_same_program_makes_its_own_copy(service: FsxService, stack: Stack, source: str) -> None:
    killed_while_copying(stack, {"monday": copy_args(source)})
    other = Stack(stack.wire, name="test")

    other.up({"monday": copy_args(source)})
    stack.up({"monday": copy_args(source)})

    assert other.states["monday"].id != stack.states["monday"].id
    assert len(service.backups(AWAY)) == 2


def test_a_token_answered_with_a_copy_that_is_recorded_gives_way_to_the_next_generation(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.up({"monday": copy_args(source)})
    first = stack.states.pop("monday")

    stack.up({"monday": copy_args(source)})

    first_token, second_token = (
        Token.parse(first.outputs["token"]),
        Token.parse(stack.states["monday"].outputs["token"]),
    )
    assert first_token is not None
    assert second_token == first_token.next()
    assert {copy["id"] for copy in service.backups(AWAY)} == {first.id, stack.states["monday"].id}


# After CopyBackup was accepted a failure is a partial one.


def test_a_copy_that_takes_too_long_is_left_running_and_the_next_run_resumes_it(
    service: FsxService, stack: Stack, source: str
) -> None:
    service.set_copy_seconds(10_000)
    stack.timeouts["create"] = 30.0

    with pytest.raises(CopyError, match=r"is still COPYING .* it was left running, and the next pulumi up resumes it"):
        stack.up({"monday": copy_args(source)})

    (copy,) = service.backups(AWAY)
    kept = stack.states["monday"]
    assert (copy["lifecycle"], kept.id, len(kept.errors)) == ("COPYING", copy["id"], 1)
    assert kept.outputs["lifecycle"] == "COPYING"
    service.finish_copies()

    stack.up({"monday": copy_args(source)})

    assert only_copy(service, stack)["id"] == copy["id"]
    assert stack.states["monday"].errors == ()
    assert service.counts(AWAY)["CopyBackup"] == 1


def unfinished(service: FsxService, stack: Stack, source: str, **args: Any) -> str:
    """Let a create run out of time, and return the id of the copy that the state keeps."""
    service.set_copy_seconds(10_000)
    stack.timeouts["create"] = 30.0
    with pytest.raises(FsxDrError):
        stack.up({"monday": copy_args(source, **args)})
    stack.timeouts.clear()
    service.set_copy_seconds(COPY_SECONDS)
    return stack.states["monday"].id


def test_a_resumed_copy_may_run_out_of_time_again(service: FsxService, stack: Stack, source: str) -> None:
    begun = unfinished(service, stack, source)
    stack.timeouts["update"] = 30.0

    with pytest.raises(CopyError, match="the next pulumi up resumes it"):
        stack.up({"monday": copy_args(source)})

    assert stack.states["monday"].id == begun
    assert stack.states["monday"].errors
    service.finish_copies()
    stack.up({"monday": copy_args(source)})
    assert only_copy(service, stack)["id"] == begun


def test_refreshing_does_not_hide_that_a_copy_is_unfinished(service: FsxService, stack: Stack, source: str) -> None:
    """A refresh clears the failure from the state, as the engine does for whatever can be read."""
    unfinished(service, stack, source)
    stack.refresh()
    service.finish_copies()

    stack.up({"monday": copy_args(source)})

    only_copy(service, stack)
    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"


def test_an_unfinished_copy_takes_the_tags_that_are_wanted_now(service: FsxService, stack: Stack, source: str) -> None:
    unfinished(service, stack, source, tags={"team": "a", "old": "x"})
    service.finish_copies()

    stack.up({"monday": copy_args(source, tags={"team": "b"})})

    tags = only_copy(service, stack)["tags"]
    assert {key: value for key, value in tags.items() if key != MARK_TAG} == {"team": "b"}


def test_destroy_removes_an_unfinished_copy_once_it_can(service: FsxService, stack: Stack, source: str) -> None:
    unfinished(service, stack, source)
    stack.wire.at_call["DeleteBackup", "after"] = service.finish_copies

    stack.destroy()

    assert service.backups(AWAY) == []
    assert stack.states == {}


def test_an_unfinished_copy_that_fails_is_deleted_and_made_anew(service: FsxService, stack: Stack, source: str) -> None:
    begun = unfinished(service, stack, source)
    service.finish_copies(failure="no luck")
    with pytest.raises(CopyError, match="no luck"):
        stack.up({"monday": copy_args(source)})

    stack.up({"monday": copy_args(source)})

    assert only_copy(service, stack)["id"] != begun
    assert stack.replaced == []


def test_an_unfinished_copy_that_somebody_deleted_is_made_anew(service: FsxService, stack: Stack, source: str) -> None:
    begun = unfinished(service, stack, source)
    service.remove_backup(AWAY, begun)
    with pytest.raises(CopyError, match=f"{begun} in {AWAY} was deleted by somebody else"):
        stack.up({"monday": copy_args(source)})

    stack.up({"monday": copy_args(source)})

    assert only_copy(service, stack)["id"] != begun


def test_losing_the_permission_to_look_is_a_partial_failure_that_names_it(
    service: FsxService, stack: Stack, source: str
) -> None:
    stack.wire.at_call["CopyBackup", "after"] = lambda: service.add_fault("access_denied", "DescribeBackups")

    with pytest.raises(CopyError, match=f"is still COPYING.* lack permission for fsx:DescribeBackups in {AWAY}"):
        stack.up({"monday": copy_args(source)})

    (copy,) = service.backups(AWAY)
    assert stack.states["monday"].id == copy["id"]
    service.lift_fault()
    stack.up({"monday": copy_args(source)})
    only_copy(service, stack)


@ON_THE_DYNAMIC_HOST
def test_a_copy_that_cannot_be_recorded_is_a_partial_failure_that_says_why(
    service: FsxService, stack: Stack, source: str
) -> None:
    fault = service.add_fault("access_denied", "TagResource")

    with pytest.raises(
        CopyError,
        match="is AVAILABLE but not recorded yet; run pulumi up again: The AWS credentials lack permission for fsx:Tag",
    ):
        stack.up({"monday": copy_args(source)})

    begun = stack.states["monday"].id
    service.lift_fault(fault)
    stack.up({"monday": copy_args(source)})
    assert only_copy(service, stack)["id"] == begun

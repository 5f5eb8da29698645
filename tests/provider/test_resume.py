"""After any interruption, the next run resumes the copy and makes no second one."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from pulumi_fsx_dr import provider
from pulumi_fsx_dr.errors import CallCancelledError, CopyError, ServiceError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.checks import copies, only_copy, other_tags, own_copy, refused, timed_out_up
from tests.engine.plugin_stack import ONLY_PLUGIN
from tests.engine.stack import Program, Stack, copy_args, killed_before_saving, killed_up, monday
from tests.provider.conftest import COPY_SECONDS


def killed_while_copying(stack: Stack, program: Program) -> str:
    """Run `pulumi up`, kill it at the first poll of the running copy, and return the copy."""
    run, service = stack.run(), stack.wire.service
    service.set_copy_seconds(600)  # on a slow machine, the clock may run for longer than usual before the poll
    stack.wire.at_call["CopyBackup", "after"] = lambda: stack.wire.after_calls(0, "DescribeBackups", "after", run.kill)
    with pytest.raises(CallCancelledError):
        stack.up(program, run=run)
    service.set_copy_seconds(COPY_SECONDS)
    stack.wire.at_call.clear()
    (begun,) = copies(service)
    return begun


def tokens(service: FsxService) -> set[str | None]:
    return {entry["token"] for entry in service.journal(AWAY, "CopyBackup")}


INTERRUPTIONS: dict[str, Callable[[Stack, Program], object]] = {
    "killed after CopyBackup": lambda stack, program: killed_up(stack, program, "CopyBackup", "after"),
    "killed while copying": killed_while_copying,
    "killed before saving": killed_before_saving,
    "out of time": timed_out_up,
    "out of time twice": lambda stack, program: (timed_out_up(stack, program), timed_out_up(stack, program)),
}


@pytest.mark.parametrize("interruption", INTERRUPTIONS)
def test_up_resumes_copy_without_source_in_description(
    service: FsxService, stack: Stack, source: str, interruption: str
) -> None:
    """The copy in the documented example of CopyBackup is COPYING and has no SourceBackupId."""
    service.configure(copying_tells_source=False)
    INTERRUPTIONS[interruption](stack, monday(source))
    (begun,) = copies(service)
    service.clock.sleep(3)
    if interruption.startswith("out of time"):
        service.finish_copies()

    stack.up(monday(source))

    assert only_copy(stack) == begun
    stack.destroy()
    assert copies(service) == []


@pytest.mark.parametrize("action", ["DescribeBackups", "CopyBackup"])
def test_up_after_kill_before_copy_makes_one_copy(stack: Stack, source: str, action: str) -> None:
    killed_up(stack, monday(source), action, "before")

    stack.up(monday(source))

    only_copy(stack)


@pytest.mark.parametrize("event", ["nothing", "finished", "source expired", "failed", "deleted"])
@pytest.mark.parametrize("interruption", INTERRUPTIONS)
def test_up_after_interruption_resumes_copy(
    service: FsxService, stack: Stack, source: str, interruption: str, event: str
) -> None:
    """A copy that failed or was deleted is made again."""
    INTERRUPTIONS[interruption](stack, monday(source))
    (begun,) = copies(service)
    happens: dict[str, Callable[[], object]] = {
        "finished": service.finish_copies,
        "source expired": lambda: service.remove_backup(HOME, source),
        "failed": lambda: (service.finish_copies(), service.set_lifecycle(AWAY, begun, "FAILED", "no luck")),
        "deleted": lambda: service.remove_backup(AWAY, begun),
    }
    happens.get(event, list)()
    service.clock.sleep(3)  # long enough that FSx shows it
    is_lost = event in {"failed", "deleted"}
    if not is_lost and interruption.startswith("out of time"):
        service.finish_copies()
    if is_lost and interruption.startswith("out of time"):
        with refused(CopyError, AWAY, begun if event == "deleted" else "no luck"):
            stack.up(monday(source))

    stack.up(monday(source))

    assert (only_copy(stack) != begun) is is_lost
    assert service.counts(AWAY)["CopyBackup"] >= 2 if is_lost else service.counts(AWAY)["CopyBackup"] == 1
    outputs = stack.states["monday"].outputs
    if event == "source expired" and interruption.startswith("killed"):
        assert outputs["source_creation_time"] == outputs["creation_time"], "the time of the source is unknown"
    assert stack.preview("monday", copy_args(source)).changes is False
    stack.destroy()
    assert copies(service) == []


def test_resume_after_several_kills(stack: Stack, source: str) -> None:
    for action in ("CopyBackup", "DescribeBackups"):
        killed_up(stack, monday(source), action, "after")
    killed_before_saving(stack, monday(source))

    stack.up(monday(source))

    only_copy(stack)


def test_resume_after_old_checkpoint(service: FsxService, stack: Stack, source: str, newer: str) -> None:
    """The old state has the owner id, but none of the newer copies."""
    today = {**monday(source), "tuesday": copy_args(newer), "again": copy_args(source)}
    stack.up(monday(source))
    checkpoint = deepcopy(stack.states)
    stack.up(today)
    made = {name: state.id for name, state in stack.states.items()}
    stack.states = checkpoint

    stack.up(today)

    assert {name: own_copy(stack, name) for name in today} == made
    assert sorted(copies(service)) == sorted(made.values())
    stack.destroy()
    assert copies(service) == []


def test_resume_after_rename_and_old_checkpoint(service: FsxService, stack: Stack, source: str, made: str) -> None:
    """The tag has the token of the old name; it is recognized only if all ids in the state are known."""
    stack.states = {}

    stack.up({"renamed": copy_args(source)})

    assert (own_copy(stack, "renamed") == made) is stack.knows_state
    assert len(copies(service)) == (1 if stack.knows_state else 2)


# --- FSx's answer proves that the copy exists, even if it is not listed ---


@pytest.mark.parametrize("late", ["listed_after_seconds", "shown_after_seconds"])
@pytest.mark.parametrize("seconds", [9.0, 100.0])
@pytest.mark.parametrize("tells_tags", [True, False])
def test_resume_finds_unlisted_copy(  # noqa: PLR0913  # fixtures and parameters
    service: FsxService, stack: Stack, source: str, late: str, seconds: float, *, tells_tags: bool
) -> None:
    service.configure(copy_tells_tags=tells_tags, **{late: seconds})
    service.set_copy_seconds(150)
    killed_up(stack, monday(source), "CopyBackup", "after")
    service.clock.sleep(seconds * 0.8)

    stack.up(monday(source))

    only_copy(stack)
    assert len(tokens(service)) == 1
    stack.destroy()
    assert copies(service) == []


@pytest.mark.parametrize("seconds", [0.0, 9.0])
def test_resume_updates_changed_tags(service: FsxService, stack: Stack, source: str, seconds: float) -> None:
    """FSx refuses the token with other parameters, which shows that a copy exists."""
    service.configure(listed_after_seconds=seconds)
    killed_up(stack, monday(source, tags={"team": "a"}), "CopyBackup", "after")

    stack.up(monday(source, tags={"team": "b"}))

    only_copy(stack)
    assert other_tags(stack) == {"team": "b"}
    refusals = ["IncompatibleParameterError"] if seconds else []
    assert [entry["error"] for entry in service.journal(AWAY, "CopyBackup")] == [None, *refusals]


def test_up_reports_copy_listed_too_late_to_resume(
    service: FsxService, stack: Stack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    """FSx does not say which copy belongs to a token that was used with other tags."""
    service.configure(listed_after_seconds=1000.0)
    killed_up(stack, monday(source, tags={"team": "a"}), "CopyBackup", "after")
    (begun,) = copies(service)
    program = monday(source, tags={"team": "b"})
    stack.up(program)
    assert set(copies(service)) == {begun, own_copy(stack)}
    service.clock.sleep(1000)

    stack.up(program)

    assert (begun in caplog.text) is stack.knows_state


@pytest.mark.parametrize("kind", ["lost", "malformed"])
def test_create_retries_after_lost_answer(service: FsxService, stack: Stack, source: str, kind: Any) -> None:
    service.add_fault(kind, "CopyBackup", times=2)

    stack.up(monday(source))

    only_copy(stack)
    assert len(tokens(service)) == 1


def test_resume_after_all_answers_are_lost(service: FsxService, stack: Stack, source: str) -> None:
    service.add_fault("lost", "CopyBackup")
    with refused(ServiceError, "fsx:CopyBackup", AWAY):
        stack.up(monday(source))
    service.lift_fault()
    (begun,) = copies(service)

    stack.up(monday(source))

    assert only_copy(stack) == begun


# --- changes to the copy before the next run ---


def test_create_with_other_key_reports_leftover(
    service: FsxService, stack: Stack, source: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun = killed_while_copying(stack, monday(source))

    stack.up(monday(source, kms_key_id=key))

    assert set(copies(service)) == {begun, stack.states["monday"].id}
    assert stack.states["monday"].outputs["kms_key_arn"] == key
    assert (begun in caplog.text) is stack.knows_state
    assert stack.preview("monday", copy_args(source, kms_key_id=key)).changes is False


def test_create_keeps_copy_adopted_by_other_stack(service: FsxService, stack: Stack, source: str, key: str) -> None:
    other = Stack(stack.wire, name="other")
    begun = killed_while_copying(stack, monday(source))
    service.finish_copies()
    run = stack.run()

    def adopted() -> None:
        other.up({"theirs": copy_args(source, adopt_backup_id=begun)})
        provider.start(run)

    stack.wire.at_call["CopyBackup", "before"] = adopted

    stack.up(monday(source, kms_key_id=key), run=run)

    assert set(copies(service)) == {begun, stack.states["monday"].id}
    assert own_copy(other, "theirs") == begun


def test_resume_recognizes_key_by_alias(service: FsxService, stack: Stack, source: str, key: str) -> None:
    killed_while_copying(stack, monday(source, kms_key_id=key))

    stack.up(monday(source, kms_key_id="alias/dr"))

    only_copy(stack)
    assert service.counts(AWAY)["CopyBackup"] == 1


@pytest.mark.parametrize("is_first", [True, False])
def test_resume_by_alias_waits_for_kms(
    service: FsxService, stack: Stack, source: str, key: str, *, is_first: bool
) -> None:
    """Without the ARN of the key, a run can neither recognize the copy nor repeat the token."""
    program = monday(source, kms_key_id="alias/dr")
    if is_first:
        service.add_fault("throttled", "DescribeKey", service="kms", seconds=30)
    killed_up(stack, program, "CopyBackup", "after")
    if not is_first:
        service.add_fault("throttled", "DescribeKey", service="kms", seconds=30)

    stack.up(program)

    only_copy(stack)
    assert stack.states["monday"].outputs["kms_key_arn"] == key


# --- after CopyBackup, failures are partial ---


def test_refresh_keeps_copy_unfinished(service: FsxService, stack: Stack, source: str) -> None:
    """The engine clears the failure of every resource that it can read."""
    timed_out_up(stack, monday(source))
    stack.refresh()
    service.finish_copies()

    stack.up(monday(source))

    only_copy(stack)


def test_update_of_unfinished_copy_changes_tags(service: FsxService, stack: Stack, source: str) -> None:
    timed_out_up(stack, monday(source, tags={"team": "a", "old": "x"}))
    service.finish_copies()

    stack.up(monday(source, tags={"team": "b"}))

    only_copy(stack)
    assert other_tags(stack) == {"team": "b"}


def test_destroy_waits_for_unfinished_copy(service: FsxService, stack: Stack, source: str) -> None:
    timed_out_up(stack, monday(source))
    stack.wire.at_call["DeleteBackup", "after"] = service.finish_copies

    stack.destroy()

    assert copies(service) == []
    assert stack.states == {}


def test_create_without_describe_permission_fails_partially(service: FsxService, stack: Stack, source: str) -> None:
    stack.wire.at_call["CopyBackup", "after"] = lambda: service.add_fault("access_denied", "DescribeBackups")
    with refused(CopyError, "fsx:DescribeBackups", AWAY):
        stack.up(monday(source))
    assert copies(service) == [stack.states["monday"].id]
    service.lift_fault()

    stack.up(monday(source))

    only_copy(stack)


def test_destroy_deletes_resumed_unfinished_copy(service: FsxService, stack: Stack, source: str) -> None:
    service.set_copy_seconds(10_000)
    killed_up(stack, monday(source), "CopyBackup", "after")
    timed_out_up(stack, monday(source))
    service.finish_copies()

    stack.destroy()

    assert copies(service) == []


@ONLY_PLUGIN
def test_destroy_deletes_resumed_copy_after_lost_tag_answer(service: FsxService, stack: Stack, source: str) -> None:
    """The plugin does not know the ids in the state, so it writes the tag of a resumed copy."""
    killed_up(stack, monday(source), "CopyBackup", "after")
    service.finish_copies()
    service.add_fault("lost", "TagResource", region=AWAY, times=1)
    stack.up(monday(source))

    stack.destroy()

    assert copies(service) == []

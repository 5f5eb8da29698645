"""A copy is recorded once the engine has proved that its state holds it, so that a kill at any moment loses none."""

from collections.abc import Iterable

import pytest
from fsx_dr_plugin.server import Provider
from google.protobuf.empty_pb2 import Empty
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Pending, Recorded, parse_mark
from pulumi_fsx_dr.errors import CopyError

from rehearsal.fsx import FsxService
from rehearsal.fsx.faults import FaultKind
from rehearsal.fsx.fixtures import AWAY
from tests.provider.deploying import Killed, Program, copy_args
from tests.provider.plugin_stack import PluginContext, PluginStack

OF_CTRL_C = 30.0  # pulumi/pulumi, pkg/host/host.go: seconds that SignalCancellation gives Cancel


def copies(service: FsxService) -> list[str]:
    return [copy["id"] for copy in service.backups(AWAY)]


def mark(service: FsxService, backup_id: str) -> Pending | Recorded | None:
    return parse_mark(service.backup(AWAY, backup_id)["tags"].get(MARK_TAG))


def is_recorded_as_in_the_state(service: FsxService, stack: PluginStack) -> bool:
    made = stack.states["monday"]
    recorded = mark(service, made.id)
    return isinstance(recorded, Recorded) and recorded.nonce == made.outputs["nonce"]


def killed_before_the_engine_writes(stack: PluginStack, program: Program, *, replacing: Iterable[str] = ()) -> None:
    """End a run right after a create has answered."""
    run = stack.run()
    stack.before_writing = run.kill
    with pytest.raises(Killed):
        stack.up(program, replacing=replacing, run=run)


def killed_at_the_end(stack: PluginStack, program: Program, *, replacing: Iterable[str] = ()) -> None:
    """Do an `up` whose engine and provider are killed once all is written, before the provider hears of the end."""
    run = stack.run()
    for resource, args in program.items():
        stack.register(run, resource, args, replacing=resource in replacing)


def test_the_end_of_a_deployment_records(service: FsxService, stack: PluginStack, source: str) -> None:
    stack.up({"monday": copy_args(source)})

    assert is_recorded_as_in_the_state(service, stack)


def test_create_leaves_the_copy_pending(service: FsxService, stack: PluginStack, source: str) -> None:
    killed_at_the_end(stack, {"monday": copy_args(source)})

    (copy,) = copies(service)
    assert isinstance(mark(service, copy), Pending)
    assert stack.states["monday"].id == copy


def test_an_engine_killed_before_it_writes_is_resumed(service: FsxService, stack: PluginStack, source: str) -> None:
    killed_before_the_engine_writes(stack, {"monday": copy_args(source)})
    (copy,) = copies(service)
    assert stack.states == {}

    stack.up({"monday": copy_args(source)})

    assert copies(service) == [copy] == [stack.states["monday"].id]
    assert is_recorded_as_in_the_state(service, stack)


@pytest.mark.parametrize("shown_by", ["up", "refresh", "preview"])
def test_a_copy_written_by_an_engine_that_was_killed_then_is_recorded_when_it_is_shown(
    service: FsxService, stack: PluginStack, source: str, shown_by: str
) -> None:
    killed_at_the_end(stack, {"monday": copy_args(source)})

    run = stack.run()
    if shown_by == "refresh":
        stack.refresh()
    else:
        stack.diff(run, "monday", stack.check(run, "monday", stack.states["monday"].inputs, copy_args(source)))
    stack.end(run)

    assert is_recorded_as_in_the_state(service, stack)


def test_a_copy_written_by_an_engine_that_was_killed_then_is_destroyed_by_its_state(
    service: FsxService, stack: PluginStack, source: str
) -> None:
    killed_at_the_end(stack, {"monday": copy_args(source)})

    stack.destroy()

    assert copies(service) == []


def test_ctrl_c_records_nothing_that_the_engine_may_not_have_written_yet(
    service: FsxService, stack: PluginStack, source: str
) -> None:
    run = stack.run()
    stack.before_writing = lambda: stack.end(run, OF_CTRL_C)

    stack.register(run, "monday", copy_args(source))

    assert isinstance(mark(service, stack.states["monday"].id), Pending)
    stack.end(run)
    assert is_recorded_as_in_the_state(service, stack)


def test_ctrl_c_keeps_a_running_copy_at_once_and_the_next_up_finishes_it(
    service: FsxService, stack: PluginStack, source: str
) -> None:
    service.set_copy_seconds(100_000)
    run = stack.run()
    stack.wire.at_call["CopyBackup", "after"] = lambda: stack.end(run, OF_CTRL_C)

    with pytest.raises(CopyError, match="as the deployment was cancelled: it was left running, and the next pulumi up"):
        stack.up({"monday": copy_args(source)}, run=run)

    (copy,) = copies(service)
    assert stack.states["monday"].id == copy
    assert is_recorded_as_in_the_state(service, stack), "the end of the deployment has come since"
    service.finish_copies()
    stack.up({"monday": copy_args(source)})
    assert copies(service) == [copy]
    assert (stack.states["monday"].outputs["lifecycle"], stack.states["monday"].errors) == ("AVAILABLE", ())


def test_after_ctrl_c_nothing_is_begun(service: FsxService, stack: PluginStack, source: str) -> None:
    run = stack.run()
    inputs = stack.check(run, "monday", {}, copy_args(source))
    stack.end(run, OF_CTRL_C)

    with pytest.raises(Exception, match="monday was not begun, because the deployment was cancelled"):
        stack.create(run, "monday", inputs)

    assert copies(service) == []


def test_what_is_kept_unfinished_is_pending_until_the_engine_has_it(
    service: FsxService, stack: PluginStack, source: str
) -> None:
    service.set_copy_seconds(100_000)
    stack.timeouts = {"create": 3.0}
    run = stack.run()

    with pytest.raises(CopyError):
        stack.register(run, "monday", copy_args(source))

    (copy,) = copies(service)
    assert isinstance(mark(service, copy), Pending), "the engine may be killed before it writes"
    stack.end(run)
    assert is_recorded_as_in_the_state(service, stack)


def test_without_checkpoints_the_end_proves_nothing(
    service: FsxService, stack: PluginStack, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pulumi/pulumi, sdk/go/common/env/env.go: SKIP_CHECKPOINTS."""
    monkeypatch.setenv("PULUMI_SKIP_CHECKPOINTS", "true")
    stack.up({"monday": copy_args(source)})
    assert isinstance(mark(service, stack.states["monday"].id), Pending)

    stack.up({"monday": copy_args(source)})

    assert is_recorded_as_in_the_state(service, stack)


# `--replace` right after: the engine shows check and create nothing of the copy that the state holds.


def test_replacing_a_copy_that_is_pending_in_the_state_never_deletes_it(
    service: FsxService, stack: PluginStack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    killed_at_the_end(stack, {"monday": copy_args(source)})
    (copy,) = copies(service)

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    assert copies(service) == [copy] == [stack.states["monday"].id]
    assert is_recorded_as_in_the_state(service, stack)
    assert stack.replaced == []
    assert "so it was not deleted" in caplog.text


def test_the_older_entry_is_deleted_in_a_later_process_that_knows_nothing_of_the_newer(
    service: FsxService, stack: PluginStack, source: str
) -> None:
    """So it is where the provider was replaced together with the copy: each has a process of its own."""
    killed_at_the_end(stack, {"monday": copy_args(source)})
    killed_at_the_end(stack, {"monday": copy_args(source)}, replacing=["monday"])
    (copy,) = copies(service)

    stack.delete_replaced(stack.run())

    assert copies(service) == [copy] == [stack.states["monday"].id]
    stack.up({"monday": copy_args(source)})
    assert is_recorded_as_in_the_state(service, stack)


def test_a_replacement_whose_engine_was_killed_before_it_wrote_leaves_the_copy_to_the_state_that_holds_it(
    service: FsxService, stack: PluginStack, source: str
) -> None:
    killed_at_the_end(stack, {"monday": copy_args(source)})
    killed_before_the_engine_writes(stack, {"monday": copy_args(source)}, replacing=["monday"])
    (copy,) = copies(service)

    stack.up({"monday": copy_args(source)})

    assert is_recorded_as_in_the_state(service, stack)
    stack.destroy()
    assert copies(service) == [], f"{copy} is the state's own"


@pytest.mark.parametrize("fault", ["access_denied", "throttled"])
def test_a_pending_copy_that_cannot_be_claimed_is_left_as_it_is(
    service: FsxService, stack: PluginStack, source: str, fault: FaultKind
) -> None:
    """Nothing but the claim would tell the older entry of the state from the newer."""
    killed_at_the_end(stack, {"monday": copy_args(source)})
    (copy,) = copies(service)
    refused = service.add_fault(fault, "TagResource")

    with pytest.raises(CopyError, match=f"{copy} in {AWAY}, which an earlier run has started, could not be marked"):
        stack.up({"monday": copy_args(source)}, replacing=["monday"])
    stack.delete_replaced(stack.run())

    assert copies(service) == [copy] == [stack.states["monday"].id]
    service.lift_fault(refused)
    stack.up({"monday": copy_args(source)}, replacing=["monday"])
    assert copies(service) == [copy] == [stack.states["monday"].id]


def test_replacing_a_recorded_copy_makes_a_new_one_and_names_no_left_over(
    service: FsxService, stack: PluginStack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack.up({"monday": copy_args(source)})
    (first,) = copies(service)

    stack.up({"monday": copy_args(source)}, replacing=["monday"])

    (second,) = copies(service)
    assert second == stack.states["monday"].id != first
    assert is_recorded_as_in_the_state(service, stack)
    assert "was left behind" not in caplog.text


def test_another_key_for_a_copy_that_is_pending_in_the_state_names_no_left_over(
    service: FsxService, stack: PluginStack, source: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    killed_at_the_end(stack, {"monday": copy_args(source)})

    stack.up({"monday": copy_args(source, kms_key_id=key)})

    (second,) = copies(service)
    assert second == stack.states["monday"].id
    assert "was left behind" not in caplog.text


def test_what_a_killed_replacement_left_is_named_by_the_next_run_that_does_not_go_on_with_it(
    service: FsxService, stack: PluginStack, source: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack.up({"monday": copy_args(source)})
    (first,) = copies(service)
    killed_before_the_engine_writes(stack, {"monday": copy_args(source, kms_key_id=key)})
    (left,) = set(copies(service)) - {first}

    stack.up({"monday": copy_args(source)})

    assert f"{left} in {AWAY}, a copy of {source}, was left behind by an interrupted run" in caplog.text
    assert set(copies(service)) == {first, left}


def test_what_a_killed_replacement_left_is_no_left_over_for_the_run_that_goes_on_with_it(
    service: FsxService, stack: PluginStack, source: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack.up({"monday": copy_args(source)})
    (first,) = copies(service)
    killed_before_the_engine_writes(stack, {"monday": copy_args(source, kms_key_id=key)})
    (second,) = set(copies(service)) - {first}

    stack.up({"monday": copy_args(source, kms_key_id=key)})

    assert copies(service) == [second] == [stack.states["monday"].id]
    assert "was left behind" not in caplog.text


def test_a_mark_that_another_has_set_since_is_left_and_named(
    service: FsxService, stack: PluginStack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    killed_at_the_end(stack, {"monday": copy_args(source)})
    (copy,) = copies(service)
    theirs = str(Recorded("theirs", None, "files/other/tuesday"))
    service.set_tags(AWAY, copy, {MARK_TAG: theirs})

    stack.up({"monday": copy_args(source)})

    assert service.backup(AWAY, copy)["tags"][MARK_TAG] == theirs
    assert "bears the mark of another resource or run (files/other/tuesday)" in caplog.text


def test_a_copy_that_cannot_be_recorded_yet_is_named_and_recorded_by_a_later_run(
    service: FsxService, stack: PluginStack, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    refused = service.add_fault("access_denied", "TagResource")
    stack.up({"monday": copy_args(source)})
    assert "is in the state, and the next pulumi up does what is left to do about it" in caplog.text
    service.lift_fault(refused)

    stack.up({"monday": copy_args(source)})

    assert is_recorded_as_in_the_state(service, stack)


def test_a_cancel_before_anything_was_configured_is_answered() -> None:
    """So it is when only the schema was asked for."""
    assert Provider().Cancel(Empty(), PluginContext(seconds=5)) == Empty()

"""At most five copies run into a Region; the others wait their turn."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from pulumi_fsx_dr.engine.grpc_call import EngineCall
from pulumi_fsx_dr.errors import CallCancelledError, CopyError, ServiceError
from pulumi_fsx_dr.fsx.backup import quota_group
from pulumi_fsx_dr.fsx.quotas import COPIES_AT_ONCE
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.slots import Slots, Turn

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.plugin_stack import ON_THE_PLUGIN, PluginStack
from tests.engine.process import Run
from tests.engine.stack import Stack, copy_args, killed_up
from tests.engine.wire import Wire


@contextmanager
def background(act: Callable[[], None]) -> Iterator[Future[None]]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(act)


def until_queueing(slots: Slots, waiting: int = 1) -> None:
    """Return once so many stand in the queue."""
    while True:
        probe = slots.turn()
        ahead = probe.ahead
        probe.end()
        if ahead == waiting:
            return
        threading.Event().wait(0.001)


def all_slots(run: Run) -> list[Turn]:
    """Take all slots of `AWAY`."""
    slots = run.region(AWAY).slots
    return [slots.turn() for _ in range(COPIES_AT_ONCE)]


def start_by_hand(wire: Wire, source: str, number: int = COPIES_AT_ONCE) -> list[str]:
    """Start copies that are nobody's here."""
    fsx = wire.client("fsx", AWAY)
    request = {"SourceBackupId": source, "SourceRegion": HOME}
    return [fsx.copy_backup(**request)["Backup"]["BackupId"] for _ in range(number)]


def refusals(service: FsxService) -> list[str | None]:
    return [entry["error"] for entry in service.journal(AWAY, "CopyBackup")]


def test_the_sixth_waits_and_slots_are_given_in_the_order_of_asking(stack: Stack) -> None:
    slots = stack.run().region(AWAY).slots
    turns = [slots.turn() for _ in range(COPIES_AT_ONCE + 3)]
    assert [turn.ahead for turn in turns] == [None] * 5 + [0, 1, 2]

    turns[3].end()
    assert [turn.ahead for turn in turns[5:]] == [None, 0, 1]
    turns[6].end()
    assert [turn.ahead for turn in turns[7:]] == [0]
    turns[0].end()
    assert turns[7].ahead is None


def test_ending_a_turn_twice_gives_away_one_slot_only(stack: Stack) -> None:
    slots = stack.run().region(AWAY).slots
    turns = [slots.turn() for _ in range(COPIES_AT_ONCE + 2)]

    turns[0].end()
    turns[0].end()

    assert [turn.ahead for turn in turns[5:]] == [None, 0]


def test_each_region_has_slots_of_its_own(stack: Stack) -> None:
    run = stack.run()
    all_slots(run)

    assert run.region("eu-north-1").slots.turn().ahead is None


def test_a_dozen_copies_never_meet_fsx_s_limit(service: FsxService, stack: Stack, source: str) -> None:
    run = stack.run()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda number: stack.register(run, f"copy-{number}", copy_args(source)), range(12)))

    assert service.max_running() == {AWAY: 5}
    assert refusals(service) == [None] * 12
    assert {copy["id"] for copy in service.backups(AWAY)} == {state.id for state in stack.states.values()}


def test_whoever_queues_does_not_call_copy_backup_until_a_slot_is_free(
    service: FsxService, stack: Stack, source: str
) -> None:
    run = stack.run()
    turns = all_slots(run)

    with background(lambda: stack.register(run, "monday", copy_args(source))) as done:
        until_queueing(run.region(AWAY).slots)
        assert refusals(service) == []
        turns[0].end()
        done.result()

    assert refusals(service) == [None]


def test_the_create_timeout_does_not_count_the_queue(service: FsxService, stack: Stack, source: str) -> None:
    stack.timeouts["create"] = 1000.0
    run = stack.run()
    turns = all_slots(run)

    with background(lambda: stack.register(run, "monday", copy_args(source))) as done:
        until_queueing(run.region(AWAY).slots)
        service.clock.sleep(5000.0)
        turns[0].end()
        done.result()

    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"


def test_who_is_cancelled_in_the_queue_leaves_it(service: FsxService, stack: Stack, source: str) -> None:
    run = stack.run()
    all_slots(run)

    with background(lambda: stack.register(run, "monday", copy_args(source))) as done:
        until_queueing(run.region(AWAY).slots)
        run.end()
        with pytest.raises(CallCancelledError):
            done.result()

    until_queueing(run.region(AWAY).slots, waiting=0)
    assert refusals(service) == []


def test_a_copy_that_fails_gives_its_slot_to_the_next(service: FsxService, stack: Stack, source: str) -> None:
    run = stack.run()
    all_slots(run)[0].end()
    service.fail_copies("no luck")

    with pytest.raises(CopyError):
        stack.register(run, "monday", copy_args(source))
    stack.register(run, "tuesday", copy_args(source))

    assert list(stack.states) == ["tuesday"]


def test_the_slot_of_a_finished_copy_is_free_before_anything_is_told(
    stack: Stack, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine may take its time for a message."""
    run = stack.run()
    all_slots(run)[0].end()
    free: list[bool] = []

    def told(_call: Call, message: str, **_: float) -> None:
        if "copying" not in message:  # it was seen to run no more
            probe = run.region(AWAY).slots.turn()
            free.append(probe.ahead is None)
            probe.end()

    monkeypatch.setattr(EngineCall, "status", told)

    stack.register(run, "monday", copy_args(source))

    assert free
    assert all(free)


def test_copies_that_run_already_count_whoever_started_them(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    start_by_hand(wire, source)
    service.clear_journal()

    stack.up({"monday": copy_args(source)})

    assert refusals(service) == [None]


def test_when_others_take_the_slots_meanwhile_it_backs_off_and_goes_on(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    stack.wire.at_call["CopyBackup", "before"] = lambda: start_by_hand(wire, source)

    stack.up({"monday": copy_args(source)})

    own = [entry["error"] for entry in service.journal(AWAY, "CopyBackup") if entry["token"] in tokens(stack)]
    assert (own[0], own[-1]) == ("ServiceLimitExceeded", None)
    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"


def tokens(stack: Stack) -> set[str]:
    return {state.outputs["managed_by"].partition("/")[2] for state in stack.states.values()}


def test_the_wait_for_slots_that_others_take_does_not_count_as_copying(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    service.set_copy_seconds(300)
    stack.timeouts["create"] = 400.0
    stack.wire.at_call["CopyBackup", "before"] = lambda: start_by_hand(wire, source)

    stack.up({"monday": copy_args(source)})

    assert stack.states["monday"].errors == ()


# --- copies of others that do not end ---------------------------------------------------------------------------------


def test_copies_of_others_in_an_unknown_lifecycle_take_no_slot(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    for copy in start_by_hand(wire, source):
        service.set_lifecycle(AWAY, copy, "THAWING")

    stack.up({"monday": copy_args(source)})

    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"


@pytest.mark.parametrize("are_listed", [True, False])
def test_the_create_timeout_ends_the_wait_for_slots_that_others_take(
    service: FsxService, stack: Stack, wire: Wire, source: str, *, are_listed: bool
) -> None:
    """Those that are not listed yet show in FSx's refusals."""
    service.set_copy_seconds(1e9)
    service.configure(shown_after_seconds=0 if are_listed else 1e9)
    others = start_by_hand(wire, source)
    stack.timeouts["create"] = 300.0
    began = service.now()

    with pytest.raises(CopyError, match=f"{source} was not copied to {AWAY}"):
        stack.up({"monday": copy_args(source)})

    assert 300 < service.now() - began < 10_000, "the clock runs ahead of the threads"
    assert stack.states == {}
    assert [copy["id"] for copy in service.backups(AWAY)] == others


@ON_THE_PLUGIN
@pytest.mark.parametrize("are_listed", [True, False])
def test_one_ctrl_c_ends_the_wait_for_slots_that_others_take(
    service: FsxService, stack: PluginStack, wire: Wire, source: str, *, are_listed: bool
) -> None:
    service.set_copy_seconds(1e9)
    service.configure(shown_after_seconds=0 if are_listed else 1e9)
    start_by_hand(wire, source)
    run = stack.run()
    moment = "DescribeBackups" if are_listed else "CopyBackup"
    stack.wire.at_call[moment, "after"] = lambda: stack.provider_of(run).Cancel(None, None)

    with pytest.raises(CallCancelledError):
        stack.up({"monday": copy_args(source)}, run=run)


def test_any_other_limit_is_an_error_that_names_it(service: FsxService, stack: Stack, source: str) -> None:
    service.configure(user_initiated_backups=0)

    with pytest.raises(ServiceError, match=r"TOTAL_USER_INITIATED_BACKUPS\. Ask AWS to raise TOTAL_USER_INITIATED_BAC"):
        stack.up({"monday": copy_args(source)})

    assert stack.states == {}


def test_a_resumed_copy_needs_no_turn(service: FsxService, stack: Stack, wire: Wire, source: str) -> None:
    """It runs already, so waiting for a slot would wait for itself."""
    service.set_copy_seconds(10_000)
    killed_up(stack, {"monday": copy_args(source)}, "CopyBackup", "after")
    (begun,) = [copy["id"] for copy in service.backups(AWAY)]
    start_by_hand(wire, source, COPIES_AT_ONCE - 1)
    run = stack.run()
    all_slots(run)
    stack.wire.at_call["DescribeBackups", "after"] = service.finish_copies

    stack.up({"monday": copy_args(source)}, run=run)

    assert stack.states["monday"].id == begun


def test_a_copy_that_is_left_running_keeps_its_slot_until_it_ends(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    slots = stack.run().region(AWAY).slots
    turns = [slots.turn() for _ in range(COPIES_AT_ONCE)]
    service.set_copy_seconds(10_000)
    for turn, backup_id in zip(turns, start_by_hand(wire, source), strict=True):
        turn.watch(backup_id)
    while any(turn.next_sight(seconds=1).backup is None for turn in turns):
        pass

    turns[0].end()
    waiting = slots.turn()
    assert waiting.ahead == 0

    service.finish_copies()
    waiting.wait(seconds=30)
    assert waiting.ahead is None
    for turn in (*turns, waiting):
        turn.end()


def test_without_permission_to_look_nobody_waits_for_others(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    service.set_copy_seconds(10_000)
    slots = stack.run().region(AWAY).slots
    slots.occupied_by(dict.fromkeys(start_by_hand(wire, source), ""))
    service.add_fault("access_denied", "DescribeBackups", region=AWAY)

    waiting = slots.turn()
    waiting.wait(seconds=30)

    assert waiting.ahead is None
    waiting.end()


def test_ontap_copies_have_five_slots_of_each_volume_and_key(stack: Stack) -> None:
    """FSx for ONTAP user guide, Quotas: five backup copies in progress per volume, destination Region and key."""
    slots = stack.run().region(AWAY).slots
    home, projects = (quota_group(volume, "key/1") for volume in ("fsvol-1", "fsvol-2"))
    for group in (home, ""):
        assert [slots.turn(group).ahead for _ in range(COPIES_AT_ONCE)] == [None] * COPIES_AT_ONCE

    assert slots.turn(home).ahead == 0
    assert slots.turn("").ahead == 0
    assert slots.turn(projects).ahead is None
    assert slots.turn(quota_group("fsvol-1", "key/2")).ahead is None

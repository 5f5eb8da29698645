"""At most five copies run into a Region; other copies wait in a queue."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from pulumi_fsx_dr.engine.grpc_call import EngineCall
from pulumi_fsx_dr.errors import CallCancelledError, CopyError, ServiceError
from pulumi_fsx_dr.fsx.backup import quota_group
from pulumi_fsx_dr.fsx.quotas import COPIES_AT_ONCE
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.copy_order import Chain, QueuedCopy
from pulumi_fsx_dr.runtime.copy_queue import CopyQueue, SlotRequest
from pulumi_fsx_dr.runtime.poller import Poller

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.plugin_stack import ONLY_PLUGIN, PluginStack
from tests.engine.process import Run
from tests.engine.stack import FOREVER, Stack, copy_args, finish_when_running, killed_up, register_all
from tests.engine.wire import Wire, poll_only_while_waiting


@contextmanager
def background(act: Callable[[], None]) -> Iterator[Future[None]]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(act)


def until_queued(queue: CopyQueue, waiting: int = 1) -> None:
    """Return once this many copies wait in the queue."""
    while True:
        with queue.slot(any_copy()) as probe:
            if ahead(probe) == waiting:
                return
        threading.Event().wait(0.001)


def any_copy(group: str = "") -> QueuedCopy:
    """Return a copy that waits for no other copy and comes last."""
    return QueuedCopy(group, None, datetime(2026, 1, 1, tzinfo=UTC), size=-1)


def ahead(slot: SlotRequest) -> int | None:
    return slot.waits_for.ahead if slot.waits_for else None


def opened(run: Run, region: str = AWAY) -> CopyQueue:
    """Return a queue that has collected the first copies of a run."""
    queue = run.region(region).queue
    with queue.slot(any_copy()) as first:
        assert first.granted.wait(60)
    return queue


def all_slots(run: Run) -> list[SlotRequest]:
    """Take all slots of `AWAY`."""
    queue = opened(run)
    return [queue.slot(any_copy()) for _ in range(COPIES_AT_ONCE)]


def start_by_hand(wire: Wire, source: str, number: int = COPIES_AT_ONCE) -> list[str]:
    """Start copies outside Pulumi."""
    fsx = wire.client("fsx", AWAY)
    request = {"SourceBackupId": source, "SourceRegion": HOME}
    return [fsx.copy_backup(**request)["Backup"]["BackupId"] for _ in range(number)]


def refusals(service: FsxService) -> list[str | None]:
    return [entry["error"] for entry in service.journal(AWAY, "CopyBackup")]


def test_queue_grants_five_slots_then_next_in_order(stack: Stack) -> None:
    queue = opened(stack.run())
    slots = [queue.slot(any_copy()) for _ in range(COPIES_AT_ONCE + 3)]
    assert [ahead(slot) for slot in slots] == [None] * 5 + [0, 1, 2]

    queue.leave(slots[3])
    queue.leave(slots[3])
    assert [ahead(slot) for slot in slots[5:]] == [None, 0, 1], "a slot that is left twice is freed once"
    queue.leave(slots[6])
    assert [ahead(slot) for slot in slots[7:]] == [0]
    queue.leave(slots[0])
    assert ahead(slots[7]) is None


class Gate(ManualClock):
    """A clock whose sleeps end when it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = threading.Event()

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.opened.wait(30)


def test_full_copy_is_named_before_first_slot_is_granted() -> None:
    clock = Gate()
    queue = CopyQueue(Poller(AWAY, lambda _ids: {}, clock, 15.0), clock)
    slots = [
        queue.slot(QueuedCopy("", Chain(name, "key/1"), datetime(2027, 1, day, tzinfo=UTC)))
        for name, day in (("fs-1", 1), ("fs-2", 3), ("fs-1", 2))
    ]

    waits = [slot.waits_for for slot in slots]

    assert [(wait.full_copy_of, wait.is_for_unawaited) for wait in waits if wait] == [
        ("fs-1", False),
        ("", False),
        ("", False),
    ]
    clock.opened.set()


def test_queue_collects_first_copies_before_choosing() -> None:
    clock = Gate()
    queue = CopyQueue(Poller(AWAY, lambda _ids: {}, clock, 15.0), clock)
    slots = [
        queue.slot(QueuedCopy("", Chain(f"fs-{n}", None), datetime(2027, 1, 15, tzinfo=UTC), size=n)) for n in range(7)
    ]
    assert not any(slot.granted.is_set() for slot in slots)

    clock.opened.set()

    assert slots[6].granted.wait(30)
    assert [ahead(slot) for slot in slots] == [1, 0, None, None, None, None, None]


def test_each_region_has_its_own_slots(stack: Stack) -> None:
    run = stack.run()
    all_slots(run)

    assert ahead(opened(run, "eu-north-1").slot(any_copy())) is None


def test_twelve_copies_never_exceed_fsx_limit(service: FsxService, stack: Stack, source: str) -> None:
    def finish() -> None:
        for running in (1, 5, 5, 1):  # the first copy is full, and the others wait for it
            finish_when_running(service, running)

    service.set_copy_seconds(FOREVER)
    stack.timeouts["create"] = FOREVER
    program = {f"copy-{number}": copy_args(source) for number in range(12)}

    assert register_all(stack, stack.run(), program, finish) == [None] * 12
    assert service.max_running() == {AWAY: 5}
    assert refusals(service) == [None] * 12
    assert {copy["id"] for copy in service.backups(AWAY)} == {state.id for state in stack.states.values()}


def test_queued_create_calls_no_api_and_does_not_time_out(service: FsxService, stack: Stack, source: str) -> None:
    stack.timeouts["create"] = 1000.0
    run = stack.run()
    slots = all_slots(run)

    with background(lambda: stack.register(run, "monday", copy_args(source))) as done:
        until_queued(run.region(AWAY).queue)
        assert refusals(service) == []
        service.clock.sleep(5000.0)
        run.region(AWAY).queue.leave(slots[0])
        done.result()

    assert refusals(service) == [None]
    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"


def test_cancelled_create_leaves_queue(service: FsxService, stack: Stack, source: str) -> None:
    run = stack.run()
    all_slots(run)

    with background(lambda: stack.register(run, "monday", copy_args(source))) as done:
        until_queued(run.region(AWAY).queue)
        run.end()
        with pytest.raises(CallCancelledError):
            done.result()

    until_queued(run.region(AWAY).queue, waiting=0)
    assert refusals(service) == []


def test_failed_copy_frees_its_slot(service: FsxService, stack: Stack, source: str) -> None:
    run = stack.run()
    run.region(AWAY).queue.leave(all_slots(run)[0])
    service.fail_copies("no luck")

    with pytest.raises(CopyError):
        stack.register(run, "monday", copy_args(source))
    stack.register(run, "tuesday", copy_args(source))

    assert list(stack.states) == ["tuesday"]


def test_finished_copy_frees_slot_before_message(stack: Stack, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sending a message to the engine may take time."""
    run = stack.run()
    run.region(AWAY).queue.leave(all_slots(run)[0])
    free: list[bool] = []

    def status(_call: Call, message: str, **_: float) -> None:
        if "copying" not in message:  # the copy has finished
            with run.region(AWAY).queue.slot(any_copy()) as probe:
                free.append(ahead(probe) is None)

    monkeypatch.setattr(EngineCall, "status", status)

    stack.register(run, "monday", copy_args(source))

    assert free
    assert all(free)


def test_running_copies_of_others_take_slots(service: FsxService, stack: Stack, wire: Wire, source: str) -> None:
    start_by_hand(wire, source)
    service.clear_journal()

    stack.up({"monday": copy_args(source)})

    assert refusals(service) == [None]


def test_create_waits_when_others_take_slots(service: FsxService, stack: Stack, wire: Wire, source: str) -> None:
    """The timeout is for the copy, so it starts with the copy."""
    service.set_copy_seconds(300)
    stack.timeouts["create"] = 400.0
    stack.wire.at_call["CopyBackup", "before"] = lambda: start_by_hand(wire, source)

    stack.up({"monday": copy_args(source)})

    own = [entry["error"] for entry in service.journal(AWAY, "CopyBackup") if entry["token"] in tokens(stack)]
    assert (own[0], own[-1]) == ("ServiceLimitExceeded", None)
    assert stack.states["monday"].errors == ()


def tokens(stack: Stack) -> set[str]:
    return {state.outputs["managed_by"].partition("/")[2] for state in stack.states.values()}


# --- copies of others that do not finish ---


def test_copies_in_unknown_lifecycle_take_no_slot(service: FsxService, stack: Stack, wire: Wire, source: str) -> None:
    for copy in start_by_hand(wire, source):
        service.set_lifecycle(AWAY, copy, "THAWING")

    stack.up({"monday": copy_args(source)})

    assert stack.states["monday"].outputs["lifecycle"] == "AVAILABLE"


@pytest.mark.parametrize("are_listed", [True, False])
def test_create_timeout_ends_wait_for_slots_of_others(
    service: FsxService, stack: Stack, source: str, monkeypatch: pytest.MonkeyPatch, *, are_listed: bool
) -> None:
    """Unlisted copies are noticed through FSx's refusals."""
    poll_only_while_waiting(monkeypatch)
    service.set_copy_seconds(FOREVER)
    service.configure(shown_after_seconds=0 if are_listed else FOREVER)
    others = start_by_hand(stack.wire, source)
    stack.timeouts["create"] = 60.0

    with pytest.raises(CopyError, match=f"{source} .*{AWAY}.* for 1 min"):
        stack.up({"monday": copy_args(source)})

    assert stack.states == {}
    assert [copy["id"] for copy in service.backups(AWAY)] == others


@ONLY_PLUGIN
@pytest.mark.parametrize("are_listed", [True, False])
def test_ctrl_c_ends_wait_for_slots_of_others(
    service: FsxService, stack: PluginStack, wire: Wire, source: str, *, are_listed: bool
) -> None:
    service.set_copy_seconds(FOREVER)
    service.configure(shown_after_seconds=0 if are_listed else FOREVER)
    start_by_hand(wire, source)
    run = stack.run()
    moment = "DescribeBackups" if are_listed else "CopyBackup"
    stack.wire.at_call[moment, "after"] = lambda: stack.provider_of(run).Cancel(None, None)

    with pytest.raises(CallCancelledError):
        stack.up({"monday": copy_args(source)}, run=run)


def test_other_limit_is_named_in_error(service: FsxService, stack: Stack, source: str) -> None:
    service.configure(user_initiated_backups=0)

    with pytest.raises(ServiceError, match="TOTAL_USER_INITIATED_BACKUPS"):
        stack.up({"monday": copy_args(source)})

    assert stack.states == {}


def test_resumed_copy_does_not_queue(service: FsxService, stack: Stack, wire: Wire, source: str) -> None:
    """It is already running, so it would wait for its own slot."""
    service.set_copy_seconds(FOREVER)
    killed_up(stack, {"monday": copy_args(source)}, "CopyBackup", "after")
    (begun,) = [copy["id"] for copy in service.backups(AWAY)]
    start_by_hand(wire, source, COPIES_AT_ONCE - 1)
    run = stack.run()
    all_slots(run)
    stack.wire.at_call["DescribeBackups", "after"] = service.finish_copies

    stack.up({"monday": copy_args(source)}, run=run)

    assert stack.states["monday"].id == begun


def test_running_copy_keeps_slot_after_its_create_ends(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    queue = opened(stack.run())
    slots = [queue.slot(any_copy()) for _ in range(COPIES_AT_ONCE)]
    service.set_copy_seconds(FOREVER)
    watches = [slot.watch_copy(id_) for slot, id_ in zip(slots, start_by_hand(wire, source), strict=True)]
    while any(watch.next_result(seconds=1).backup is None for watch in watches):
        pass

    queue.leave(slots[0])
    waiting = queue.slot(any_copy())
    assert ahead(waiting) == 0

    service.finish_copies()
    waiting.wait(seconds=30)
    assert ahead(waiting) is None
    for slot in (*slots, waiting):
        queue.leave(slot)


def test_queue_ignores_copies_it_may_not_describe(service: FsxService, stack: Stack, wire: Wire, source: str) -> None:
    service.set_copy_seconds(FOREVER)
    queue = opened(stack.run())
    queue.count_existing(dict.fromkeys(start_by_hand(wire, source), any_copy()), ())
    service.add_fault("access_denied", "DescribeBackups", region=AWAY)

    waiting = queue.slot(any_copy())
    waiting.wait(seconds=30)

    assert ahead(waiting) is None
    queue.leave(waiting)


def test_ontap_copies_have_five_slots_per_volume_and_key(stack: Stack) -> None:
    """FSx for ONTAP user guide, Quotas: five backup copies in progress per volume, destination Region and key."""
    queue = opened(stack.run())
    home, projects = (quota_group(volume, "key/1") for volume in ("fsvol-1", "fsvol-2"))
    for group in (home, ""):
        assert [ahead(queue.slot(any_copy(group))) for _ in range(COPIES_AT_ONCE)] == [None] * COPIES_AT_ONCE

    assert ahead(queue.slot(any_copy(home))) == 0
    assert ahead(queue.slot(any_copy())) == 0
    assert ahead(queue.slot(any_copy(projects))) is None
    assert ahead(queue.slot(any_copy(quota_group("fsvol-1", "key/2")))) is None


def test_ontap_copy_without_key_shares_slots_with_running_ones(service: FsxService, stack: Stack, wire: Wire) -> None:
    backup = service.seed_backup(HOME, service.seed_file_system(HOME, "ONTAP"))
    run = stack.run()
    source = run.region(HOME).source(backup)
    assert source is not None

    queued = run.region(AWAY).queued_copy(source, None)
    running = run.region(AWAY).find(*start_by_hand(wire, backup, number=1))

    assert running is not None
    assert queued.group == running.quota_group

"""One poll per Region watches all copies that run."""

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pulumi_fsx_dr.errors import ServiceError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.runtime.slots import Sight, Slots, Turn

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.stack import Stack, copy_args
from tests.engine.wire import SharedClock, Wire

Look = Backup | None | Exception
RUNNING = Backup(
    id="backup-0123456789abcdef0",
    arn="arn:aws:fsx:eu-central-1:123456789012:backup/backup-0123456789abcdef0",
    lifecycle="COPYING",
    type="USER_INITIATED",
    creation_time=datetime(2027, 1, 15, 8, 0, tzinfo=UTC),
    owner_id="123456789012",
    region=AWAY,
    source_backup_id="backup-0fedcba9876543210",
)


class HeldClock(SharedClock):
    """A clock on which nobody sleeps, and so no poll looks, before the test lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self._goes = threading.Event()

    def sleep(self, seconds: float) -> None:
        self._goes.wait()
        super().sleep(seconds)

    def let_go(self, *, after: float = 0) -> None:
        """Let time pass, first some seconds at once."""
        super().sleep(after)
        self._goes.set()


class ScriptedRegion(FsxRegion):
    """Shows one backup as a script says, the last line again and again, and when it was looked at."""

    def __init__(self, clock: SharedClock, *script: Look) -> None:
        super().__init__(AWAY, Credentials())
        self.script = list(script)
        self.looks: list[float] = []
        self._clock = clock

    def look_up(self, ids: Iterable[str]) -> dict[str, Backup | ServiceError]:
        self.looks.append(self._clock.now())
        seen = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(seen, Exception):
            raise seen
        return {backup_id: replace(seen, id=backup_id) for backup_id in ids if seen}


class ManyInOneRegion(ScriptedRegion):
    """Shows several copies, each with a progress of its own."""

    def __init__(self, clock: SharedClock, percents: Sequence[int | None]) -> None:
        super().__init__(clock)
        self._percents = percents

    def look_up(self, ids: Iterable[str]) -> dict[str, Backup | ServiceError]:
        self.looks.append(self._clock.now())
        return {id_: replace(RUNNING, id=id_, progress_percent=self._percents[int(id_[-1])]) for id_ in ids}


class OneUnreadable(ScriptedRegion):
    """Shows several copies, one of them in a way that makes no sense."""

    def __init__(self, clock: SharedClock, unreadable: str) -> None:
        super().__init__(clock)
        self.trouble = ServiceError(f"{unreadable} makes no sense.")
        self._unreadable = unreadable

    def look_up(self, ids: Iterable[str]) -> dict[str, Backup | ServiceError]:
        self.looks.append(self._clock.now())
        return {id_: self.trouble if id_ == self._unreadable else replace(RUNNING, id=id_) for id_ in ids}


def watched(region: ScriptedRegion, clock: SharedClock) -> Turn:
    copies = Slots(AWAY, region.look_up, clock, poll_seconds=1.0)
    turn = copies.turn()
    turn.watch(RUNNING.id)
    return turn


def sight_after(turn: Turn, looks: int) -> Sight:
    """Return what is known after so many looks."""
    while (sight := turn.next_sight(seconds=1)).looks < looks:
        pass
    turn.end()
    return sight


def looked_at_together(service: FsxService) -> int:
    return max((len(entry["ids"]) for entry in service.journal(AWAY, "DescribeBackups")), default=0)


def poll_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("poll ")]


def test_five_running_copies_are_looked_at_together(service: FsxService, stack: Stack, source: str) -> None:
    service.set_copy_seconds(100_000)
    run = stack.run()

    with ThreadPoolExecutor(5) as pool:
        copying = [pool.submit(stack.register, run, f"copy-{n}", copy_args(source)) for n in range(5)]
        while looked_at_together(service) < 5 and not any(copy.done() for copy in copying):
            threading.Event().wait(0.01)
        service.finish_copies()

    assert [copy.exception() for copy in copying] == [None] * 5
    assert looked_at_together(service) == 5


def test_a_copy_that_vanishes_does_not_blind_the_others(
    service: FsxService, stack: Stack, wire: Wire, source: str
) -> None:
    fsx = wire.client("fsx", AWAY)
    request = {"SourceBackupId": source, "SourceRegion": HOME}
    gone, stays = [fsx.copy_backup(**request)["Backup"]["BackupId"] for _ in range(2)]
    copies = stack.run().region(AWAY).slots
    turns = [copies.turn(), copies.turn()]
    service.remove_backup(AWAY, gone)
    service.finish_copies()

    turns[0].watch(gone)
    turns[1].watch(stays)
    sights = [sight_after(turn, looks=1) for turn in turns]

    assert (sights[0].backup, sights[0].missing_since is None) == (None, False)
    assert sights[1].backup is not None
    assert sights[1].backup.is_available


def test_any_number_of_ids_is_found_fifty_at_a_time_and_the_missing_left_out(service: FsxService, stack: Stack) -> None:
    file_system = service.seed_file_system(AWAY)
    made = [service.seed_backup(AWAY, file_system) for _ in range(120)]
    for missing in made[::40]:
        service.remove_backup(AWAY, missing)

    found = stack.run().region(AWAY).fsx.find(made)

    assert found.keys() == {backup_id for n, backup_id in enumerate(made) if n % 40}
    assert max(len(entry["ids"]) for entry in service.journal(AWAY)) == 50


def test_what_an_answer_leaves_out_is_asked_for_again(service: FsxService, stack: Stack) -> None:
    file_system = service.seed_file_system(AWAY)
    made = [service.seed_backup(AWAY, file_system) for _ in range(20)]
    service.remove_backup(AWAY, made[7])
    service.configure(ids_per_answer=3)

    found = stack.run().region(AWAY).fsx.find(made)

    assert found.keys() == {*made} - {made[7]}


def test_asking_for_nothing_calls_nobody(service: FsxService, stack: Stack) -> None:
    assert stack.run().region(AWAY).fsx.find([]) == {}
    assert service.journal() == []


def test_a_copy_far_from_its_end_is_looked_at_less_often() -> None:
    clock = SharedClock()
    region = ScriptedRegion(clock, replace(RUNNING, progress_percent=1))

    sight_after(watched(region, clock), looks=4)

    gaps = [later - earlier for earlier, later in zip(region.looks[1:], region.looks[2:], strict=False)]
    assert min(gaps) >= 4.0


@pytest.mark.parametrize(
    ("percents", "seconds"),
    [
        ((40,), 1.6),  # right behind its end, since that is near
        ((48, 40), 1.6),  # another one is done shortly before: both at once
        ((80, 40), 1.0),  # another one is done long before
        ((10,), 4.045),  # half of the least that is left
        ((1,), 8.0),  # not later than that, for progress may be faster than it was
        ((99,), 1.0),  # a poll interval at the least
        ((0,), 1.0),  # no progress tells nothing
        ((None,), 1.0),
    ],
)
def test_the_next_look_is_when_a_copy_should_be_done_within_bounds(
    percents: tuple[int | None, ...], seconds: float
) -> None:
    clock = HeldClock()
    region = ManyInOneRegion(clock, percents)
    copies = Slots(AWAY, region.look_up, clock, poll_seconds=1.0)
    turns = [copies.turn() for _ in percents]
    for number, turn in enumerate(turns):
        turn.watch(f"{RUNNING.id}{number}")

    clock.let_go()
    while len(region.looks) < 2:
        turns[0].next_sight(seconds=0.01)
    for turn in turns:
        turn.end()

    assert region.looks[1] - region.looks[0] == pytest.approx(seconds, abs=0.01)


def test_a_whole_percent_that_is_coarser_than_the_poll_never_makes_it_late() -> None:
    """At 99 % an hour's copy may be done at once or in half a minute."""
    clock = HeldClock()
    region = ScriptedRegion(clock, replace(RUNNING, progress_percent=99))
    turn = watched(region, clock)

    clock.let_go(after=3600)
    sight_after(turn, looks=4)

    gaps = [later - earlier for earlier, later in zip(region.looks[1:], region.looks[2:], strict=False)]
    assert gaps == pytest.approx([1.0] * len(gaps), abs=0.01)


def test_a_copy_that_is_missing_is_looked_for_at_the_next_poll() -> None:
    clock = SharedClock()
    region = ScriptedRegion(clock, replace(RUNNING, progress_percent=1), None)

    sight_after(watched(region, clock), looks=3)

    missed, again = region.looks[1:3]
    assert again - missed < 4.0


def test_a_look_that_fails_keeps_what_was_known() -> None:
    clock = SharedClock()
    trouble = TransientError("Try again later.")

    sight = sight_after(watched(ScriptedRegion(clock, RUNNING, trouble), clock), looks=2)

    assert (sight.backup, sight.missing_since, sight.trouble) == (RUNNING, None, trouble)


def test_a_copy_that_cannot_be_read_is_no_trouble_for_the_others() -> None:
    clock = SharedClock()
    unreadable, readable = "backup-0123456789abcdef1", "backup-0123456789abcdef2"
    region = OneUnreadable(clock, unreadable)
    copies = Slots(AWAY, region.look_up, clock, poll_seconds=1.0)
    turns = [copies.turn(), copies.turn()]
    for turn, backup_id in zip(turns, (unreadable, readable), strict=True):
        turn.watch(backup_id)

    sights = [sight_after(turn, looks=1) for turn in turns]

    assert [sight.trouble for sight in sights] == [region.trouble, None]
    assert [sight.backup and sight.backup.id for sight in sights] == [None, readable]


def test_a_copy_that_shows_again_was_never_missing() -> None:
    clock = SharedClock()

    sight = sight_after(watched(ScriptedRegion(clock, RUNNING, None, RUNNING), clock), looks=3)

    assert (sight.backup, sight.missing_since, sight.trouble) == (RUNNING, None, None)


def test_a_mistake_in_the_poll_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    clock = SharedClock()

    sight = sight_after(watched(ScriptedRegion(clock, RuntimeError("a mistake"), RUNNING), clock), looks=1)

    assert sight.backup == RUNNING
    assert f"the poll of {AWAY} failed" in caplog.text


def test_the_poll_ends_when_nobody_waits_and_starts_again_for_the_next(stack: Stack, source: str) -> None:
    run = stack.run()
    for resource in ("monday", "tuesday"):
        stack.register(run, resource, copy_args(source))
        for thread in poll_threads():
            thread.join(timeout=120)
        assert poll_threads() == []

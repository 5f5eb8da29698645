"""One poll per Region describes all watched copies."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pulumi_fsx_dr.errors import ServiceError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.poller import Poller, PollResult, Watch

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.stack import Stack, backups_of_file_systems, copy_args
from tests.engine.wire import SharedClock, Wire

Seen = Backup | None | Exception
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
POLL_SECONDS = 15.0


class Looks:
    """Scripted answers; the last one repeats."""

    def __init__(self, clock: SharedClock, *script: Seen) -> None:
        self.times: list[float] = []
        self._clock, self._script = clock, list(script)

    def __call__(self, ids: Iterable[str]) -> dict[str, Backup | Exception]:
        self.times.append(self._clock.now())
        seen = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(seen, Exception):
            raise seen
        return {backup_id: replace(seen, id=backup_id) for backup_id in ids if seen}


def result_after(script: list[Seen], looks: int) -> PollResult:
    """Return the result of a watch after this many polls."""
    clock = SharedClock()
    look_up = Looks(clock, *script)
    poller = Poller(AWAY, look_up, clock, POLL_SECONDS)
    watch = poller.watch(RUNNING.id)
    while len(look_up.times) < looks:
        watch.next_result(seconds=1)
    # The last poll may still be running.
    watch.next_result(seconds=0.1)
    poller.unwatch(watch)
    return watch.result


def results(poller: Poller, watches: Iterable[Watch]) -> list[PollResult]:
    """Return the result of each watch after the next poll."""
    seen = [watch.next_result(seconds=30) for watch in watches]
    for watch in watches:
        poller.unwatch(watch)
    return seen


def poll_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("poll ")]


def test_poll_describes_five_copies_in_one_call(service: FsxService, stack: Stack) -> None:
    def most_ids() -> int:
        return max((len(entry["ids"]) for entry in service.journal(AWAY, "DescribeBackups")), default=0)

    service.set_copy_seconds(100_000)
    run = stack.run()

    with ThreadPoolExecutor(5) as pool:
        sources = backups_of_file_systems(service, 5)
        copying = [pool.submit(stack.register, run, f"copy-{n}", copy_args(one)) for n, one in enumerate(sources)]
        while most_ids() < 5 and not any(copy.done() for copy in copying):
            threading.Event().wait(0.01)
        service.finish_copies()

    assert [copy.exception() for copy in copying] == [None] * 5
    assert most_ids() == 5


def test_poll_shows_other_copies_if_one_is_missing(service: FsxService, stack: Stack, wire: Wire, source: str) -> None:
    fsx = wire.client("fsx", AWAY)
    request = {"SourceBackupId": source, "SourceRegion": HOME}
    gone, stays = [fsx.copy_backup(**request)["Backup"]["BackupId"] for _ in range(2)]
    service.remove_backup(AWAY, gone)
    service.finish_copies()
    poller = Poller(AWAY, stack.run().region(AWAY).fsx.find_or_error, wire.clock, POLL_SECONDS)

    missing, shown = results(poller, [poller.watch(gone), poller.watch(stays)])

    assert (missing.backup, missing.missing_since is None) == (None, False)
    assert shown.backup is not None
    assert shown.backup.is_available


def test_poll_shows_other_copies_if_one_is_unreadable() -> None:
    unreadable, readable = "backup-0123456789abcdef1", "backup-0123456789abcdef2"
    error = ServiceError(f"{unreadable} cannot be parsed.")

    def look_up(ids: Iterable[str]) -> dict[str, Backup | Exception]:
        return {id_: error if id_ == unreadable else replace(RUNNING, id=id_) for id_ in ids}

    poller = Poller(AWAY, look_up, SharedClock(), POLL_SECONDS)

    failed, shown = results(poller, [poller.watch(unreadable), poller.watch(readable)])

    assert (failed.error, failed.backup) == (error, None)
    assert shown.backup is not None
    assert (shown.error, shown.backup.id) == (None, readable)


def test_poll_serves_two_watches_of_one_copy() -> None:
    clock = SharedClock()
    poller = Poller(AWAY, Looks(clock, RUNNING), clock, POLL_SECONDS)

    both = results(poller, [poller.watch(RUNNING.id), poller.watch(RUNNING.id)])

    assert [result.backup for result in both] == [RUNNING, RUNNING]


def test_poll_runs_once_per_interval() -> None:
    clock = SharedClock()
    look_up = Looks(clock, RUNNING)
    poller = Poller(AWAY, look_up, clock, POLL_SECONDS)
    watch = poller.watch(RUNNING.id)
    while len(look_up.times) < 4:
        watch.next_result(seconds=1)
    poller.unwatch(watch)

    gaps = [later - earlier for earlier, later in zip(look_up.times, look_up.times[1:], strict=False)]
    assert gaps == pytest.approx([POLL_SECONDS] * len(gaps), abs=0.5)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ([RUNNING, TransientError("Try again later.")], (RUNNING, False, TransientError)),
        ([RUNNING, None], (RUNNING, True, type(None))),
        ([RUNNING, None, RUNNING], (RUNNING, False, type(None))),
        ([TransientError("Try again later."), RUNNING], (RUNNING, False, type(None))),
    ],
    ids=["failed poll", "missing", "visible again", "answer after failed poll"],
)
def test_poll_result_follows_answers(script: list[Seen], expected: tuple[Backup, bool, type]) -> None:
    result = result_after(script, looks=len(script))

    assert (result.backup, result.missing_since is not None, type(result.error)) == expected


def test_poll_continues_after_unexpected_exception(caplog: pytest.LogCaptureFixture) -> None:
    result = result_after([RuntimeError("a mistake"), RUNNING], looks=2)

    assert result.backup == RUNNING
    assert caplog.records


def test_poll_continues_after_exception_of_watch(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: PollResult) -> None:
        raise RuntimeError("a mistake")

    clock = SharedClock()
    look_up = Looks(clock, RUNNING)
    poller = Poller(AWAY, look_up, clock, POLL_SECONDS)
    failing = [poller.watch(RUNNING.id, fail) for _ in range(3)]
    watch = poller.watch(RUNNING.id)
    seen = [watch.next_result(seconds=5) for _ in range(4)]
    for one in (*failing, watch):
        poller.unwatch(one)

    assert [result.backup for result in seen] == [RUNNING] * 4
    assert len(look_up.times) >= 4
    assert caplog.records


def test_poll_stops_without_watches_and_starts_again(stack: Stack, source: str) -> None:
    run = stack.run()
    for resource in ("monday", "tuesday"):
        stack.register(run, resource, copy_args(source))
        for thread in poll_threads():
            thread.join(timeout=120)
        assert poll_threads() == []


# --- lookups by id ---


def test_find_requests_fifty_ids_per_call(service: FsxService, stack: Stack) -> None:
    file_system = service.seed_file_system(AWAY)
    made = [service.seed_backup(AWAY, file_system) for _ in range(120)]
    for missing in made[::40]:
        service.remove_backup(AWAY, missing)

    found = stack.run().region(AWAY).fsx.find(made)

    assert found.keys() == {backup_id for n, backup_id in enumerate(made) if n % 40}
    assert max(len(entry["ids"]) for entry in service.journal(AWAY)) == 50


def test_find_repeats_for_omitted_ids(service: FsxService, stack: Stack) -> None:
    file_system = service.seed_file_system(AWAY)
    made = [service.seed_backup(AWAY, file_system) for _ in range(20)]
    service.remove_backup(AWAY, made[7])
    service.configure(ids_per_answer=3)

    found = stack.run().region(AWAY).fsx.find(made)

    assert found.keys() == {*made} - {made[7]}


def test_find_without_ids_makes_no_call(service: FsxService, stack: Stack) -> None:
    assert stack.run().region(AWAY).fsx.find([]) == {}
    assert service.journal() == []

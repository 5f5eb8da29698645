"""Lookups of a refresh share their calls to FSx."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from pulumi_fsx_dr.errors import AccessDeniedError
from pulumi_fsx_dr.runtime import reads as reading
from pulumi_fsx_dr.runtime.reads import Lull, SharedReads

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY
from tests.engine.stack import Stack


def test_lookups_at_once_share_calls_of_50_ids(service: FsxService, stack: Stack) -> None:
    made = [service.seed_backup(AWAY, service.seed_file_system(AWAY)) for _ in range(100)]
    reads = stack.run().region(AWAY).reads

    with ThreadPoolExecutor(100) as pool:
        found = list(pool.map(reads.find, made))

    assert [backup and backup.id for backup in found] == made
    calls = service.journal(AWAY, "DescribeBackups")
    assert len(calls) < 100
    assert max(len(call["ids"]) for call in calls) <= 50


class UntilAllAsked(Lull):
    """A lull that comes when so many have asked."""

    def __init__(self, number: int) -> None:
        super().__init__(0)
        self._missing = threading.Semaphore(0)
        self._number = number

    def disturb(self) -> None:
        self._missing.release()

    def wait(self) -> None:
        for _ in range(self._number):
            self._missing.acquire()


def test_lookups_before_a_lull_share_a_call_that_answers_each(service: FsxService, stack: Stack) -> None:
    """The host takes the engine's calls one by one, so they never come at the very same time."""
    made = [service.seed_backup(AWAY, service.seed_file_system(AWAY)) for _ in range(20)]
    reads = SharedReads(stack.run().region(AWAY).fsx.look_up, UntilAllAsked(20))
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(reads.find, made))
    assert [backup and backup.id for backup in found] == made
    assert len(service.journal(AWAY, "DescribeBackups")) == 1
    for missing in made[::3]:
        service.remove_backup(AWAY, missing)

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(reads.find, made))

    assert [backup is None for backup in found] == [number % 3 == 0 for number in range(20)]


@pytest.mark.parametrize(
    ("others", "waited"),
    [
        ([], 0.02),  # nobody else: one lull
        ([0.01, 0.02], 0.04),  # each puts it off
        ([0.03], 0.02),  # comes too late
        ([0.015 * n for n in range(20)], 0.1),  # never a lull, but nobody waits for ever
    ],
)
def test_lull_waits_until_nobody_asks(monkeypatch: pytest.MonkeyPatch, others: list[float], waited: float) -> None:
    clock = ManualClock(0)
    lull = Lull(0.02)

    def sleep(seconds: float) -> None:
        end = clock.now() + seconds
        while others and others[0] <= end:
            clock.sleep(others.pop(0) - clock.now())
            lull.disturb()
        clock.sleep(end - clock.now())

    monkeypatch.setattr(reading, "time", SimpleNamespace(monotonic=clock.now, sleep=sleep))
    lull.disturb()

    lull.wait()

    assert clock.now() == pytest.approx(waited)


def test_lookup_that_fails_fails_only_for_those_who_asked(service: FsxService, stack: Stack) -> None:
    made = [service.seed_backup(AWAY, service.seed_file_system(AWAY)) for _ in range(3)]
    reads = SharedReads(stack.run().region(AWAY).fsx.look_up, Lull(0))
    service.add_fault("access_denied", "DescribeBackups")

    for backup_id in made:
        with pytest.raises(AccessDeniedError):
            reads.find(backup_id)
    service.lift_fault()

    assert [reads.find(backup_id) is not None for backup_id in made] == [True] * 3

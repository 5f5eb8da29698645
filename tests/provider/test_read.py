"""A refresh tells what became of a copy, and says that it is gone only when that is sure."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import AccessDeniedError, CopyError, FsxDrError, ServiceError
from pulumi_fsx_dr.runtime import reads as reading
from pulumi_fsx_dr.runtime.reads import Lull, SharedReads

from simulator.fsx import FsxService, ManualClock
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.stack import Stack, change_outputs, copy_args


def test_a_refresh_of_an_unchanged_copy_changes_nothing(stack: Stack, source: str, key: str) -> None:
    stack.up({"monday": copy_args(source, kms_key_id=key, copy_tags=True, tags={"cost": "dr"})})
    before = stack.states["monday"]

    stack.refresh()

    known_to_the_engine = {"__provider": "pickled"}
    assert stack.states["monday"].outputs | known_to_the_engine == before.outputs
    assert stack.states["monday"].inputs | known_to_the_engine == before.inputs


@pytest.mark.parametrize("becomes", ["removed", "DELETED", "FAILED"])
def test_a_copy_that_is_no_more_is_gone(service: FsxService, stack: Stack, source: str, becomes: str) -> None:
    stack.up({"monday": copy_args(source)})
    copy = stack.states["monday"].id
    scenes: dict[str, Any] = {"removed": lambda: service.remove_backup(AWAY, copy)}
    scenes.get(becomes, lambda: service.set_lifecycle(AWAY, copy, becomes))()

    stack.refresh()

    assert stack.states == {}


def test_credentials_of_another_account_never_make_a_copy_gone(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})
    copy = stack.states["monday"].id
    change_outputs(stack, "monday", owner_id="999999999999")
    service.remove_backup(AWAY, copy)

    with pytest.raises(CopyError, match=f"{copy} in {AWAY} belongs to account 999999999999"):
        stack.refresh()

    assert stack.states["monday"].id == copy


@pytest.mark.parametrize("kind", ["access_denied", "not_enabled"])
@pytest.mark.parametrize("call", ["fsx:DescribeBackups", "sts:GetCallerIdentity"])
def test_a_refusal_never_makes_a_copy_gone(
    service: FsxService, stack: Stack, source: str, call: str, kind: Any
) -> None:
    asked, _, action = call.partition(":")
    stack.up({"monday": copy_args(source)})
    service.remove_backup(AWAY, stack.states["monday"].id)
    service.add_fault(kind, action, service=asked)

    with pytest.raises(ServiceError):
        stack.refresh()

    assert list(stack.states) == ["monday"]


@pytest.mark.parametrize("kind", ["refuse", "unavailable", "malformed", "hang"])
def test_a_region_that_stays_dark_never_makes_a_copy_gone(
    service: FsxService, stack: Stack, source: str, kind: Any
) -> None:
    stack.up({"monday": copy_args(source)})
    service.make_unreachable(AWAY, kind)

    with pytest.raises(FsxDrError):
        stack.refresh()

    assert list(stack.states) == ["monday"]


def test_what_was_gone_is_made_anew_by_the_next_run(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})
    service.remove_backup(AWAY, stack.states["monday"].id)
    stack.refresh()

    stack.up({"monday": copy_args(source)})

    assert [copy["id"] for copy in service.backups(AWAY)] == [stack.states["monday"].id]


@pytest.mark.parametrize("others", [{}, {"theirs": "y", "aws:backup:source": "z"}])
@pytest.mark.parametrize("ours", [{}, {"team": "changed"}])
def test_drift_of_our_tags_shows_in_the_next_preview_and_tags_of_others_do_not(
    service: FsxService, stack: Stack, source: str, ours: dict[str, str], others: dict[str, str]
) -> None:
    args = copy_args(source, tags={"team": "storage"})
    stack.up({"monday": args})
    copy = service.backup(AWAY, stack.states["monday"].id)
    service.set_tags(AWAY, copy["id"], {OWNERSHIP_TAG: copy["tags"][OWNERSHIP_TAG], **ours, **others})

    stack.refresh()

    assert stack.states["monday"].inputs["tags"] == ours
    assert stack.preview("monday", args).changes is True


def test_tags_that_others_added_are_no_drift(service: FsxService, stack: Stack, source: str) -> None:
    args = copy_args(source, tags={"team": "storage"})
    stack.up({"monday": args})
    copy = service.backup(AWAY, stack.states["monday"].id)
    service.set_tags(AWAY, copy["id"], {**copy["tags"], "theirs": "y", "aws:backup:source": "z"})

    stack.refresh()

    assert stack.preview("monday", args).changes is False
    assert stack.states["monday"].outputs["tags_all"] == {"team": "storage", "theirs": "y"}


def test_the_source_s_disappearance_never_matters(service: FsxService, stack: Stack, source: str) -> None:
    stack.up({"monday": copy_args(source)})
    service.remove_backup(HOME, source)
    service.make_unreachable(HOME)

    stack.refresh()

    assert stack.preview("monday", copy_args(source)).changes is False
    assert service.journal(HOME, "DescribeBackups")[1:] == []


def test_the_region_is_the_recorded_one_whatever_the_environment_says(
    stack: Stack, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.up({"monday": copy_args(source)})
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    stack.refresh()

    assert stack.states["monday"].outputs["region"] == AWAY


def test_many_refreshes_at_once_share_their_calls(service: FsxService, stack: Stack) -> None:
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


def test_refreshes_that_come_before_a_lull_share_a_call(service: FsxService, stack: Stack) -> None:
    """The host takes the engine's calls one by one, so that they never come at the very same time."""
    made = [service.seed_backup(AWAY, service.seed_file_system(AWAY)) for _ in range(20)]
    reads = SharedReads(stack.run().region(AWAY).fsx.look_up, UntilAllAsked(20))

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(reads.find, made))

    assert [backup and backup.id for backup in found] == made
    assert len(service.journal(AWAY, "DescribeBackups")) == 1


@pytest.mark.parametrize(
    ("others", "waited"),
    [
        ([], 0.02),  # nobody else: one lull
        ([0.01, 0.02], 0.04),  # each puts it off
        ([0.03], 0.02),  # comes too late
        ([0.015 * n for n in range(20)], 0.1),  # never a lull, but nobody waits for ever
    ],
)
def test_a_lull_is_when_nobody_asked_for_a_moment(
    monkeypatch: pytest.MonkeyPatch, others: list[float], waited: float
) -> None:
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


def test_a_shared_call_with_ids_that_are_gone_answers_each_for_itself(service: FsxService, stack: Stack) -> None:
    made = [service.seed_backup(AWAY, service.seed_file_system(AWAY)) for _ in range(20)]
    for gone in made[::3]:
        service.remove_backup(AWAY, gone)
    reads = SharedReads(stack.run().region(AWAY).fsx.look_up, UntilAllAsked(20))

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(reads.find, made))

    assert [backup is None for backup in found] == [number % 3 == 0 for number in range(20)]


def test_a_shared_call_that_fails_fails_for_all_who_asked_and_for_nobody_else(
    service: FsxService, stack: Stack
) -> None:
    made = [service.seed_backup(AWAY, service.seed_file_system(AWAY)) for _ in range(3)]
    reads = SharedReads(stack.run().region(AWAY).fsx.look_up, Lull(0))
    service.add_fault("access_denied", "DescribeBackups")

    for backup_id in made:
        with pytest.raises(AccessDeniedError):
            reads.find(backup_id)
    service.lift_fault()

    assert [reads.find(backup_id) is not None for backup_id in made] == [True] * 3

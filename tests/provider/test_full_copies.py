"""One full copy at a time per file system, key and DR Region; the following copies are incremental."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from pulumi_fsx_dr.engine.grpc_call import EngineCall
from pulumi_fsx_dr.errors import CallCancelledError, CopyError
from pulumi_fsx_dr.runtime.call import Call

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from simulator.fsx.views import BackupView
from simulator.project import eventually
from tests.engine.process import Properties
from tests.engine.stack import FOREVER, Stack, copy_args, finish_when_running, killed_up, register_all
from tests.engine.wire import Wire, key_named

ELSEWHERE = "eu-north-1"
HOUR = 3600.0


@pytest.fixture
def sources(service: FsxService, source: str) -> list[str]:
    """Return six backups of one file system, newest first."""
    file_system = service.backup(HOME, source)["file_system_id"]
    return [service.seed_backup(HOME, file_system, created=service.now() - age * HOUR) for age in range(6)]


@pytest.fixture(autouse=True)
def _time_by_size(service: FsxService) -> None:
    service.configure(seconds_per_gb=60)


def declared(sources: list[str], **changes: str) -> dict[str, Properties]:
    return {f"copy-{number}": copy_args(source, **changes) for number, source in enumerate(sources)}


def full(service: FsxService, region: str = AWAY) -> list[BackupView]:
    return [copy for copy in service.backups(region, deleted=True) if copy["is_full"]]


def copy_until_finished(service: FsxService, stack: Stack) -> None:
    """Let copies run until the test finishes them."""
    service.configure(seconds_per_gb=None, copy_seconds=FOREVER)
    stack.timeouts["create"] = FOREVER


def start_by_hand(wire: Wire, source: str) -> str:
    request = {"SourceBackupId": source, "SourceRegion": HOME}
    return str(wire.client("fsx", AWAY).copy_backup(**request)["Backup"]["BackupId"])


def test_only_first_copy_is_full(service: FsxService, stack: Stack, sources: list[str]) -> None:
    def finish() -> None:
        finish_when_running(service, 1)
        finish_when_running(service, 5)  # the other copies run concurrently

    copy_until_finished(service, stack)

    assert register_all(stack, stack.run(), declared(list(reversed(sources))), finish) == [None] * 6
    assert len(full(service)) == 1


@pytest.mark.parametrize("has_key", [True, False])
def test_later_run_does_not_wait_for_full_copy(
    service: FsxService, stack: Stack, sources: list[str], *, has_key: bool
) -> None:
    changes = {"kms_key_id": key_named("one")} if has_key else {}
    stack.up(declared(sources[5:], **changes))

    copy_until_finished(service, stack)

    errors = register_all(stack, stack.run(), declared(sources[:5], **changes), lambda: finish_when_running(service, 5))

    assert errors == [None] * 5
    assert len(full(service)) == 1


def test_each_key_and_region_has_one_full_copy(service: FsxService, stack: Stack, sources: list[str]) -> None:
    stack.up(declared(sources[:2], kms_key_id=key_named("one")))
    programs = {
        f"{name}-{number}": copy_args(source, **changes)
        for name, changes in (
            ("default", {}),
            ("two", {"kms_key_id": key_named("two")}),
            ("far", {"region": ELSEWHERE}),
        )
        for number, source in enumerate(sources)
    }

    assert register_all(stack, stack.run(), programs) == [None] * 18
    assert len({copy["kms_key_arn"] for copy in full(service)}) == 3
    assert (len(full(service)), len(full(service, ELSEWHERE))) == (3, 1)


def test_each_volume_has_one_full_copy(service: FsxService, stack: Stack) -> None:
    file_system = service.seed_file_system(HOME, "ONTAP")
    volumes = [service.seed_volume(HOME, file_system, name) for name in ("vol2", "vol3")]
    sources = [service.seed_backup(HOME, file_system, volume_id=volume) for volume in volumes * 3]

    assert register_all(stack, stack.run(), declared(sources)) == [None] * 6
    assert {copy["volume_id"] for copy in full(service)} == set(volumes)
    assert len(full(service)) == 2


def test_next_copy_is_full_after_failed_one(service: FsxService, stack: Stack, sources: list[str]) -> None:
    service.fail_copies("no luck")

    failures = register_all(stack, stack.run(), declared(sources))

    assert [type(failure) for failure in failures if failure] == [CopyError]
    assert [copy["lifecycle"] for copy in full(service)] == ["DELETED", "AVAILABLE"]


def test_copies_wait_for_full_copy_of_others(service: FsxService, stack: Stack, wire: Wire, sources: list[str]) -> None:
    other = start_by_hand(wire, sources[5])

    assert register_all(stack, stack.run(), declared(sources[:5])) == [None] * 5
    assert [copy["id"] for copy in full(service)] == [other]


def test_copies_stop_waiting_for_failed_copy_of_others(
    service: FsxService, stack: Stack, wire: Wire, sources: list[str]
) -> None:
    service.fail_copies("no luck")
    other = start_by_hand(wire, sources[5])

    assert register_all(stack, stack.run(), declared(sources[:5])) == [None] * 5
    assert [copy["id"] == other for copy in full(service)] == [True, False]


def test_timeout_ends_wait_for_full_copy_of_others(
    service: FsxService, stack: Stack, wire: Wire, sources: list[str]
) -> None:
    """A second full copy is better than no copy, and one is enough."""
    other = start_by_hand(wire, sources[5])
    service.set_lifecycle(AWAY, other, "COPYING")
    service.configure(seconds_per_gb=6)
    stack.timeouts["create"] = 100.0

    assert register_all(stack, stack.run(), declared(sources[:5])) == [None] * 5
    assert len(full(service)) == 1, "one full copy of this stack"


def test_resumed_copy_counts_as_full_copy(service: FsxService, stack: Stack, sources: list[str]) -> None:
    killed_up(stack, declared(sources[:1]), "CopyBackup", "after")

    assert register_all(stack, stack.run(), declared(sources)) == [None] * 6
    assert len(full(service)) == 1


def test_adopted_copy_counts_as_full_copy(service: FsxService, stack: Stack, wire: Wire, sources: list[str]) -> None:
    existing = start_by_hand(wire, sources[0])
    adopting = {"adopting": copy_args(sources[0], adopt_backup_id=existing)}

    assert register_all(stack, stack.run(), adopting | declared(sources[1:])) == [None] * 6
    assert [copy["id"] for copy in full(service)] == [existing]


@pytest.mark.parametrize("is_running", [True, False])
def test_copy_of_others_counts_if_own_key_is_unknown(
    service: FsxService, stack: Stack, wire: Wire, sources: list[str], *, is_running: bool
) -> None:
    """The key may be the same, so copies wait while the other copy runs, but not once it is AVAILABLE."""
    service.add_fault("access_denied", "DescribeKey", service="kms")
    other = start_by_hand(wire, sources[5])
    if not is_running:
        service.finish_copies()

    assert register_all(stack, stack.run(), declared(sources[:5])) == [None] * 5
    assert [copy["id"] for copy in full(service)] == [other]


def test_cancelled_copy_stops_waiting_for_full_copy(
    service: FsxService, stack: Stack, sources: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status message says what the copy waits for."""
    waits, file_system = Event(), service.backup(HOME, sources[0])["file_system_id"]

    def status(_call: Call, message: str, **_: float) -> None:
        if "full copy" in message and file_system in message:
            waits.set()

    monkeypatch.setattr(EngineCall, "status", status)
    service.configure(seconds_per_gb=None)
    service.set_copy_seconds(1e9)
    run = stack.run()
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(stack.register, run, name, args) for name, args in declared(sources[:2]).items()]
        try:
            eventually(lambda: bool(service.backups(AWAY)), "the full copy")
            assert waits.wait(30)
        finally:
            run.end()  # without it the pool would never end
        failures = [call.exception() for call in calls]

    assert {type(failure) for failure in failures} == {CallCancelledError}
    assert len(service.backups(AWAY)) == 1

"""DrRegion: its outputs, messages and declared copies."""

import asyncio
import functools
import gc
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Any

import grpc
import pulumi
import pytest
from pulumi.runtime import mocks
from pulumi_fsx_dr import BackupCopy, DrRegion, DrRegionArgs, Source, dr_region
from pulumi_fsx_dr.copies.copy import OWNER_TYPE
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.engine import stack_state
from pulumi_fsx_dr.errors import FsxDrError, InvalidSettingsError, InvalidStateError
from pulumi_fsx_dr.fsx.backup import Backup, Fsx
from pulumi_fsx_dr.program import coordinator
from pulumi_fsx_dr.rules.copy_size import read_total
from pulumi_fsx_dr.rules.region_plan import RegionPlan
from pulumi_fsx_dr.testing import FakeAws

from simulator.fsx import Control
from simulator.fsx.fixtures import AWAY, HOME
from tests.backups import owned
from tests.messages.collecting import configured
from tests.recording import RecordingEngine, Registration

ELSEWHERE = "eu-north-1"
TYPE = "pulumi-python:dynamic/fsx:BackupCopy"
Resources = dict[str, Any]  # resources in the state, by URN


class UnknownStackError(grpc.RpcError):
    """The engine refuses to read the state."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return "unknown stack"


class StateMocks(mocks.Mocks):
    """Mocks with a state.

    Args:
        read_state: returns the resources of a stack.
        id_: id of each copy; a new one by default.
        outputs: more outputs of each copy.
    """

    def __init__(self, read_state: Callable[[str], Resources], id_: str = "", outputs: Resources | None = None) -> None:
        self._read_state, self._id, self._outputs = read_state, id_, outputs or {}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        assert args.token == "pulumi:pulumi:readStackResourceOutputs"
        return {"outputs": self._read_state(args.args["stackName"])}, []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return self._id or f"{args.name}-id", {**args.inputs, **self._outputs}


@pytest.fixture
def file_system(aws: Control) -> str:
    return aws.seed_file_system(HOME)


@pytest.fixture
def source(aws: Control, file_system: str) -> str:
    """Return a backup that has a copy and has expired."""
    return aws.seed_backup(HOME, file_system)


@pytest.fixture
def copy(aws: Control, source: str) -> dict[str, Any]:
    """Return the copy of `source`, made by the DrRegion `dr` of the stack `before`."""
    client = aws.client("fsx", AWAY)
    tags = [{"Key": OWNERSHIP_TAG, "Value": owned(f"dr/before/dr-{source}")[OWNERSHIP_TAG]}]
    made: dict[str, Any] = client.copy_backup(SourceBackupId=source, SourceRegion=HOME, Tags=tags)["Backup"]
    client.close()
    aws.finish_copies()
    aws.remove_backup(HOME, source)
    return made


def urn(name: str) -> str:
    return f"urn:pulumi:prod::dr::pulumi-fsx-dr:index:DrRegion${TYPE}::{name}"


def run(
    file_system: str,
    read_state: Callable[[str], Resources],
    name: str = "dr",
    region: str = AWAY,
    id_: str = "",
) -> list[Registration]:
    """Return the copies that a program with one DrRegion registers."""
    engine = RecordingEngine()
    engine.mocks = StateMocks(read_state, id_)
    args: DrRegionArgs = {"region": region, "sources": [{"file_system_id": file_system, "region": HOME}]}
    engine.run(lambda: DrRegion(name, args), preview=True)
    return engine.of_type(TYPE)


def with_copy(copy: dict[str, Any], name: str = "", **changes: Any) -> Callable[[str], Resources]:
    """Return a state with a copy."""
    outputs = {
        "arn": copy["ResourceARN"],
        "region": AWAY,
        "source_region": HOME,
        "source_backup_id": copy["SourceBackupId"],
        "file_system_id": copy["FileSystem"]["FileSystemId"],
        "managed_by": owned()[OWNERSHIP_TAG],
        **changes,
    }

    def read_state(stack: str) -> Resources:
        assert stack == "organization/dr/prod"
        return {
            urn(name or f"dr-{copy['SourceBackupId']}"): {"type": TYPE, "outputs": outputs},
            "urn:pulumi:prod::dr::pulumi:pulumi:Stack::dr-prod": {"type": "pulumi:pulumi:Stack", "outputs": {}},
        }

    return read_state


def nothing(_stack: str) -> Resources:
    return {}


def latest(file_system: str, copy: dict[str, Any], outputs: dict[str, Any]) -> dict[str, str]:
    """Return the output `latest` of a DrRegion with one copy in the state."""
    found: list[dict[str, str]] = []
    read_state = with_copy(copy, source_creation_time="2026-11-01T00:00:00Z", **outputs)
    known = read_state("organization/dr/prod")[urn(f"dr-{copy['SourceBackupId']}")]["outputs"]
    engine = RecordingEngine()
    engine.mocks = StateMocks(read_state, copy["BackupId"], known)

    def program() -> None:
        sources: list[Source] = [{"file_system_id": file_system, "region": HOME}]
        DrRegion("dr", {"region": AWAY, "sources": sources}).latest.apply(found.append)

    engine.run(program)
    (only,) = found
    return only


def said(caplog: pytest.LogCaptureFixture, level: str = "WARNING") -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == level]


def test_uncopyable_file_system_is_not_ready(aws: Control, file_system: str, caplog: pytest.LogCaptureFixture) -> None:
    """A source without a copy must not look like a success."""
    aws.seed_backup(HOME, file_system, type="AWS_BACKUP")
    engine = RecordingEngine()
    readiness: list[Any] = []

    def program() -> None:
        dr = DrRegion("dr", {"region": AWAY, "sources": [{"file_system_id": file_system, "region": HOME}]})
        dr.readiness(24).apply(readiness.extend)

    engine.run(program)

    (row,) = readiness
    assert row["newest_copy"] is None
    assert [file_system in text and row["obstacle"] in text for text in said(caplog)] == [True]


@pytest.mark.parametrize("is_shown", [False, True])
def test_intelligent_tiering_is_not_copied(aws: Control, caplog: pytest.LogCaptureFixture, *, is_shown: bool) -> None:
    """Recorded backups have no storage type; recorded file systems do."""
    aws.configure(backups_tell_storage=is_shown)
    tiered = [aws.seed_file_system(HOME, "OPENZFS", storage_type="INTELLIGENT_TIERING") for _ in range(2)]
    copied = aws.seed_backup(HOME, aws.seed_file_system(HOME, "OPENZFS"))
    refused = {aws.seed_backup(HOME, file_system) for file_system in tiered}
    file_systems = [*tiered, aws.backup(HOME, copied)["file_system_id"]]
    engine = RecordingEngine()

    sources: Any = [{"file_system_id": name, "region": HOME} for name in file_systems]
    engine.run(lambda: DrRegion("dr", {"region": AWAY, "sources": sources}))

    first, *others = [made.inputs["source_backup_id"] for made in engine.of_type(TYPE)]
    assert (first, set(others)) == (copied, refused)  # their creates fail, and so does the run
    assert all(any(name in text for text in said(caplog)) for name in tiered)
    assert aws.counts(HOME).get("DescribeFileSystems", 0) == (0 if is_shown else 1)


def test_unknown_storage_type_is_left_to_fsx(aws: Control, caplog: pytest.LogCaptureFixture) -> None:
    backup = aws.seed_backup(HOME, file_system := aws.seed_file_system(HOME, "OPENZFS"))
    aws.add_fault("access_denied", "DescribeFileSystems", region=HOME)
    source: Any = {"file_system_id": file_system, "region": HOME}
    engine = RecordingEngine()

    engine.run(lambda: DrRegion("dr", {"region": AWAY, "sources": [source]}))

    assert [made.inputs["source_backup_id"] for made in engine.of_type(TYPE)] == [backup]
    assert said(caplog) == []


def test_tag_selector_has_rows_with_names(aws: Control) -> None:
    ledger = aws.seed_file_system(HOME, tags={"dr": "yes", "Name": "ledger"})
    aws.seed_file_system(HOME, tags={"Name": "scratch"})
    aws.seed_backup(HOME, ledger)
    engine = RecordingEngine()
    readiness: list[Any] = []
    source: Any = {"tags": {"dr": "yes"}, "region": HOME, "kms_key_id": "alias/gold", "add_tags": {"tier": "1"}}

    def program() -> None:
        dr = DrRegion("dr", {"region": AWAY, "sources": [source], "tags": {"team": "a"}})
        dr.readiness(24).apply(readiness.extend)

    engine.run(program)

    (copied,) = engine.of_type(TYPE)
    assert (copied.inputs["kms_key_id"], copied.inputs["tags"]) == ("alias/gold", {"team": "a", "tier": "1"})
    assert [(row["source"], row["name"]) for row in readiness] == [(ledger, "ledger")]


def test_readiness_is_equal_an_hour_later(
    file_system: str, copy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that changes with the time would appear in every preview."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Later":
            return super().now(tz) + timedelta(hours=1)

    def exported() -> list[Any]:
        rows: list[Any] = []
        sources: Any = [{"file_system_id": file_system, "region": HOME}]

        def program() -> None:
            DrRegion("dr", {"region": AWAY, "sources": sources}).readiness(24).apply(rows.extend)

        engine = RecordingEngine()
        engine.mocks = StateMocks(with_copy(copy), copy["BackupId"])
        engine.run(program)
        return rows

    now = exported()
    monkeypatch.setattr(dr_region, "datetime", Later)
    later = exported()

    assert [(row["source"], row["newest_copy"]) for row in now] == [(file_system, copy["BackupId"])]
    assert later == now


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize("hours", ["24h", -1, 0, float("nan")])
def test_rpo_is_checked_before_anything_is_declared(file_system: str, hours: Any) -> None:
    engine = RecordingEngine()
    source: Any = {"file_system_id": file_system, "region": HOME}

    with pytest.raises(InvalidSettingsError):
        engine.run(lambda: DrRegion("dr", {"region": AWAY, "sources": [source]}).readiness(hours))

    assert engine.of_type(TYPE) == []


def test_tag_selector_in_unreachable_region_keeps_copies(
    aws: Control, copy: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    aws.seed_file_system(HOME, tags={"dr": "yes"})
    aws.add_fault("throttled", "DescribeFileSystems")
    engine = RecordingEngine()
    engine.mocks = StateMocks(with_copy(copy))
    sources: Any = [{"tags": {"dr": "yes"}, "region": HOME}]

    engine.run(lambda: DrRegion("dr", {"region": AWAY, "sources": sources}), preview=True)

    (kept,) = engine.of_type(TYPE)
    assert kept.inputs["source_backup_id"] == copy["SourceBackupId"]
    assert [text for text in said(caplog) if HOME in text]


@pytest.mark.parametrize(
    ("source", "argument"),
    [
        ({"tags": {}}, "tags"),
        ({"tags": {"dr": True}}, "tags"),
        ({"tags": {"dr": "yes"}, "exclude": "fs-0123456789abcdef0"}, "exclude"),
        ({"tags": {"dr": "yes"}, "file_system_id": "fs-0123456789abcdef0"}, "file_system_id"),
        ({"file_system_id": "fs-0123456789abcdef0", "exclude": []}, "exclude"),
        ({"tags": {"dr": "yes"}, "without": []}, "without"),
    ],
)
def test_ambiguous_selector_is_refused(source: Any, argument: str) -> None:
    source["region"] = HOME

    with pytest.raises(InvalidSettingsError, match=argument):
        RecordingEngine().run(lambda: DrRegion("dr", {"region": AWAY, "sources": [source]}))


@pytest.mark.parametrize("former", ["dr-{source}", "a::b-{source}", "whatever"])
def test_renamed_dr_region_has_aliases_for_copies(
    file_system: str, source: str, copy: dict[str, Any], former: str
) -> None:
    former = former.format(source=source)

    (declared,) = run(file_system, with_copy(copy, former), "west", id_=copy["BackupId"])

    assert declared.name == f"west-{source}"
    assert urn(former) in declared.aliases


def unread_errors() -> set["asyncio.Future[Any]"]:
    """Return the futures with an error that nothing reads; asyncio prints each with its traceback."""
    futures = (one for one in gc.get_objects() if issubclass(type(one), asyncio.Future))
    return {future for future in futures if future._log_traceback}  # noqa: SLF001  # the SDK keeps futures, so asyncio reports them late


@pytest.mark.parametrize("declared", [1, 2], ids=["one DrRegion", "two"])
def test_damaged_state_fails_run_with_one_error(
    file_system: str, copy: dict[str, Any], declared: int, caplog: pytest.LogCaptureFixture
) -> None:
    of_other_tests = unread_errors()
    engine = RecordingEngine()
    engine.mocks = StateMocks(with_copy(copy, region="nowhere"))
    sources: list[Source] = [{"file_system_id": file_system, "region": HOME}]

    def program() -> None:
        for number in range(declared):
            DrRegion(f"dr-{number}", {"region": AWAY, "sources": sources})

    with pytest.raises(InvalidStateError, match="backup-"):
        engine.run(program, preview=True)
    assert engine.of_type(TYPE) == []
    assert unread_errors() <= of_other_tests
    assert [record for record in caplog.records if record.exc_info and record.name != "asyncio"] == []


@pytest.mark.parametrize(
    ("changes", "is_latest"),
    [
        ({}, True),
        ({"lifecycle": "AVAILABLE"}, True),
        ({"lifecycle": "COPYING"}, False),
    ],
)
def test_latest_is_available_copy(
    file_system: str, copy: dict[str, Any], changes: dict[str, Any], *, is_latest: bool
) -> None:
    assert latest(file_system, copy, changes) == ({file_system: copy["BackupId"]} if is_latest else {})


def test_latest_excludes_copy_that_is_gone(aws: Control, file_system: str, caplog: pytest.LogCaptureFixture) -> None:
    client = aws.client("fsx", AWAY)
    made = client.copy_backup(SourceBackupId=aws.seed_backup(HOME, file_system), SourceRegion=HOME)["Backup"]
    client.close()
    aws.finish_copies()
    assert latest(file_system, made, {"owner_id": made["OwnerId"]}) == {file_system: made["BackupId"]}

    aws.remove_backup(AWAY, made["BackupId"])

    assert latest(file_system, made, {"owner_id": made["OwnerId"]}) == {}
    assert [text for text in said(caplog) if made["BackupId"] in text and "pulumi up --refresh" in text]


def test_refusing_source_region_does_not_stop_others(
    aws: Control, file_system: str, copy: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    abroad = aws.seed_file_system(ELSEWHERE)
    backup = aws.seed_backup(ELSEWHERE, abroad)
    aws.add_fault("access_denied", "DescribeBackups", region=HOME)
    engine = RecordingEngine()
    engine.mocks = StateMocks(with_copy(copy))
    places = [(file_system, HOME), (abroad, ELSEWHERE)]
    sources: list[Source] = [{"file_system_id": name, "region": region} for name, region in places]

    engine.run(lambda: DrRegion("dr", {"region": AWAY, "sources": sources}), preview=True)

    assert {c.inputs["source_backup_id"] for c in engine.of_type(TYPE)} == {copy["SourceBackupId"], backup}
    assert [text for text in said(caplog) if HOME in text]


def test_guard_fails_run_that_would_lose_copy(
    file_system: str, copy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard compares the state with the registrations, independently of lookups and names."""
    monkeypatch.setattr(
        coordinator, "plan_copies", lambda regions, *_: {region.urn: RegionPlan() for region in regions}
    )

    with pytest.raises(
        InvalidSettingsError,
        match=copy["BackupId"],
    ):
        run(file_system, with_copy(copy))


def test_unreadable_state_fails_without_changes(
    aws: Control, file_system: str, copy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_state, "_PAUSE", 0)

    def read_state(_stack: str) -> Resources:
        raise UnknownStackError

    assert copy
    with pytest.raises(InvalidSettingsError, match="organization/dr/prod"):
        run(file_system, read_state)
    assert set(aws.counts(AWAY)) <= {"CopyBackup", "DescribeBackups"}


def test_outputs_in_the_state_are_accepted(aws: Control) -> None:
    """The engine returns these outputs for a component, and the SDK checks them against its annotations."""
    row = {"source_backup_id": "backup-5", "backup_id": "backup-c", "arn": "arn:c", "creation_time": "2026-11-01"}
    state = {"region": AWAY, "copies": [row], "latest": {"fs-0123456789abcdef0": "backup-c"}}
    engine = RecordingEngine({"pulumi-fsx-dr:index:DrRegion": state})

    engine.run(lambda: DrRegion("dr", {"region": AWAY, "sources": []}).copies)

    assert sorted(registration.name for registration in engine.registered) == ["dr", "fsx-dr-owner"]
    assert aws.counts().get("CopyBackup") is None


def test_two_dr_regions_are_planned_together(aws: Control, file_system: str) -> None:
    """The copy of the second DrRegion is not removed, although the first one is declared earlier."""
    backup = aws.seed_backup(HOME, file_system)
    state = {}
    for region in (AWAY, ELSEWHERE):
        client = aws.client("fsx", region)
        made = client.copy_backup(SourceBackupId=backup, SourceRegion=HOME)["Backup"]
        client.close()
        urn = f"urn:pulumi:prod::dr::pulumi-fsx-dr:index:DrRegion${TYPE}::dr-{region}-{backup}"
        outputs = {"region": region, "source_backup_id": backup, "arn": made["ResourceARN"]}
        state[urn] = {"type": TYPE, "outputs": {**outputs, "file_system_id": file_system, "source_region": HOME}}
    aws.finish_copies()
    engine = RecordingEngine()
    engine.mocks = StateMocks(lambda _stack: state)

    def program() -> None:
        for region in (AWAY, ELSEWHERE):
            sources: list[Source] = [{"file_system_id": file_system, "region": HOME}]
            DrRegion(f"dr-{region}", {"region": region, "sources": sources})

    aws.make_unreachable(HOME)
    engine.run(program, preview=True)

    assert {(copy.name, copy.inputs["region"]) for copy in engine.of_type(TYPE)} == {
        (f"dr-{region}-{backup}", region) for region in (AWAY, ELSEWHERE)
    }


@pytest.mark.parametrize("is_async", [True, False], ids=["after an await", "in an apply"])
def test_dr_region_declared_late_keeps_copies(
    aws: Control, file_system: str, copy: dict[str, Any], caplog: pytest.LogCaptureFixture, *, is_async: bool
) -> None:
    """When the first DrRegion was planned, the later one was not declared, and its copies seemed removed."""
    other = aws.seed_file_system(HOME)
    aws.seed_backup(HOME, other)
    caplog.set_level("INFO")
    engine = RecordingEngine()
    engine.mocks = StateMocks(with_copy(copy, f"late-{copy['SourceBackupId']}"), copy["BackupId"])

    def declare(name: str, of: str) -> DrRegion:
        return DrRegion(name, {"region": AWAY, "sources": [{"file_system_id": of, "region": HOME}]})

    def program() -> None:
        declare("dr", other).copies.apply(lambda _: declare("late", file_system) and None)

    async def async_program() -> None:
        await declare("dr", other).copies.future()
        declare("late", file_system)

    engine.run(async_program if is_async else program)

    assert f"late-{copy['SourceBackupId']}" in {c.name for c in engine.of_type(TYPE)}
    lines = [text for text in said(caplog, "INFO") if copy["BackupId"] in text]
    assert ["is not deleted" in line for line in lines] == [False, True]


@pytest.mark.parametrize("declared", [4, 5])
@pytest.mark.parametrize("fault", ["mistyped", "unavailable"])
def test_run_of_many_dr_regions_names_first_error(
    aws: Control, file_system: str, declared: int, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The error does not depend on which DrRegion fails first."""
    source: Source = {"file_system_id": file_system, "region": HOME}
    regions = ["eu-west-1", "eu-north-1", "eu-west-3", "eu-south-1", "eu-west-2"]
    if fault == "mistyped":
        source["file_system_id"] = "fs-0fedcba9876543210"
    else:
        aws.seed_backup(HOME, file_system)
        aws.make_unreachable("eu-west-3", "unavailable")
    names = {"mistyped": "fs-0fedcba9876543210", "unavailable": "eu-west-3"}

    def program() -> None:
        for region in regions[:declared]:
            DrRegion(f"dr-{region}", {"region": region, "sources": [source]})

    with pytest.raises(FsxDrError, match=names[fault]):
        RecordingEngine().run(program, preview=True)
    assert "KeyError" not in caplog.text


def test_dr_regions_declare_newest_copies_first(aws: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads of the SDK may send the declarations in another order."""
    sizes = {"small": 1, "large": 9}
    file_systems = {name: aws.seed_file_system(HOME) for name in sizes}
    made = {
        aws.seed_backup(HOME, file_systems[name], created=aws.now() - 3600 * age, size_in_bytes=gb << 30): (name, age)
        for name, gb in sizes.items()
        for age in (2, 1)
    }
    sources: list[Source] = [{"file_system_id": id_, "region": HOME} for id_ in file_systems.values()]
    declared: list[str] = []
    declare = BackupCopy.__init__

    def record(self: BackupCopy, name: str, *args: Any, **options: Any) -> None:
        declared.append(name)
        declare(self, name, *args, **options)

    monkeypatch.setattr(BackupCopy, "__init__", record)

    def program() -> None:
        for region in (AWAY, ELSEWHERE):
            DrRegion(f"dr-{region}", {"region": region, "sources": sources})

    RecordingEngine().run(program, preview=True)

    ids = {described: backup_id for backup_id, described in made.items()}
    assert declared == [
        f"dr-{region}-{ids[name, age]}" for age in (1, 2) for name in ("large", "small") for region in (AWAY, ELSEWHERE)
    ]


class SlowOwner(RecordingEngine):
    """Answers the registration of the owner late; `is_made` becomes true afterwards."""

    is_made = False

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # the name in the gRPC service
        answer = super().RegisterResource(request)
        if request.type == OWNER_TYPE:
            time.sleep(0.5)
            self.is_made = True
        return answer


def test_dr_region_declares_copies_after_owner(aws: Control, file_system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise copies that wait for the owner would be sent after all others."""
    aws.seed_backup(HOME, file_system)
    engine, declare = SlowOwner(), BackupCopy.__init__
    seen: list[bool] = []

    def record(self: BackupCopy, name: str, *args: Any, **options: Any) -> None:
        seen.append(engine.is_made)
        declare(self, name, *args, **options)

    monkeypatch.setattr(BackupCopy, "__init__", record)

    engine.run(
        lambda: DrRegion("dr", {"region": AWAY, "sources": [{"file_system_id": file_system, "region": HOME}]}).copies
    )

    assert seen == [True]


@pytest.mark.parametrize("without_backups", [0, 5])
def test_run_lists_each_region_once(aws: Control, without_backups: int) -> None:
    """Regardless of the number of file systems without backups, and although AWAY is also a source Region."""
    sources: list[Source] = []
    for number in range(6):
        name = aws.seed_file_system(HOME)
        sources.append({"file_system_id": name, "region": HOME})
        if number >= without_backups:
            aws.seed_backup(HOME, name)
    abroad = aws.seed_file_system(AWAY)
    aws.seed_backup(AWAY, abroad)
    aws.clear_journal()

    def program() -> None:
        DrRegion("dr", {"region": AWAY, "sources": sources})
        DrRegion("back", {"region": HOME, "sources": [{"file_system_id": abroad, "region": AWAY}]})

    RecordingEngine().run(program, preview=True)

    assert [aws.counts(region)["DescribeBackups"] for region in (HOME, AWAY)] == [1, 1]


class _Waiting(FakeAws):
    """A fake AWS; its Regions answer only after all of them were called."""

    def __init__(self, number: int) -> None:
        super().__init__([])
        self._all_asked = threading.Barrier(number)
        self.listed: list[str] = []

    def region(self, name: str, *, impatient: bool = False) -> Fsx:
        found = super().region(name, impatient=impatient)
        vars(found)["backups"] = functools.partial(self._backups, name)
        return found

    def _backups(self, region: str) -> Iterator[Backup]:
        if not self.listed:
            self._all_asked.wait(timeout=60)
        self.listed.append(region)
        return iter(())


def test_run_lists_all_regions_concurrently() -> None:
    """So four unreachable Regions cost no more time than one."""
    regions = ["eu-west-3", "eu-south-1", "eu-west-2", ELSEWHERE]
    names = [f"fs-{number:017x}" for number in range(len(regions))]
    aws = _Waiting(len(regions) + 1)
    aws.file_systems = dict(zip(names, regions, strict=True))
    sources: list[Source] = [{"file_system_id": n, "region": r} for n, r in zip(names, regions, strict=True)]

    aws.begin()
    with aws:
        RecordingEngine().run(lambda: DrRegion("dr", {"region": AWAY, "sources": sources}), preview=True)

    assert set(aws.listed[:5]) == {AWAY, *regions}


@pytest.mark.parametrize("preview", [True, False])
def test_uncopyable_backup_is_declared_last_in_up(
    aws: Control,
    file_system: str,
    caplog: pytest.LogCaptureFixture,
    preview: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """Its create fails, and so does the run; the next older backup is copied instead."""
    fine = aws.seed_backup(HOME, file_system, created=aws.now() - 7200)
    crowded = aws.seed_backup(HOME, file_system, tags={f"tag-{n}": "x" for n in range(50)})
    args: DrRegionArgs = {"region": AWAY, "sources": [{"file_system_id": file_system, "region": HOME}], "keep": 1}

    engine = RecordingEngine()
    engine.run(lambda: DrRegion("dr", args), preview=preview)

    declared = [copy.inputs["source_backup_id"] for copy in engine.of_type(TYPE)]
    assert declared == ([fine] if preview else [fine, crowded])
    assert [text for text in said(caplog) if crowded in text]


def totals(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    return [found for text in said(caplog, "INFO") if (found := read_total(text))]


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("has_lines", [True, False])
def test_forecast_is_logged_in_preview_only(
    aws: Control, file_system: str, caplog: pytest.LogCaptureFixture, *, preview: bool, has_lines: bool
) -> None:
    caplog.set_level("INFO")
    backup = aws.seed_backup(HOME, file_system)
    args: DrRegionArgs = {"region": AWAY, "sources": [{"file_system_id": file_system, "region": HOME}]}

    with configured({"fsx-dr:previewCopies": "true"} if has_lines else {}):
        RecordingEngine().run(lambda: DrRegion("dr", args), preview=preview)

    assert totals(caplog) == ([(AWAY, 1)] if preview else [])
    lines = [text.partition(" ")[0] for text in said(caplog, "INFO") if "is copied to" in text]
    assert lines == ([backup] if preview and has_lines else [])


def test_forecast_accepts_unknown_key(aws: Control, file_system: str, caplog: pytest.LogCaptureFixture) -> None:
    """An unknown key differs from the key of the existing copies."""
    caplog.set_level("INFO")
    aws.seed_backup(HOME, file_system)

    async def awaited(value: Any) -> Any:
        return value

    def program() -> None:
        key: pulumi.Output[str] = pulumi.Output(set(), awaited(None), awaited(value=False))
        sources: list[Any] = [{"file_system_id": file_system, "region": HOME}]
        DrRegion("dr", {"region": AWAY, "sources": sources, "kms_key_id": key})

    RecordingEngine().run(program, preview=True)

    assert totals(caplog) == [(AWAY, 1)]


@pytest.mark.parametrize("preview", [True, False])
def test_forecast_of_single_copies_has_total_per_region(
    aws: Control,
    file_system: str,
    caplog: pytest.LogCaptureFixture,
    preview: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    caplog.set_level("INFO")
    backups = [aws.seed_backup(HOME, file_system) for _ in range(2)]

    def program() -> None:
        for region in (AWAY, ELSEWHERE):
            for number, backup in enumerate(backups):
                BackupCopy(f"copy-{region}-{number}", source_backup_id=backup, source_region=HOME, region=region)
        sources: list[Source] = [{"file_system_id": file_system, "region": HOME}]
        DrRegion("dr", {"region": "eu-south-1", "sources": sources})

    RecordingEngine().run(program, preview=preview)

    regions = sorted([AWAY, ELSEWHERE, "eu-south-1"]) if preview else []
    assert sorted(totals(caplog)) == [(region, 1) for region in regions]
    assert [text for text in said(caplog, "INFO") if "2 copies to make" in text] or not preview


def test_forecast_ignores_single_copy_in_state(
    aws: Control, copy: dict[str, Any], source: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    state = with_copy(copy)("organization/dr/prod")
    outputs = state[urn(f"dr-{source}")]["outputs"]
    engine = RecordingEngine()
    engine.mocks = StateMocks(lambda _: {f"urn:pulumi:prod::dr::{TYPE}::single": {"type": TYPE, "outputs": outputs}})
    aws.clear_journal()

    engine.run(lambda: BackupCopy("single", source_backup_id=source, source_region=HOME, region=AWAY), preview=True)

    assert (totals(caplog), aws.counts()) == ([], {})

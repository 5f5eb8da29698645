"""What a DrRegion tells its program, and which copies it takes for its own."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pulumi
import pytest
from pulumi.runtime import mocks
from pulumi_fsx_dr import BackupCopy, DrRegion, DrRegionArgs, Source
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
from tests.backups import OWNER_ID, owned
from tests.messages.collecting import configured
from tests.recording import RecordingEngine, Registration

ELSEWHERE = "eu-north-1"
TYPE = "pulumi-python:dynamic/fsx:BackupCopy"
Resources = dict[str, Any]  # of the stack's state, by URN


class UnknownStackError(grpc.RpcError):
    """The engine's refusal to read a state."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return "unknown stack"


class StateTelling(mocks.Mocks):
    """Answers what is in the state, as the engine does.

    Args:
        tell: gives the resources of a stack.
        id_: of each copy; by default each is a new one.
        outputs: of each copy, beside its inputs.
    """

    def __init__(self, tell: Callable[[str], Resources], id_: str = "", outputs: Resources | None = None) -> None:
        self._tell, self._id, self._outputs = tell, id_, outputs or {}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        assert args.token == "pulumi:pulumi:readStackResourceOutputs"
        return {"outputs": self._tell(args.args["stackName"])}, []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return self._id or f"{args.name}-id", {**args.inputs, **self._outputs}


@pytest.fixture
def file_system(aws: Control) -> str:
    return aws.seed_file_system(HOME)


@pytest.fixture
def source(aws: Control, file_system: str) -> str:
    """Return a backup that has a copy, and has expired since."""
    return aws.seed_backup(HOME, file_system)


@pytest.fixture
def copy(aws: Control, source: str) -> dict[str, Any]:
    """Return that copy; the DrRegion `dr` of the stack `before` made it."""
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
    tell: Callable[[str], Resources],
    name: str = "dr",
    region: str = AWAY,
    id_: str = "",
) -> list[Registration]:
    """Return the copies that a program with one DrRegion registers."""
    engine = RecordingEngine()
    engine.mocks = StateTelling(tell, id_)
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

    def tell(stack: str) -> Resources:
        assert stack == "organization/dr/prod"
        return {
            urn(name or f"dr-{copy['SourceBackupId']}"): {"type": TYPE, "outputs": outputs},
            "urn:pulumi:prod::dr::pulumi:pulumi:Stack::dr-prod": {"type": "pulumi:pulumi:Stack", "outputs": {}},
        }

    return tell


def nothing(_stack: str) -> Resources:
    return {}


def owner_alone(_stack: str) -> Resources:
    return {f"urn:pulumi:prod::dr::{OWNER_TYPE}::fsx-dr-owner": {"type": OWNER_TYPE, "outputs": {"owner_id": OWNER_ID}}}


def latest(file_system: str, copy: dict[str, Any], outputs: dict[str, Any]) -> dict[str, str]:
    """Return the output `latest` of a DrRegion with a copy in the state, whose outputs are those of the state."""
    found: list[dict[str, str]] = []
    tell = with_copy(copy, source_creation_time="2026-11-01T00:00:00Z", **outputs)
    told = tell("organization/dr/prod")[urn(f"dr-{copy['SourceBackupId']}")]["outputs"]
    engine = RecordingEngine()
    engine.mocks = StateTelling(tell, copy["BackupId"], told)

    def program() -> None:
        sources: list[Source] = [{"file_system_id": file_system, "region": HOME}]
        DrRegion("dr", {"region": AWAY, "sources": sources}).latest.apply(found.append)

    engine.run(program)
    (only,) = found
    return only


def said(caplog: pytest.LogCaptureFixture, level: str = "WARNING") -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == level]


@pytest.mark.parametrize("args", [{"region": AWAY}, {"region": AWAY, "sources": "fs-0123456789abcdef0"}])
def test_sources_must_be_a_list(args: Any) -> None:
    with pytest.raises(InvalidSettingsError, match="DrRegion dr"):
        RecordingEngine().run(lambda: DrRegion("dr", args))


def test_file_system_id_must_not_be_an_output() -> None:
    source: Any = {"file_system_id": pulumi.Output.from_input("fs-0123456789abcdef0"), "region": HOME}

    with pytest.raises(InvalidSettingsError, match="file_system_id"):
        RecordingEngine().run(lambda: DrRegion("dr", {"region": AWAY, "sources": [source]}))


def test_file_system_that_cannot_be_copied_is_not_ready(
    aws: Control, file_system: str, caplog: pytest.LogCaptureFixture
) -> None:
    """No protection must not look like success."""
    aws.seed_backup(HOME, file_system, type="AWS_BACKUP")
    engine = RecordingEngine()
    readiness: list[Any] = []

    def program() -> None:
        dr = DrRegion("dr", {"region": AWAY, "sources": [{"file_system_id": file_system, "region": HOME}]})
        dr.readiness(24).apply(readiness.extend)

    engine.run(program)

    (row,) = readiness
    assert row["verdict"] == "missing"
    assert [file_system in text and row["reason"] in text for text in said(caplog)] == [True]


@pytest.mark.parametrize("tells", [False, True])
def test_intelligent_tiering_is_not_copied(aws: Control, caplog: pytest.LogCaptureFixture, *, tells: bool) -> None:
    """Recorded backups do not tell their storage type, but their file systems do."""
    aws.configure(backups_tell_storage=tells)
    tiered = [aws.seed_file_system(HOME, "OPENZFS", storage_type="INTELLIGENT_TIERING") for _ in range(2)]
    copied = aws.seed_backup(HOME, aws.seed_file_system(HOME, "OPENZFS"))
    refused = {aws.seed_backup(HOME, file_system) for file_system in tiered}
    file_systems = [*tiered, aws.backup(HOME, copied)["file_system_id"]]
    engine = RecordingEngine()

    sources: Any = [{"file_system_id": name, "region": HOME} for name in file_systems]
    engine.run(lambda: DrRegion("dr", {"region": AWAY, "sources": sources}))

    first, *others = [made.inputs["source_backup_id"] for made in engine.of_type(TYPE)]
    assert (first, set(others)) == (copied, refused)  # the creates of the others fail, so that the run does
    assert all(any(name in text for text in said(caplog)) for name in tiered)
    assert aws.counts(HOME).get("DescribeFileSystems", 0) == (0 if tells else 1)


def test_unknown_storage_type_leaves_the_refusal_to_fsx(aws: Control, caplog: pytest.LogCaptureFixture) -> None:
    backup = aws.seed_backup(HOME, file_system := aws.seed_file_system(HOME, "OPENZFS"))
    aws.add_fault("access_denied", "DescribeFileSystems", region=HOME)
    source: Any = {"file_system_id": file_system, "region": HOME}
    engine = RecordingEngine()

    engine.run(lambda: DrRegion("dr", {"region": AWAY, "sources": [source]}))

    assert [made.inputs["source_backup_id"] for made in engine.of_type(TYPE)] == [backup]
    assert said(caplog) == []


def test_selected_file_systems_have_rows_with_their_names(aws: Control) -> None:
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


def test_unreachable_region_of_a_selector_keeps_copies(
    aws: Control, copy: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    aws.seed_file_system(HOME, tags={"dr": "yes"})
    aws.add_fault("throttled", "DescribeFileSystems")
    engine = RecordingEngine()
    engine.mocks = StateTelling(with_copy(copy))
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
def test_selector_that_is_not_clear_is_refused(source: Any, argument: str) -> None:
    source["region"] = HOME

    with pytest.raises(InvalidSettingsError, match=argument):
        RecordingEngine().run(lambda: DrRegion("dr", {"region": AWAY, "sources": [source]}))


@pytest.mark.parametrize("former", ["dr-{source}", "a::b-{source}", "whatever"])
def test_renamed_dr_region_has_aliases_for_its_copies(
    file_system: str, source: str, copy: dict[str, Any], former: str
) -> None:
    former = former.format(source=source)

    (declared,) = run(file_system, with_copy(copy, former), "west", id_=copy["BackupId"])

    assert declared.name == f"west-{source}"
    assert urn(former) in declared.aliases


def test_renamed_dr_region_with_another_key_loses_nothing(file_system: str, source: str, copy: dict[str, Any]) -> None:
    (declared,) = run(file_system, with_copy(copy, f"dr-{source}"), "west", id_="backup-0123456789abcdef0")

    assert declared.name == f"west-{source}"


@pytest.mark.parametrize("declared", [1, 2], ids=["one DrRegion", "two"])
def test_damaged_state_ends_the_run(
    file_system: str, copy: dict[str, Any], declared: int, caplog: pytest.LogCaptureFixture
) -> None:
    gc.collect()  # futures of other tests
    caplog.clear()
    engine = RecordingEngine()
    engine.mocks = StateTelling(with_copy(copy, region="nowhere"))
    sources: list[Source] = [{"file_system_id": file_system, "region": HOME}]

    def program() -> None:
        for number in range(declared):
            DrRegion(f"dr-{number}", {"region": AWAY, "sources": sources})

    with pytest.raises(InvalidStateError, match="backup-"):
        engine.run(program, preview=True)
    assert engine.of_type(TYPE) == []
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("changes", "is_latest"),
    [
        ({}, True),
        ({"lifecycle": "AVAILABLE"}, True),
        ({"lifecycle": "COPYING"}, False),
    ],
)
def test_latest_is_an_available_copy(
    file_system: str, copy: dict[str, Any], changes: dict[str, Any], *, is_latest: bool
) -> None:
    assert latest(file_system, copy, changes) == ({file_system: copy["BackupId"]} if is_latest else {})


def test_latest_is_not_a_copy_that_is_gone(aws: Control, file_system: str, caplog: pytest.LogCaptureFixture) -> None:
    client = aws.client("fsx", AWAY)
    made = client.copy_backup(SourceBackupId=aws.seed_backup(HOME, file_system), SourceRegion=HOME)["Backup"]
    client.close()
    aws.finish_copies()
    assert latest(file_system, made, {"owner_id": made["OwnerId"]}) == {file_system: made["BackupId"]}

    aws.remove_backup(AWAY, made["BackupId"])

    assert latest(file_system, made, {"owner_id": made["OwnerId"]}) == {}
    assert [text for text in said(caplog) if made["BackupId"] in text and "pulumi up --refresh" in text]


def test_source_region_that_refuses_does_not_stop_the_others(
    aws: Control, file_system: str, copy: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    abroad = aws.seed_file_system(ELSEWHERE)
    backup = aws.seed_backup(ELSEWHERE, abroad)
    aws.add_fault("access_denied", "DescribeBackups", region=HOME)
    engine = RecordingEngine()
    engine.mocks = StateTelling(with_copy(copy))
    places = [(file_system, HOME), (abroad, ELSEWHERE)]
    sources: list[Source] = [{"file_system_id": name, "region": region} for name, region in places]

    engine.run(lambda: DrRegion("dr", {"region": AWAY, "sources": sources}), preview=True)

    assert {c.inputs["source_backup_id"] for c in engine.of_type(TYPE)} == {copy["SourceBackupId"], backup}
    assert [text for text in said(caplog) if HOME in text]


def test_unreachable_source_keeps_a_copy_in_the_former_dr_region(
    aws: Control, file_system: str, copy: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    aws.make_unreachable(HOME)

    (declared,) = run(file_system, with_copy(copy), region="eu-north-1")

    assert declared.inputs["region"] == AWAY
    assert [text for text in said(caplog) if HOME in text]


def test_preview_says_why_a_copy_is_deleted(
    file_system: str, source: str, copy: dict[str, Any], aws: Control, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    aws.seed_backup(HOME, file_system)

    run(file_system, with_copy(copy), region="eu-north-1")

    (text,) = [text for text in said(caplog, "INFO") if text.startswith("Deleting ")]
    assert [part in text for part in (copy["BackupId"], AWAY, source, "eu-north-1")] == [True] * 4


def test_guard_ends_a_run_that_loses_a_copy(
    file_system: str, copy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard does not know look-ups and names: it compares the state with what was registered."""
    monkeypatch.setattr(
        coordinator, "plan_copies", lambda regions, *_: {region.urn: RegionPlan() for region in regions}
    )

    with pytest.raises(
        InvalidSettingsError,
        match=copy["BackupId"],
    ):
        run(file_system, with_copy(copy))


def test_unreadable_state_is_an_error_and_changes_nothing(
    aws: Control, file_system: str, copy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_state, "_PAUSE", 0)

    def tell(_stack: str) -> Resources:
        raise UnknownStackError

    assert copy
    with pytest.raises(InvalidSettingsError, match="organization/dr/prod"):
        run(file_system, tell)
    assert set(aws.counts(AWAY)) <= {"CopyBackup", "DescribeBackups"}


def test_outputs_in_the_state_are_accepted(aws: Control) -> None:
    """The engine answers a component's registration with them, and the SDK holds each against its annotation."""
    row = {"source_backup_id": "backup-5", "backup_id": "backup-c", "arn": "arn:c", "creation_time": "2026-11-01"}
    state = {"region": AWAY, "copies": [row], "latest": {"fs-0123456789abcdef0": "backup-c"}}
    engine = RecordingEngine({"pulumi-fsx-dr:index:DrRegion": state})

    engine.run(lambda: DrRegion("dr", {"region": AWAY, "sources": []}).copies)

    assert sorted(registration.name for registration in engine.registered) == ["dr", "fsx-dr-owner"]
    assert aws.counts().get("CopyBackup") is None


def test_two_dr_regions_are_planned_together(aws: Control, file_system: str) -> None:
    """A copy of the second is none that was taken out, although the first is declared before it."""
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
    engine.mocks = StateTelling(lambda _stack: state)

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
def test_later_dr_region_keeps_copies_of_expired_sources(
    aws: Control, file_system: str, copy: dict[str, Any], caplog: pytest.LogCaptureFixture, *, is_async: bool
) -> None:
    """The first one was planned without it, and would delete its copies as those of a source that was removed."""
    other = aws.seed_file_system(HOME)
    aws.seed_backup(HOME, other)
    caplog.set_level("INFO")
    engine = RecordingEngine()
    engine.mocks = StateTelling(with_copy(copy, f"late-{copy['SourceBackupId']}"), copy["BackupId"])

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
def test_refusal_ends_the_run_of_many_dr_regions_with_its_reason(
    aws: Control, file_system: str, declared: int, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whichever of them asks first."""
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


def test_dr_regions_declare_the_newest_of_each_file_system_first(aws: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """In which order the SDK then sends what is declared, is up to its threads."""
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
    """Answers the registration of the owner late; `is_made` tells when."""

    is_made = False

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # the engine's own name
        answer = super().RegisterResource(request)
        if request.type == OWNER_TYPE:
            time.sleep(0.5)
            self.is_made = True
        return answer


def test_dr_region_declares_copies_once_the_owner_is_made(
    aws: Control, file_system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that waits for the owner is sent after all that need not, so some of each would be out of order."""
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
    """However many file systems have no backup, and although the second is a source Region, too."""
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
    """An AWS whose Regions answer once all of them are asked."""

    def __init__(self, number: int) -> None:
        super().__init__([])
        self._all_asked, self._have_answered = threading.Barrier(number), False

    def region(self, name: str, *, impatient: bool = False) -> Fsx:
        found = super().region(name, impatient=impatient)
        vars(found)["backups"] = self._backups
        return found

    def _backups(self) -> Iterator[Backup]:
        if not self._have_answered:
            self._all_asked.wait(timeout=10)
        self._have_answered = True
        return iter(())


def test_run_asks_all_regions_at_once() -> None:
    """Four that do not answer take as long as one."""
    regions = ["eu-west-3", "eu-south-1", "eu-west-2", ELSEWHERE]
    names = [f"fs-{number:017x}" for number in range(len(regions))]
    aws = _Waiting(len(regions) + 1)
    aws.file_systems = dict(zip(names, regions, strict=True))
    sources: list[Source] = [{"file_system_id": n, "region": r} for n, r in zip(names, regions, strict=True)]

    aws.begin()
    with aws:
        RecordingEngine().run(lambda: DrRegion("dr", {"region": AWAY, "sources": sources}), preview=True)


@pytest.mark.parametrize("preview", [True, False])
def test_backup_that_cannot_be_copied_is_declared_last_in_up(
    aws: Control,
    file_system: str,
    caplog: pytest.LogCaptureFixture,
    preview: bool,  # noqa: FBT001  # pytest names it
) -> None:
    """Its create fails, and so does the run; the next older backup has its place."""
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
def test_preview_alone_logs_the_forecast(
    aws: Control, file_system: str, caplog: pytest.LogCaptureFixture, *, preview: bool, has_lines: bool
) -> None:
    caplog.set_level("INFO")
    backup = aws.seed_backup(HOME, file_system)
    args: DrRegionArgs = {"region": AWAY, "sources": [{"file_system_id": file_system, "region": HOME}]}

    with configured({"fsx-dr:previewCopies": "true"} if has_lines else {}):
        RecordingEngine().run(lambda: DrRegion("dr", args), preview=preview)

    assert totals(caplog) == ([(AWAY, 1)] if preview else [])
    lines = [text.partition(" ")[0] for text in said(caplog, "INFO") if "is copied into" in text]
    assert lines == ([backup] if preview and has_lines else [])


def test_forecast_with_a_key_that_is_not_known_yet(
    aws: Control, file_system: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What is not known yet is another key than that of the copies that are there."""
    caplog.set_level("INFO")
    aws.seed_backup(HOME, file_system)

    async def told(value: Any) -> Any:
        return value

    def program() -> None:
        key: pulumi.Output[str] = pulumi.Output(set(), told(None), told(value=False))
        sources: list[Any] = [{"file_system_id": file_system, "region": HOME}]
        DrRegion("dr", {"region": AWAY, "sources": sources, "kms_key_id": key})

    RecordingEngine().run(program, preview=True)

    assert totals(caplog) == [(AWAY, 1)]


@pytest.mark.parametrize("preview", [True, False])
def test_single_copies_have_a_total_for_each_dr_region(
    aws: Control,
    file_system: str,
    caplog: pytest.LogCaptureFixture,
    preview: bool,  # noqa: FBT001  # pytest names it
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


def test_single_copy_in_the_state_is_not_made(
    aws: Control, copy: dict[str, Any], source: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    state = with_copy(copy)("organization/dr/prod")
    outputs = state[urn(f"dr-{source}")]["outputs"]
    engine = RecordingEngine()
    engine.mocks = StateTelling(lambda _: {f"urn:pulumi:prod::dr::{TYPE}::single": {"type": TYPE, "outputs": outputs}})
    aws.clear_journal()

    engine.run(lambda: BackupCopy("single", source_backup_id=source, source_region=HOME, region=AWAY), preview=True)

    assert (totals(caplog), aws.counts()) == ([], {})

"""What a DrRegion tells its program, and which copies it takes for its own."""

from collections.abc import Callable
from typing import Any

import grpc
import pulumi
import pytest
from pulumi.runtime import mocks
from pulumi_fsx_dr import DrRegion, DrRegionArgs, Source
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Recorded
from pulumi_fsx_dr.engine import stack_state
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.program import run as program
from pulumi_fsx_dr.rules.declaration import Declaration

from rehearsal.fsx import Control
from rehearsal.fsx.fixtures import AWAY, HOME
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
    """Answers what the state holds, as the engine does.

    Args:
        tell: gives the resources of a stack.
        id_: of each copy; by default each is a new one.
    """

    def __init__(self, tell: Callable[[str], Resources], id_: str = "") -> None:
        self._tell, self._id = tell, id_

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        assert args.token == "pulumi:pulumi:readStackResourceOutputs"
        return {"outputs": self._tell(args.args["stackName"])}, []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return self._id or f"{args.name}-id", dict(args.inputs)


@pytest.fixture
def file_system(aws: Control) -> str:
    return aws.seed_file_system(HOME)


@pytest.fixture
def source(aws: Control, file_system: str) -> str:
    """Return a backup that has a copy, and has expired since."""
    return aws.seed_backup(HOME, file_system)


@pytest.fixture
def copy(aws: Control, source: str) -> dict[str, Any]:
    """Return that copy; it was recorded by the DrRegion `dr` of the stack `before`."""
    client = aws.client("fsx", AWAY)
    mark = Recorded("a1b2c3", None, f"dr/before/dr-{source}")
    tags = [{"Key": MARK_TAG, "Value": str(mark)}]
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


def holding(copy: dict[str, Any], name: str = "") -> Callable[[str], Resources]:
    """Return a state that holds a copy."""
    outputs = {
        "arn": copy["ResourceARN"],
        "region": AWAY,
        "source_region": HOME,
        "source_backup_id": copy["SourceBackupId"],
        "nonce": "a1b2c3",
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


def said(caplog: pytest.LogCaptureFixture, level: str = "WARNING") -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == level]


@pytest.mark.parametrize("args", [{"region": AWAY}, {"region": AWAY, "sources": "fs-0123456789abcdef0"}])
def test_sources_that_are_no_list_are_refused_in_a_sentence(args: Any) -> None:
    with pytest.raises(InvalidSettingsError, match="DrRegion dr needs its sources as a list, which may be empty"):
        RecordingEngine().run(lambda: DrRegion("dr", args))


def test_a_file_system_that_the_same_program_makes_is_refused_in_a_sentence() -> None:
    source: Any = {"file_system_id": pulumi.Output.from_input("fs-0123456789abcdef0"), "region": HOME}

    with pytest.raises(InvalidSettingsError, match="needs its file_system_id as a string that is known when the prog"):
        RecordingEngine().run(lambda: DrRegion("dr", {"region": AWAY, "sources": [source]}))


def test_a_file_system_whose_backups_only_aws_backup_can_copy_is_warned_of_and_not_ready(
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

    why = (
        "its only backup was made by AWS Backup, which alone copies those: copy there, or turn on its automatic backups"
    )
    assert said(caplog) == [f"{file_system} in {HOME} has no copy in {AWAY}, because {why}."]
    assert [(row["verdict"], row["reason"]) for row in readiness] == [("missing", why)]


def test_tags_select_what_is_copied_and_each_file_system_has_a_row_with_its_name(aws: Control) -> None:
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


def test_a_region_that_lists_no_file_systems_for_now_makes_nothing_go(
    aws: Control, copy: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    aws.seed_file_system(HOME, tags={"dr": "yes"})
    aws.add_fault("throttled", "DescribeFileSystems")
    engine = RecordingEngine()
    engine.mocks = StateTelling(holding(copy))
    sources: Any = [{"tags": {"dr": "yes"}, "region": HOME}]

    engine.run(lambda: DrRegion("dr", {"region": AWAY, "sources": sources}), preview=True)

    (kept,) = engine.of_type(TYPE)
    assert kept.inputs["source_backup_id"] == copy["SourceBackupId"]
    assert [text for text in said(caplog) if f"Source Region {HOME} does not answer" in text]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"tags": {}}, "tags in the sources of DrRegion dr must be an object of strings with at least one entry"),
        ({"tags": {"dr": True}}, "tags in the sources of DrRegion dr must be an object of strings"),
        ({"tags": {"dr": "yes"}, "without": "fs-0123456789abcdef0"}, "is a list of file system ids that go beside"),
        ({"tags": {"dr": "yes"}, "file_system_id": "fs-0123456789abcdef0"}, "has one of file_system_id, tags and"),
        ({"file_system_id": "fs-0123456789abcdef0", "without": []}, "is a list of file system ids that go beside"),
    ],
)
def test_tags_that_would_select_everything_or_nobody_knows_what_are_refused(source: Any, said: str) -> None:
    source["region"] = HOME

    with pytest.raises(InvalidSettingsError, match=said):
        RecordingEngine().run(lambda: DrRegion("dr", {"region": AWAY, "sources": [source]}))


def test_a_copy_that_the_state_holds_is_its_own_whatever_stack_its_mark_names(
    file_system: str, source: str, copy: dict[str, Any]
) -> None:
    (declared,) = run(file_system, holding(copy))

    assert (declared.name, declared.inputs["source_backup_id"]) == (f"dr-{source}", source)


@pytest.mark.parametrize("former", ["dr-{source}", "a::b-{source}", "whatever"])
def test_a_renamed_region_declares_its_copies_with_their_former_names_as_aliases(
    file_system: str, source: str, copy: dict[str, Any], former: str
) -> None:
    former = former.format(source=source)

    (declared,) = run(file_system, holding(copy, former), "west", id_=copy["BackupId"])

    assert declared.name == f"west-{source}"
    assert urn(former) in declared.aliases


def test_a_region_that_is_renamed_and_gets_another_key_in_one_run_loses_nothing(
    file_system: str, source: str, copy: dict[str, Any]
) -> None:
    (declared,) = run(file_system, holding(copy, f"dr-{source}"), "west", id_="backup-0123456789abcdef0")

    assert declared.name == f"west-{source}"


def test_a_copy_that_another_state_holds_is_left_to_it(file_system: str, copy: dict[str, Any]) -> None:
    assert copy
    assert run(file_system, nothing) == []


def test_a_copy_that_bears_this_stack_s_mark_and_is_not_in_its_state_is_named(
    aws: Control, file_system: str, source: str, copy: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    mark = Recorded("of-yesterday", None, f"dr/prod/dr-{source}")
    aws.set_tags(AWAY, copy["BackupId"], {MARK_TAG: str(mark)})

    assert run(file_system, nothing) == []
    (warning,) = [text for text in said(caplog) if "bears the mark" in text]
    assert warning.startswith(
        f"{copy['BackupId']} in {AWAY}, a copy of {source}, bears the mark of dr/prod/dr-{source}"
    )


def test_with_a_dark_source_and_another_region_the_copy_stays_where_it_is(
    aws: Control, file_system: str, copy: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    aws.darken(HOME)

    (declared,) = run(file_system, holding(copy), region="eu-north-1")

    assert declared.inputs["region"] == AWAY
    assert [text for text in said(caplog) if f"Source Region {HOME} does not answer" in text]


def test_a_preview_says_why_a_copy_goes(
    file_system: str, source: str, copy: dict[str, Any], aws: Control, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    aws.seed_backup(HOME, file_system)

    run(file_system, holding(copy), region="eu-north-1")

    assert [text for text in said(caplog, "INFO") if "goes: " in text] == [
        (
            f"{copy['BackupId']} in {AWAY}, a copy of {source}, goes: its DR Region was taken out of the program, "
            "and eu-north-1 has copies."
        )
    ]


def test_a_copy_that_is_lost_on_the_way_ends_the_run_whatever_was_decided(
    file_system: str, copy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard knows nothing of look-ups and names: it compares what the state holds with what was registered."""
    monkeypatch.setattr(program, "declare", lambda regions, *_: {region.urn: Declaration() for region in regions})

    with pytest.raises(
        InvalidSettingsError,
        match=f"The state holds {copy['BackupId']} in {AWAY}, which this program would no longer declare although",
    ):
        run(file_system, holding(copy))


def test_a_state_that_cannot_be_read_is_an_error_and_changes_nothing(
    aws: Control, file_system: str, copy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_state, "_PAUSE", 0)

    def tell(_stack: str) -> Resources:
        raise UnknownStackError

    assert copy
    with pytest.raises(
        InvalidSettingsError, match=r"The state of organization/dr/prod could not be read, .* unknown stack"
    ):
        run(file_system, tell)
    assert set(aws.counts(AWAY)) <= {"CopyBackup", "DescribeBackups"}


def test_outputs_that_the_state_holds_are_no_obstacle_to_the_next_run(aws: Control) -> None:
    """The engine answers a component's registration with them, and the SDK holds each against its annotation."""
    row = {"source_backup_id": "backup-5", "backup_id": "backup-c", "arn": "arn:c", "creation_time": "2026-11-01"}
    state = {"region": AWAY, "copies": [row], "latest": {"fs-0123456789abcdef0": "backup-c"}}
    engine = RecordingEngine({"pulumi-fsx-dr:index:DrRegion": state})

    engine.run(lambda: DrRegion("dr", {"region": AWAY, "sources": []}).copies)

    assert [registration.name for registration in engine.registered] == ["dr"]
    assert aws.counts().get("CopyBackup") is None


def test_two_regions_of_one_program_are_decided_on_together(aws: Control, file_system: str) -> None:
    """A copy of the second is none that was taken out, although the first is declared before it."""
    backup = aws.seed_backup(HOME, file_system)
    held = {}
    for region in (AWAY, ELSEWHERE):
        client = aws.client("fsx", region)
        made = client.copy_backup(SourceBackupId=backup, SourceRegion=HOME)["Backup"]
        client.close()
        urn = f"urn:pulumi:prod::dr::pulumi-fsx-dr:index:DrRegion${TYPE}::dr-{region}-{backup}"
        outputs = {"region": region, "source_backup_id": backup, "arn": made["ResourceARN"]}
        held[urn] = {"type": TYPE, "outputs": {**outputs, "file_system_id": file_system, "source_region": HOME}}
    aws.finish_copies()
    engine = RecordingEngine()
    engine.mocks = StateTelling(lambda _stack: held)

    def program() -> None:
        for region in (AWAY, ELSEWHERE):
            sources: list[Source] = [{"file_system_id": file_system, "region": HOME}]
            DrRegion(f"dr-{region}", {"region": region, "sources": sources})

    aws.darken(HOME)
    engine.run(program, preview=True)

    assert {(copy.name, copy.inputs["region"]) for copy in engine.of_type(TYPE)} == {
        (f"dr-{region}-{backup}", region) for region in (AWAY, ELSEWHERE)
    }


def forecasts(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [text for text in said(caplog, "INFO") if "is copied into" in text]


@pytest.mark.parametrize("preview", [True, False])
def test_a_preview_says_how_much_each_new_copy_will_copy_and_an_up_does_not_say_it_again(
    aws: Control,
    file_system: str,
    caplog: pytest.LogCaptureFixture,
    preview: bool,  # noqa: FBT001  # pytest names it
) -> None:
    caplog.set_level("INFO")
    backup = aws.seed_backup(HOME, file_system)
    args: DrRegionArgs = {"region": AWAY, "sources": [{"file_system_id": file_system, "region": HOME}]}

    RecordingEngine().run(lambda: DrRegion("dr", args), preview=preview)

    full = (
        f"{backup} is copied into {AWAY}: full because it is the first of {file_system} under this key in this Region"
    )
    assert forecasts(caplog) == ([f"{full}, 10.0 GB."] if preview else [])


def test_the_key_may_be_one_that_the_same_program_makes(
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

    assert [line.partition(" under this key")[0].rpartition(":")[2] for line in forecasts(caplog)] == [
        f" full because it is the first of {file_system}"
    ]

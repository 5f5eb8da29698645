"""Reading the state of the stack through the engine."""

from typing import Any

import grpc
import pytest
from pulumi.runtime import mocks
from pulumi_fsx_dr.copies.copy import (
    BACKUP_COPY_TYPE,
    DR_REGION_TYPE,
    NATIVE_COPY_TYPE,
    NATIVE_DR_REGION_TYPE,
    OWNER_TYPE,
)
from pulumi_fsx_dr.copies.ownership import Ownership, RequestToken
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.engine import stack_state
from pulumi_fsx_dr.engine.stack_state import StackState
from pulumi_fsx_dr.errors import InvalidSettingsError, InvalidStateError

from tests.backups import OWNER_ID
from tests.recording import RecordingEngine

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}  # Pulumi's format of a secret
URN = f"urn:pulumi:prod::dr::{BACKUP_COPY_TYPE}::nightly"


class RefusedError(grpc.RpcError):
    """The engine refuses to read a state."""

    def __init__(self, details: str) -> None:
        super().__init__()
        self._details = details

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self._details


class FakeEngine(mocks.Mocks):
    """Returns the given answers, and records the requests."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, Any]] = []

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        self.asked.append((args.token, args.args))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return {"outputs": answer}, []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", dict(args.inputs)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_state, "_PAUSE", 0)


def read_from(engine: mocks.Mocks) -> StackState:
    found: list[StackState] = []
    recording = RecordingEngine()
    recording.mocks = engine
    recording.run(lambda: found.append(stack_state.stack_state()))
    return found[0]


def a_copy(**outputs: Any) -> dict[str, Any]:
    known = {
        "arn": "arn:aws:fsx:eu-west-1:111122223333:backup/backup-0123456789abcdef0",
        "region": "eu-west-1",
        "source_backup_id": "backup-0fedcba9876543210",
    }
    return {URN: {"type": BACKUP_COPY_TYPE, "outputs": known | outputs}}


def an_owner(owner_id: Any) -> dict[str, Any]:
    return {f"urn:pulumi:prod::dr::{OWNER_TYPE}::fsx-dr-owner": {"type": OWNER_TYPE, "outputs": {"owner_id": owner_id}}}


def test_copies_are_read_with_their_outputs() -> None:
    others = {f"urn:pulumi:prod::dr::{DR_REGION_TYPE}::dr": {"type": DR_REGION_TYPE, "outputs": {"region": "x"}}}
    engine = FakeEngine(others | a_copy(managed_by=f"{OWNER_ID}/{'a' * 40}-0"))

    (copy,) = read_from(engine).copies

    assert (copy.urn, copy.id, copy.region) == (URN, "backup-0123456789abcdef0", "eu-west-1")
    assert copy.ownership == Ownership(OWNER_ID, RequestToken("a" * 40))
    assert engine.asked == [("pulumi:pulumi:readStackResourceOutputs", {"stackName": "organization/dr/prod"})]


@pytest.mark.parametrize(("saved", "owner_id"), [(OWNER_ID, OWNER_ID), ("", ""), (None, ""), (7, ""), ("x" * 32, "")])
def test_owner_id_is_read_if_it_is_valid(saved: Any, owner_id: str) -> None:
    assert read_from(FakeEngine(an_owner(saved))) == StackState((), owner_id)


def test_secret_outputs_stay_secret() -> None:
    (copy,) = read_from(FakeEngine(a_copy(kms_key_id={**SECRET, "value": "alias/dr"}))).copies

    assert (copy.output("kms_key_id"), copy.secrets) == ("alias/dr", frozenset({"kms_key_id"}))


def test_nested_secret_makes_output_secret() -> None:
    [copy] = read_from(FakeEngine(a_copy(tags={"team": "x", "pin": {**SECRET, "value": "1234"}}))).copies

    assert (copy.outputs["tags"], copy.secrets) == ({"team": "x", "pin": "1234"}, frozenset({"tags"}))


@pytest.mark.parametrize(
    "damage",
    [
        {"region": "nowhere"},
        {"region": 7},
        {"arn": None},
        {"arn": ["backup-0123456789abcdef0"]},
        {"source_backup_id": None},
        {"source_creation_time": "yesterday"},
        {"source_creation_time": 7},
        {"file_system_id": {"id": "fs-0123456789abcdef0"}},
        {"tags": "none"},
    ],
    ids=str,
)
def test_damaged_entry_is_reported_by_urn(damage: dict[str, Any]) -> None:
    with pytest.raises(InvalidStateError) as refused:
        read_from(FakeEngine(a_copy(**damage)))

    assert URN in str(refused.value)


@pytest.mark.parametrize("times", [1, 5])
def test_state_being_written_is_read_again(times: int) -> None:
    engine = FakeEngine(*[RefusedError("could not load checkpoint: EOF")] * times, a_copy())

    assert [copy.urn for copy in read_from(engine).copies] == [URN]
    assert len(engine.asked) == times + 1


def test_unreadable_state_is_an_error() -> None:
    engine = FakeEngine(RefusedError("stack outputs of the legacy layout cannot be read"))

    with pytest.raises(InvalidSettingsError) as refused:
        read_from(engine)

    assert "stack outputs of the legacy layout cannot be read" in str(refused.value)
    assert len(engine.asked) == 6


def test_unit_test_mocks_have_empty_state() -> None:
    assert read_from(FakeEngine(NotImplementedError())) == StackState()


# --- a copy in the state ---


@pytest.mark.parametrize(
    ("types", "is_of_dr_region"),
    [
        (BACKUP_COPY_TYPE, False),
        (f"{DR_REGION_TYPE}${BACKUP_COPY_TYPE}", True),
        (f"my:index:App${NATIVE_DR_REGION_TYPE}${NATIVE_COPY_TYPE}", True),
        (f"{DR_REGION_TYPE}$my:index:App${BACKUP_COPY_TYPE}", False),
        (f"not-{DR_REGION_TYPE}${BACKUP_COPY_TYPE}", False),
    ],
)
def test_parent_type_tells_copies_of_dr_regions(types: str, *, is_of_dr_region: bool) -> None:
    copy = StateCopy(f"urn:pulumi:prod::files::{types}::a::b", "", {})

    assert (copy.name, copy.is_of_dr_region) == ("a::b", is_of_dr_region)


def test_missing_outputs_are_empty() -> None:
    copy = StateCopy(URN, "", {})

    assert (copy.id, copy.region, copy.source_backup_id, copy.source_creation_time) == ("", "", "", None)


def test_creation_time_replaces_missing_source_time() -> None:
    time = StateCopy(URN, "", {"creation_time": "2026-11-20T12:00:00Z"}).source_creation_time

    assert time is not None
    assert time.isoformat() == "2026-11-20T12:00:00+00:00"

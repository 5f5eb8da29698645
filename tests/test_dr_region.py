"""What a DrRegion tells its program, and which copies it takes for its own."""

from collections.abc import Callable
from typing import Any

import grpc
import pulumi
import pytest
from pulumi.runtime import mocks
from pulumi_fsx_dr import DrRegion, DrRegionArgs
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.ownership import MARK_TAG, Recorded

from rehearsal.fsx import Control
from rehearsal.fsx.fixtures import AWAY, HOME
from tests.recording import RecordingEngine

TYPE = "pulumi-python:dynamic/fsx:BackupCopy"
Resources = dict[str, Any]  # of the stack's state, by URN


class UnknownStackError(grpc.RpcError):
    """The engine's refusal to read a state."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return "unknown stack"


class StateTelling(mocks.Mocks):
    """Answers what the state holds, as the engine does."""

    def __init__(self, tell: Callable[[str], Resources]) -> None:
        self._tell = tell

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        assert args.token == "pulumi:pulumi:readStackResourceOutputs"
        return {"outputs": self._tell(args.args["stackName"])}, []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return f"{args.name}-id", dict(args.inputs)


@pytest.fixture
def file_system(aws: Control) -> str:
    return aws.seed_file_system(HOME)


@pytest.fixture
def source(aws: Control, file_system: str) -> str:
    """Return a backup that has a copy, and has expired since."""
    return aws.seed_backup(HOME, file_system)


@pytest.fixture
def nonce(aws: Control, source: str) -> str:
    """Return the nonce of that copy; it was recorded by the DrRegion `dr` of the stack `before`."""
    client = aws.client("fsx", AWAY)
    mark = Recorded("a1b2c3", None, f"dr/before/dr-{source}")
    tags = [{"Key": MARK_TAG, "Value": str(mark)}]
    client.copy_backup(SourceBackupId=source, SourceRegion=HOME, Tags=tags)
    client.close()
    aws.finish_copies()
    aws.remove_backup(HOME, source)
    return mark.nonce


def declared(
    file_system: str, tell: Callable[[str], Resources], name: str = "dr", *aliases: str | pulumi.Alias
) -> list[str]:
    """Return the names of the copies that a DrRegion declares."""
    engine = RecordingEngine()
    engine.mocks = StateTelling(tell)
    args: DrRegionArgs = {"region": AWAY, "sources": [{"file_system_id": file_system, "region": HOME}]}
    engine.run(lambda: DrRegion(name, args, pulumi.ResourceOptions(aliases=list(aliases))), preview=True)
    return [copy.name for copy in engine.of_type(TYPE)]


def holding(name: str, nonce: str) -> Callable[[str], Resources]:
    def tell(stack: str) -> Resources:
        assert stack == "organization/dr/prod"
        urn = f"urn:pulumi:prod::dr::pulumi-fsx-dr:index:DrRegion${TYPE}::{name}"
        return {
            urn: {"type": TYPE, "outputs": {"nonce": nonce}},
            "urn:pulumi:prod::dr::pulumi:pulumi:Stack::dr-prod": {"type": "pulumi:pulumi:Stack", "outputs": {}},
        }

    return tell


@pytest.mark.parametrize("args", [{"region": AWAY}, {"region": AWAY, "sources": "fs-0123456789abcdef0"}])
def test_sources_that_are_no_list_are_refused_in_a_sentence(args: Any) -> None:
    with pytest.raises(InvalidSettingsError, match="DrRegion dr needs its sources as a list, which may be empty"):
        RecordingEngine().run(lambda: DrRegion("dr", args))


def test_a_copy_that_the_state_holds_is_its_own_whatever_stack_its_mark_names(
    file_system: str, source: str, nonce: str
) -> None:
    assert declared(file_system, holding(f"dr-{source}", nonce)) == [f"dr-{source}"]


@pytest.mark.parametrize("alias", [pulumi.Alias(name="dr"), "urn:pulumi:before::dr::pulumi-fsx-dr:index:DrRegion::dr"])
def test_a_renamed_region_knows_its_copies_by_its_alias(
    file_system: str, source: str, nonce: str, alias: str | pulumi.Alias
) -> None:
    assert declared(file_system, holding(f"dr-{source}", nonce), "west", alias) == [f"west-{source}"]


def test_a_copy_that_another_stack_holds_is_left_to_it(file_system: str, source: str, nonce: str) -> None:
    assert declared(file_system, lambda _stack: {}) == []
    assert declared(file_system, holding(f"dr-{source}", "of another copy")) == []
    assert declared(file_system, holding(f"west-{source}", nonce)) == []


def test_the_state_is_not_read_for_copies_that_bear_another_name(file_system: str, nonce: str) -> None:
    def tell(_stack: str) -> Resources:
        raise AssertionError

    assert nonce
    assert declared(file_system, tell, "west") == []


def test_a_state_that_cannot_be_read_is_an_error_and_changes_nothing(
    aws: Control, file_system: str, nonce: str
) -> None:
    def tell(_stack: str) -> Resources:
        raise UnknownStackError

    assert nonce
    with pytest.raises(
        InvalidSettingsError, match=r"The state of organization/dr/prod could not be read, .* unknown stack"
    ):
        declared(file_system, tell)
    assert set(aws.counts(AWAY)) <= {"CopyBackup", "DescribeBackups"}

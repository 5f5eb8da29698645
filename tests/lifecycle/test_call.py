"""The six lifecycle functions, called with a handmade call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from pulumi_fsx_dr.copies.copy import UnfinishedCopyError
from pulumi_fsx_dr.copies.ownership import new_owner_id, ownership_of
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import CallCancelledError, FsxDrError, UnreachableError
from pulumi_fsx_dr.lifecycle.check import check
from pulumi_fsx_dr.lifecycle.create import create
from pulumi_fsx_dr.lifecycle.delete import delete
from pulumi_fsx_dr.lifecycle.diff import diff
from pulumi_fsx_dr.lifecycle.read import read
from pulumi_fsx_dr.lifecycle.update import update
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.listing import Listing
from pulumi_fsx_dr.runtime.region import Region

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME
from tests.engine.process import Run
from tests.engine.stack import copy_args
from tests.engine.wire import SharedClock, Wire

URN = "urn:pulumi:prod::files::pulumi-python:dynamic/fsx:BackupCopy::monday"
OWNER_ID = new_owner_id()


@dataclass(slots=True)
class HandMade(Call):
    """A call that records messages and partial failures."""

    urn: str = URN
    owner_id: str = OWNER_ID
    abandoned: bool = False
    said: list[str] = field(default_factory=list)
    kept: list[tuple[str, Mapping[str, Any], str]] = field(default_factory=list)

    @property
    def is_abandoned(self) -> bool:
        return self.abandoned

    def status(self, message: str, seconds: float = 2) -> None:  # noqa: ARG002  # the signature of Call
        self.said.append(message)

    def warn(self, message: str) -> None:
        self.said.append(message)

    def keep(self, backup_id: str, outputs: Mapping[str, Any], reason: str) -> None:
        self.kept.append((backup_id, outputs, reason))


def entry(backup_id: str, outputs: Mapping[str, Any]) -> StateCopy:
    return StateCopy.read(URN, backup_id, outputs)


@pytest.fixture
def service() -> FsxService:
    return FsxService(SharedClock(), copy_seconds=10)


@pytest.fixture
def session(service: FsxService) -> Run:
    return Run(Wire(service))


@pytest.fixture
def inputs(service: FsxService, session: Run) -> dict[str, Any]:
    source = service.seed_backup(HOME, service.seed_file_system(HOME))
    return check(HandMade(), session, {}, copy_args(source, tags={"app": "ledger"})).inputs


def test_functions_run_whole_life_of_copy(service: FsxService, session: Run, inputs: dict[str, Any]) -> None:
    call = HandMade()

    made = create(call, session, inputs)
    changed = check(call, session, inputs, {**inputs, "tags": {"app": "books"}}).inputs
    found = diff(call, session, entry(made.id, made.outputs), changed)
    outputs = update(call, session, entry(made.id, made.outputs), changed)
    seen = read(call, session, entry(made.id, outputs))
    delete(call, session, entry(made.id, outputs))

    assert (found.replaced, found.updated) == ([], ["tags"])
    assert outputs["tags_all"] == {"app": "books"}
    assert seen
    assert seen.inputs == changed
    assert service.backups(AWAY) == []
    assert f"{made.id} is AVAILABLE" in call.said


def test_check_returns_problems(session: Run) -> None:
    checked = check(HandMade(), session, {}, {"source_backup_id": "mine", "region": AWAY})

    ((name, problem),) = checked.problems
    assert (name, "source_backup_id" in problem) == ("", True)


def test_second_check_keeps_default_region(session: Run, inputs: dict[str, Any]) -> None:
    """For a replacement the engine calls check twice, and sends the old inputs only the first time."""
    news = {"source_backup_id": inputs["source_backup_id"]}
    check(HandMade(), session, inputs, news)

    assert check(HandMade(), session, {}, news).inputs["region"] == AWAY


def test_unreachable_region_is_called_once(service: FsxService, session: Run) -> None:
    service.make_unreachable(AWAY)
    region = session.region(AWAY)
    for _ in range(2):
        with pytest.raises(UnreachableError):
            region.unless_unreachable(region.listing)

    assert len(service.journal(AWAY)) <= 1


def test_create_sets_ownership_tag_with_copy_backup(service: FsxService, session: Run, inputs: dict[str, Any]) -> None:
    made = create(HandMade(), session, inputs)

    own = ownership_of(service.backup(AWAY, made.id)["tags"])
    assert own
    assert (own.owner_id, str(own)) == (OWNER_ID, made.outputs["managed_by"])
    assert "TagResource" not in service.counts(AWAY)


def test_create_that_times_out_is_finished_by_update(service: FsxService, session: Run, inputs: dict[str, Any]) -> None:
    call = HandMade(timeout=3)

    with pytest.raises(UnfinishedCopyError):
        create(call, session, inputs)

    ((backup_id, outputs, reason),) = call.kept
    assert outputs["lifecycle"] == "COPYING"
    assert reason.startswith(backup_id)
    assert update(HandMade(), session, entry(backup_id, outputs), inputs)["lifecycle"] == "AVAILABLE"
    assert len(service.backups(AWAY)) == 1


def test_create_finishes_without_listing(session: Run, inputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Listing:
        raise UnreachableError(f"{AWAY} does not answer.")

    session.wire.at_call["CopyBackup", "after"] = lambda: monkeypatch.setattr(Region, "listing", fail)

    assert create(HandMade(), session, inputs).outputs["lifecycle"] == "AVAILABLE"


def test_abandoned_create_is_resumed_by_next_create(service: FsxService, session: Run, inputs: dict[str, Any]) -> None:
    call = HandMade()
    session.wire.at_call["CopyBackup", "after"] = lambda: setattr(call, "abandoned", True)

    with pytest.raises(CallCancelledError, match="monday"):
        create(call, session, inputs)

    (running,) = service.backups(AWAY)
    assert create(HandMade(), Run(session.wire), inputs).id == running["id"]


def test_create_does_not_resume_copy_in_state(service: FsxService, session: Run, inputs: dict[str, Any]) -> None:
    first = create(HandMade(), session, inputs)
    second = create(HandMade(state=[entry(first.id, first.outputs)]), Run(session.wire), inputs)

    assert second.id != first.id
    assert len(service.backups(AWAY)) == 2


def test_state_entry_has_urn_of_call() -> None:
    own, of_same_source = StateCopy(URN, "backup-1", {}), StateCopy(f"{URN}-2", "backup-2", {})

    call = HandMade(state=(of_same_source, own))

    assert call.state_entry == own
    assert call.state_ids == {"backup-1", "backup-2"}
    assert HandMade(state=(of_same_source,)).state_entry is None


def test_create_without_urn_makes_no_copy(service: FsxService, session: Run, inputs: dict[str, Any]) -> None:
    with pytest.raises(FsxDrError):
        create(HandMade(urn=""), session, inputs)

    assert service.backups(AWAY) == []


def test_update_without_owner_id_adopts_nothing(service: FsxService, session: Run, inputs: dict[str, Any]) -> None:
    """`ignore_changes=["*"]` drops the hints of the program."""
    made = create(HandMade(), session, inputs)
    outputs = {name: value for name, value in made.outputs.items() if name != "managed_by"}

    with pytest.raises(FsxDrError, match="ignore_changes"):
        update(HandMade(owner_id=""), Run(session.wire), entry(made.id, outputs), inputs)

    assert "TagResource" not in service.counts(AWAY)

"""The core is asked with a call that a test makes by hand, as any host makes its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from pulumi_fsx_dr.copies.copy import UnfinishedCopyError
from pulumi_fsx_dr.copies.ownership import MARK_TAG
from pulumi_fsx_dr.errors import CallCancelledError, FsxDrError
from pulumi_fsx_dr.lifecycle.check import check
from pulumi_fsx_dr.lifecycle.create import create
from pulumi_fsx_dr.lifecycle.delete import delete
from pulumi_fsx_dr.lifecycle.diff import diff
from pulumi_fsx_dr.lifecycle.read import read
from pulumi_fsx_dr.lifecycle.update import update
from pulumi_fsx_dr.session.call import AtOnce, Call, StateEntry

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY, HOME
from tests.provider.deploying import Run, SharedClock, Wire, copy_args

URN = "urn:pulumi:prod::files::pulumi-python:dynamic/fsx:BackupCopy::monday"


@dataclass(slots=True)
class HandMade(Call):
    """A call that notes what the core says."""

    urn: str = URN
    is_cancelled: bool = False
    said: list[str] = field(default_factory=list)
    kept: list[tuple[str, Mapping[str, Any], str]] = field(default_factory=list)

    @property
    def cancelled(self) -> bool:
        return self.is_cancelled

    def status(self, message: str, seconds: float = 2) -> None:  # noqa: ARG002  # as the core passes it
        self.said.append(message)

    def warn(self, message: str) -> None:
        self.said.append(message)

    def keep(self, backup_id: str, outputs: Mapping[str, Any], reason: str) -> None:
        self.kept.append((backup_id, outputs, reason))


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


def mark(service: FsxService, backup_id: str) -> str:
    found: str = service.backup(AWAY, backup_id)["tags"][MARK_TAG]
    return found


def test_a_whole_life(service: FsxService, session: Run, inputs: dict[str, Any]) -> None:
    call = HandMade()

    made = create(call, session, inputs)
    changed = check(call, session, inputs, {**inputs, "tags": {"app": "books"}}).inputs
    found = diff(call, session, made.id, made.outputs, changed)
    outputs = update(call, session, made.id, made.outputs, changed)
    seen = read(call, session, made.id, outputs)
    delete(call, session, made.id, outputs)

    assert (found.replaced, found.updated) == ([], ["tags"])
    assert outputs["tags_all"] == {"app": "books"}
    assert seen
    assert seen.inputs == changed
    assert service.backups(AWAY) == []
    assert f"{made.id} is AVAILABLE" in call.said


def test_what_is_wrong_is_told_by_name_before_anything_is_changed(session: Run) -> None:
    checked = check(HandMade(), session, {}, {"source_backup_id": "mine", "region": AWAY})

    assert checked.problems == [
        ("source_backup_id", "'mine' is not the id of an FSx backup, such as backup-0123456789abcdef0.")
    ]


def test_without_anybody_to_take_over_create_records(service: FsxService, session: Run, inputs: dict[str, Any]) -> None:
    made = create(HandMade(), session, inputs)

    assert mark(service, made.id).startswith(f"recorded:{made.outputs['nonce']}:")


def test_where_somebody_takes_over_the_copy_stays_pending_under_the_nonce_that_was_handed_in(
    service: FsxService, session: Run, inputs: dict[str, Any]
) -> None:
    made = create(HandMade(handover=AtOnce("n" * 32, is_taken_over=True)), session, inputs)

    assert made.outputs["nonce"] == "n" * 32
    assert mark(service, made.id).startswith("pending:")


def test_time_that_is_up_has_the_copy_kept_and_the_next_call_finishes_it(
    service: FsxService, session: Run, inputs: dict[str, Any]
) -> None:
    call = HandMade(timeout=3)

    with pytest.raises(UnfinishedCopyError, match="was left running, and the next pulumi up resumes it"):
        create(call, session, inputs)

    ((backup_id, outputs, reason),) = call.kept
    assert outputs["lifecycle"] == "COPYING"
    assert reason.startswith(backup_id)
    assert update(HandMade(), session, backup_id, outputs, inputs)["lifecycle"] == "AVAILABLE"
    assert len(service.backups(AWAY)) == 1


def test_a_call_that_nobody_waits_for_stops_and_leaves_the_copy_to_the_next(
    service: FsxService, session: Run, inputs: dict[str, Any]
) -> None:
    call = HandMade()
    session.wire.at_call["CopyBackup", "after"] = lambda: setattr(call, "is_cancelled", True)

    with pytest.raises(CallCancelledError, match=r"The engine stopped waiting for monday\."):
        create(call, session, inputs)

    (running,) = service.backups(AWAY)
    assert create(HandMade(), Run(session.wire), inputs).id == running["id"]


def test_a_copy_that_the_state_holds_is_handed_out_to_no_other_create(
    service: FsxService, session: Run, inputs: dict[str, Any]
) -> None:
    first = create(HandMade(handover=AtOnce("n" * 32, is_taken_over=True)), session, inputs)
    entry = StateEntry(URN, first.id, token=first.outputs["token"])

    second = create(HandMade(held=[entry]), Run(session.wire), inputs)

    assert second.id != first.id
    assert len(service.backups(AWAY)) == 2


def test_without_a_urn_nothing_is_made(service: FsxService, session: Run, inputs: dict[str, Any]) -> None:
    with pytest.raises(FsxDrError, match="'' is no URN, so nobody could find the copy again"):
        create(HandMade(urn=""), session, inputs)

    assert service.backups(AWAY) == []

"""The six lifecycle functions, called without a host."""

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import new_owner_id
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import FsxDrError, UnreachableError
from pulumi_fsx_dr.lifecycle.check import check
from pulumi_fsx_dr.lifecycle.create import create
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


def call(**changes: Any) -> Call:
    return Call(**{"urn": URN, "owner_id": OWNER_ID, **changes})


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
    return check(call(), session, {}, copy_args(source, tags={"app": "ledger"})).inputs


def test_unreachable_region_is_called_once(service: FsxService, session: Run) -> None:
    service.make_unreachable(AWAY)
    region = session.region(AWAY)
    for _ in range(2):
        with pytest.raises(UnreachableError):
            region.unless_unreachable(region.listing)

    assert len(service.journal(AWAY)) <= 1


def test_create_finishes_without_listing(session: Run, inputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Listing:
        raise UnreachableError(f"{AWAY} does not answer.")

    session.wire.at_call["CopyBackup", "after"] = lambda: monkeypatch.setattr(Region, "listing", fail)

    assert create(call(), session, inputs).outputs["lifecycle"] == "AVAILABLE"


def test_state_entry_has_urn_of_call() -> None:
    own, of_same_source = StateCopy(URN, "backup-1", {}), StateCopy(f"{URN}-2", "backup-2", {})

    made = call(state=(of_same_source, own))

    assert made.state_entry == own
    assert made.state_ids == {"backup-1", "backup-2"}
    assert call(state=(of_same_source,)).state_entry is None


def test_update_without_owner_id_adopts_nothing(service: FsxService, session: Run, inputs: dict[str, Any]) -> None:
    """`ignore_changes=["*"]` drops the hints of the program."""
    made = create(call(), session, inputs)
    outputs = {name: value for name, value in made.outputs.items() if name != "managed_by"}

    with pytest.raises(FsxDrError, match="ignore_changes"):
        update(call(owner_id=""), Run(session.wire), entry(made.id, outputs), inputs)

    assert "TagResource" not in service.counts(AWAY)

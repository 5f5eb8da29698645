"""What version 0.1.0 wrote into states and on copies is read, updated, finished and destroyed.

`recorded/state_0.1.0.json` holds what its own code wrote, with places for the ids that each run chooses anew.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import MARK_TAG

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY, HOME
from tests.provider.deploying import Properties, Stack, State, Wire, copy_args

RECORDED = (Path(__file__).parents[1] / "recorded" / "state_0.1.0.json").read_text()
NAMES = ["plain", "full", "unfinished"]


@pytest.fixture
def former(service: FsxService, wire: Wire, stack: Stack, source: str, key: str) -> Stack:
    """Return a stack whose state and copies are those that 0.1.0 left; one copy still runs."""
    (file_system,) = service.file_systems(HOME)
    text = (
        RECORDED.replace("{source}", source).replace("{key}", key).replace("{file_system}", file_system["FileSystemId"])
    )
    for name in NAMES:
        recorded = json.loads(text)[name]
        backup_id = _copied(wire, recorded, source)
        if name != "unfinished":
            service.finish_copies()
        state = json.loads(json.dumps(recorded["state"]).replace("{id}", backup_id))
        stack.states[name] = State(state["id"], state["inputs"], state["outputs"], tuple(state["errors"]))
    return stack


def _copied(wire: Wire, recorded: dict[str, Any], source: str) -> str:
    inputs = recorded["state"]["inputs"]
    made = wire.client("fsx", AWAY).copy_backup(
        ClientRequestToken=recorded["state"]["outputs"]["token"],
        SourceBackupId=source,
        SourceRegion=HOME,
        Tags=[{"Key": tag, "Value": value} for tag, value in recorded["tags"].items()],
        **({"KmsKeyId": inputs["kms_key_id"]} if "kms_key_id" in inputs else {}),
    )
    backup_id: str = made["Backup"]["BackupId"]
    return backup_id


@pytest.fixture
def program(source: str, key: str) -> dict[str, Properties]:
    return {
        "plain": copy_args(source),
        "full": copy_args(source, kms_key_id=key, copy_tags=True, tags={"app": "ledger"}),
        "unfinished": copy_args(source),
    }


def copies(service: FsxService) -> set[str]:
    return {backup["id"] for backup in service.backups(AWAY)}


def test_finished_copies_show_no_change(former: Stack, program: dict[str, Properties]) -> None:
    assert not former.preview("plain", program["plain"]).changes
    assert not former.preview("full", program["full"]).changes


def test_an_up_finishes_what_was_kept_unfinished_and_makes_nothing(
    former: Stack, service: FsxService, program: dict[str, Properties]
) -> None:
    ids = {name: state.id for name, state in former.states.items()}

    former.up(program)

    assert {name: state.id for name, state in former.states.items()} == ids
    assert copies(service) == set(ids.values())
    assert former.states["unfinished"].outputs["lifecycle"] == "AVAILABLE"
    assert service.backup(AWAY, ids["unfinished"])["tags"][MARK_TAG].startswith("recorded:")


def test_tags_are_updated_in_place(former: Stack, service: FsxService, program: dict[str, Properties]) -> None:
    program["full"]["tags"] = {"app": "books"}

    former.up(program)

    assert service.backup(AWAY, former.states["full"].id)["tags"]["app"] == "books"


def test_a_refresh_finds_them(former: Stack) -> None:
    before = {name: state.outputs["nonce"] for name, state in former.states.items()}

    former.refresh()

    assert {name: state.outputs["nonce"] for name, state in former.states.items()} == before


def test_destroy_removes_them_all(former: Stack, service: FsxService) -> None:
    service.finish_copies()

    former.destroy()

    assert copies(service) == set()

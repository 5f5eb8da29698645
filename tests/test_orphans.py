"""The states in `recorded/` are what the real CLI exported."""

import json
from pathlib import Path
from typing import Any

import pytest
from pulumi_fsx_dr.copies.ownership import MARK_TAG
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.rules.orphans import Fate, GivenStates, orphans

from tests.as_native import as_native
from tests.backups import NOW, copy, hours_ago, pending, recorded

RECORDED = Path(__file__).parent / "recorded"
ASKED_FOR = "backup-0a1b2c3d4e5f60004"  # by the create that was cut off
KEY = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-00000000000{}"
URN = "urn:pulumi:dev::files::pulumi-python:dynamic/fsx:BackupCopy::{}"


def export(name: str = "export") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return document


def ids(document: dict[str, Any], **having: bool) -> list[str]:
    """Ids of the copies in a state that have, or have not, the given fields."""
    resources = [r for r in document["deployment"]["resources"] if r["type"].endswith("fsx:BackupCopy")]
    return [r["id"] for r in resources if all(bool(r.get(field)) == wanted for field, wanted in having.items())]


@pytest.mark.parametrize(
    ("name", "having"),
    [
        ("export", {"delete": False}),
        ("export_pending_delete", {"delete": True}),
        ("export_half_made", {"initErrors": True}),
    ],
)
def test_what_a_state_holds_is_no_orphan(name: str, having: dict[str, bool]) -> None:
    held = ids(export(name), **having)
    backups = [copy(id=backup_id, mark=recorded(5)) for backup_id in held]

    assert backups
    assert orphans(backups, GivenStates.read([export(name)])) == []


@pytest.mark.parametrize("name", ["export", "export_pending_delete", "export_half_made"])
def test_what_a_state_holds_of_native_copies_is_no_orphan(name: str) -> None:
    backups = [copy(id=backup_id, mark=recorded(5)) for backup_id in ids(export(name))]

    assert backups
    assert orphans(backups, GivenStates.read([as_native(export(name))])) == []


def test_a_recorded_copy_that_its_stack_no_longer_holds_is_left_for_good() -> None:
    [orphan] = orphans([copy(mark=recorded(5))], GivenStates.read([export()]))

    assert (orphan.fate, orphan.stack) == (Fate.LEFT, "files/dev")


def test_a_copy_whose_create_was_cut_off_is_resumed_by_the_next_up() -> None:
    cut_off = copy(mark=pending(URN.format("killed")), lifecycle="COPYING", source_backup_id=ASKED_FOR)

    [orphan] = orphans([cut_off], GivenStates.read([export("export_pending_create")]))

    assert orphan.fate is Fate.RESUMED


def test_a_native_copy_whose_create_was_cut_off_is_resumed_by_the_next_up() -> None:
    urn = "urn:pulumi:dev::files::fsx-dr:index:BackupCopy::killed"
    cut_off = copy(mark=pending(urn), lifecycle="COPYING", source_backup_id=ASKED_FOR)

    [orphan] = orphans([cut_off], GivenStates.read([as_native(export("export_pending_create"))]))

    assert orphan.fate is Fate.RESUMED


def test_a_copy_that_its_create_does_not_ask_for_any_more_is_resumed_only_if_it_is_declared_again() -> None:
    """Another source, or another key, makes another copy; up names this one and goes on without it."""
    document = export("export_pending_create")
    document["deployment"]["pending_operations"][0]["resource"]["inputs"]["kms_key_id"] = KEY.format(2)
    mark = pending(URN.format("killed"))
    other_source = copy(1, mark=mark)
    other_key = copy(2, mark=mark, source_backup_id=ASKED_FOR, kms_key_arn=KEY.format(1))
    same = copy(3, mark=mark, source_backup_id=ASKED_FOR, kms_key_arn=KEY.format(2))

    found = orphans([other_source, other_key, same], GivenStates.read([document]))

    assert [orphan.fate for orphan in found] == [Fate.RESUMABLE, Fate.RESUMABLE, Fate.RESUMED]


def test_a_pending_copy_that_the_state_says_nothing_of_is_resumed_if_it_is_still_declared() -> None:
    [orphan] = orphans([copy(mark=pending(URN.format("another")))], GivenStates.read([export("export_pending_create")]))

    assert orphan.fate is Fate.RESUMABLE


def test_a_copy_of_a_stack_that_was_not_given_may_well_be_held_there() -> None:
    [orphan] = orphans([copy(mark=recorded(5, "files/prod/monday"))], GivenStates.read([export()]))

    assert (orphan.fate, orphan.stack) == (Fate.ELSEWHERE, "files/prod")


def test_a_copy_is_no_orphan_if_any_of_the_states_holds_it() -> None:
    held = copy(id=ids(export())[0], mark=recorded(5))
    elsewhere: dict[str, Any] = {"deployment": {"resources": []}}

    assert orphans([held], GivenStates.read([elsewhere, export()])) == []
    assert len(orphans([held], GivenStates.read([elsewhere]))) == 1


@pytest.mark.parametrize(
    "backup",
    [copy(), copy(tags={MARK_TAG: "somebody else's"}), copy(mark=recorded(5), lifecycle="DELETED")],
    ids=["unmarked", "marked by another tool", "deleted"],
)
def test_what_is_not_ours_or_not_there_is_no_orphan(backup: Any) -> None:
    assert orphans([backup], GivenStates.read([export()])) == []


def test_a_name_with_slashes_does_not_hide_its_stack() -> None:
    [orphan] = orphans([copy(mark=recorded(5, "files/dev/share/monday"))], GivenStates.read([export()]))

    assert (orphan.stack, orphan.fate) == ("files/dev", Fate.LEFT)


def test_an_orphan_tells_how_to_adopt_and_how_to_delete_it() -> None:
    [orphan] = orphans([copy(7, mark=recorded(5), creation_time=hours_ago(3))], GivenStates.read([export()]))

    assert orphan.adoption == (
        '"region": "eu-west-1", "source_backup_id": "backup-50000000000000007", '
        '"source_region": "eu-central-1", "adopt_backup_id": "backup-c0000000000000007"'
    )
    assert orphan.deletion == "aws fsx delete-backup --region eu-west-1 --backup-id backup-c0000000000000007"
    assert orphan.age(NOW) == 3.0


def test_a_stack_that_was_never_deployed_holds_nothing() -> None:
    assert GivenStates.read([{"version": 3, "deployment": {}}]) == GivenStates(frozenset(), {}, frozenset())


@pytest.mark.parametrize("document", [{}, {"steps": []}, {"deployment": []}])
def test_another_document_is_no_state(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettingsError, match="pulumi stack export"):
        GivenStates.read([document])

"""The states in `recorded/` were exported by the real CLI; their properties match the current package."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.rules.exported_state import resources_of
from pulumi_fsx_dr.rules.orphans import Orphan, OrphanStatus, StackStates, orphans

from tests.backups import NOW, OTHER_OWNER_ID, OWNER_ID, copy, hours_ago, owned
from tests.native_documents import as_native

RECORDED = Path(__file__).parent / "recorded"
PROVIDER = {
    "urn": "urn:pulumi:dev::files::pulumi:providers:fsx-dr::default",
    "custom": True,
    "id": "7bcffc84-675e-4633-951a-8bfbff6f852d",
    "type": "pulumi:providers:fsx-dr",
    "inputs": {"ownerId": OWNER_ID},
    "outputs": {"ownerId": OWNER_ID},
}


def export(name: str = "export") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return document


def with_resource(resource: Any) -> dict[str, Any]:
    return {"version": 3, "deployment": {"resources": [resource]}}


def exported(type_name: str) -> dict[str, Any]:
    """Return the first resource of a type in the export."""
    resources = export()["deployment"]["resources"]
    found: dict[str, Any] = next(resource for resource in resources if resource["type"].endswith(type_name))
    return found


OWNER = exported(":Owner")


def states(*documents: dict[str, Any]) -> StackStates:
    return StackStates.of(
        [each for n, document in enumerate(documents) for each in resources_of(document, f"state {n}")]
    )


def ids(document: dict[str, Any], **having: bool) -> list[str]:
    """Return the ids of copies in a state that have, or lack, the given fields."""
    resources = [r for r in document["deployment"]["resources"] if r["type"].endswith("fsx:BackupCopy")]
    return [r["id"] for r in resources if all(bool(r.get(field)) == wanted for field, wanted in having.items())]


# --- listed copies ---


@pytest.mark.parametrize(
    ("name", "having"),
    [
        ("export", {"delete": False}),
        ("export_pending_delete", {"delete": True}),
        ("export_half_made", {"initErrors": True}),
    ],
)
def test_orphans_exclude_copies_in_state(name: str, having: dict[str, bool]) -> None:
    backups = [copy(id=backup_id, tags=owned()) for backup_id in ids(export(name), **having)]

    assert backups
    assert orphans(backups, states(export(name))) == []
    assert orphans(backups, states(as_native(export(name)))) == []


def test_orphans_exclude_copies_in_any_given_state() -> None:
    known = copy(id=ids(export())[0], tags=owned())
    elsewhere: dict[str, Any] = {"deployment": {"resources": []}}

    assert orphans([known], states(elsewhere, export())) == []
    assert len(orphans([known], states(elsewhere))) == 1


@pytest.mark.parametrize(
    "backup",
    [
        pytest.param(copy(tags=owned(), source_backup_id=None), id="not a copy"),
        pytest.param(copy(tags=owned(), type="AWS_BACKUP"), id="made by AWS Backup"),
        pytest.param(copy(tags={"team": "storage"}), id="no ownership tag"),
        pytest.param(copy(tags=owned(), lifecycle="DELETED"), id="deleted"),
    ],
)
def test_orphans_are_existing_copies_with_ownership_tag(backup: Any) -> None:
    assert orphans([backup], states(with_resource(OWNER))) == []


# --- status ---


@pytest.mark.parametrize("resource", [OWNER, PROVIDER], ids=["Python", "plugin"])
def test_orphan_with_owner_id_of_state_is_resumable(resource: dict[str, Any]) -> None:
    [orphan] = orphans([copy(tags=owned())], states(with_resource(resource)))

    assert (orphan.status, orphan.owner_id) == (OrphanStatus.RESUMABLE, OWNER_ID)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({"lifecycle": "FAILED"}, OrphanStatus.FAILED, id="failed"),
        pytest.param({"tags": owned(owner_id=OTHER_OWNER_ID)}, OrphanStatus.UNKNOWN, id="stack of the same name"),
        pytest.param({"tags": {OWNERSHIP_TAG: "files/dev/monday"}}, OrphanStatus.UNKNOWN, id="tag of another form"),
        pytest.param({"tags": {OWNERSHIP_TAG: ""}}, OrphanStatus.UNKNOWN, id="empty tag"),
    ],
)
def test_other_orphans_are_not_resumable(changes: dict[str, Any], status: OrphanStatus) -> None:
    """Project and stack in a tag are free text."""
    [orphan] = orphans([copy(**{"tags": owned(), **changes})], states(with_resource(OWNER)))

    assert orphan.status is status


@pytest.mark.parametrize(
    "resource",
    [
        OWNER | {"outputs": {"owner_id": "*"}},
        OWNER | {"outputs": {"owner_id": [OWNER_ID]}},
        OWNER | {"outputs": OWNER_ID},
        PROVIDER | {"inputs": {}},
        PROVIDER | {"type": "pulumi:providers:aws"},
    ],
)
def test_owner_id_is_read_from_own_resources_only(resource: dict[str, Any]) -> None:
    assert states(with_resource(resource)).owner_ids == frozenset()


# --- commands ---


def test_orphan_has_adopt_and_delete_commands() -> None:
    [orphan] = orphans([copy(7, tags=owned(), creation_time=hours_ago(3))], states(export()))

    assert orphan.adoption == (
        '"region": "eu-west-1", "source_backup_id": "backup-50000000000000007", '
        '"source_region": "eu-central-1", "adopt_backup_id": "backup-c0000000000000007"'
    )
    assert orphan.deletion == "aws fsx delete-backup --region eu-west-1 --backup-id backup-c0000000000000007"
    assert orphan.age(NOW) == 3.0


@pytest.mark.parametrize(
    ("changes", "deletable"),
    [
        ({"lifecycle": "FAILED"}, True),
        ({"id": "backup-1; rm -rf ~"}, False),
        ({"region": "eu-west-1 --profile prod"}, False),
        ({"source_backup_id": 'backup-1"}); import os'}, True),
        ({"source_region": "$(id)"}, True),
    ],
)
def test_orphan_commands_contain_only_valid_ids_and_regions(changes: dict[str, Any], *, deletable: bool) -> None:
    orphan = Orphan(copy(**{"tags": owned(), **changes}), OrphanStatus.UNKNOWN)

    assert orphan.adoption is None
    assert (orphan.deletion is not None) is deletable


# --- states ---


def test_state_of_undeployed_stack_is_empty() -> None:
    assert states({"version": 3, "deployment": {}}) == StackStates(frozenset(), frozenset())


@pytest.mark.parametrize("document", [{}, {"steps": []}, {"deployment": []}, {"deployment": None}])
def test_other_document_is_not_a_state(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettingsError):
        states(document)


COPY = exported(":BackupCopy")


@pytest.mark.parametrize(
    "resource",
    [None, "text", {}, {"type": 1}, *(COPY | {"id": value} for value in (None, 1, "backup-1", ""))],
)
def test_damaged_state_is_refused_by_name(resource: Any) -> None:
    """Otherwise a copy in an unreadable entry would be listed and then deleted."""
    with pytest.raises(InvalidSettingsError, match="state 0"):
        states(with_resource(resource))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([OWNER["type"], COPY["type"]]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["resources", "type", "id", "urn", "inputs", "outputs", "owner_id"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_document_is_a_state_or_refused(deployment: Any) -> None:
    try:
        found = states({"deployment": deployment})
    except InvalidSettingsError:
        return
    assert isinstance(found, StackStates)

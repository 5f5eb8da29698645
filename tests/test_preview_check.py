"""The previews in `recorded/` were printed by the real CLI; their properties match the current package.

Those named `dr_region` were printed by the fake engine for a program with one DrRegion and keep 2.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.rules.preview_check import violations

from tests.native_documents import as_native

RECORDED = Path(__file__).parent / "recorded"
FIRST_KEY = "11111111-1111-4111-8111-111111111111"
SECOND_KEY = "22222222-2222-4222-8222-222222222222"
HARMLESS = ["create", "no_change", "tag_update", "replace", "replace_steps", "delete_one", "target", "refresh"]


def preview(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((RECORDED / f"preview_{name}.json").read_text())
    return document


@pytest.mark.parametrize("name", [*HARMLESS, "pending_delete", "pending_create", "half_made"])
def test_change_that_keeps_copy_in_every_region_is_allowed(name: str) -> None:
    assert violations(preview(name)) == []


@pytest.mark.parametrize("name", ["replace", "delete_one", "delete_last", "move", "destroy"])
def test_native_copies_have_same_violations(name: str) -> None:
    keys = {"eu-north-1": FIRST_KEY}

    assert violations(as_native(preview(name)), keys) == violations(preview(name), keys)


@pytest.mark.parametrize("name", ["delete_last", "move"])
def test_change_that_removes_last_copy_of_region_is_refused(name: str) -> None:
    [violation] = violations(preview(name))

    assert "eu-north-1" in violation
    assert "(north)" in violation


def test_delete_before_replace_is_refused() -> None:
    """The CLI 3.260 marks the old state with `pendingReplacement` for `delete_before_replace`, otherwise with
    `delete`.
    """
    document = preview("replace")
    (replaced,) = (step["oldState"] for step in document["steps"] if step["op"] == "replace")
    assert replaced.pop("delete")
    replaced["pendingReplacement"] = True

    [violation] = violations(document)

    assert "delete_before_replace" in violation


def test_destroy_reports_every_region_and_copy() -> None:
    north, west = violations(preview("destroy"))

    assert "eu-north-1" in north
    assert "(monday, tuesday)" in west


def test_copy_pending_deletion_does_not_count() -> None:
    document = preview("target_pending_delete")
    states = [step["oldState"] for step in document["steps"]]
    successors = {s["id"] for s in states if s.get("inputs", {}).get("region") == "eu-north-1" and not s.get("delete")}
    document["steps"] = [step for step in document["steps"] if step["oldState"].get("id") not in successors]
    document["changeSummary"]["same"] -= 1

    [violation] = violations(document, required_regions=["eu-north-1"])

    assert violation.startswith("eu-north-1")


@pytest.mark.parametrize("name", ["no_change", "delete_one", "target_pending_delete"])
def test_required_region_without_copy_is_refused(name: str) -> None:
    [violation] = violations(preview(name), required_regions=["eu-west-1", "us-east-1"])

    assert violation.startswith("us-east-1")


def test_region_that_loses_last_copy_is_reported_once() -> None:
    assert len(violations(preview("delete_last"), {"eu-north-1": FIRST_KEY}, ["eu-north-1"])) == 1


def test_copy_of_unknown_backup_counts() -> None:
    assert violations(preview("create_of_unknown"), required_regions=["eu-north-1", "eu-west-1"]) == []


# --- keys ---


@pytest.mark.parametrize("key", [FIRST_KEY, FIRST_KEY.upper(), f"arn:aws:kms:eu-north-1:111122223333:key/{FIRST_KEY}"])
@pytest.mark.parametrize("name", ["create", "no_change", "refresh", "delete_one"])
def test_required_key_matches_in_any_form(name: str, key: str) -> None:
    assert violations(preview(name), required_keys={"eu-north-1": key}) == []


def test_key_of_kept_copy_comes_from_outputs() -> None:
    managed = {"eu-west-1": "0a1b2c3d-0000-4000-8000-00000000dddd"}

    assert violations(preview("tag_update"), required_keys=managed) == []
    assert len(violations(preview("create"), required_keys=managed)) == 1


@pytest.mark.parametrize("name", ["replace", "replace_steps"])
def test_replaced_copy_is_checked_for_new_key(name: str) -> None:
    [violation] = violations(preview(name), required_keys={"eu-north-1": FIRST_KEY})

    assert ("eu-north-1" in violation, FIRST_KEY in violation) == (True, True)
    assert violations(preview(name), required_keys={"eu-north-1": SECOND_KEY}) == []


# --- refused documents ---


@pytest.mark.parametrize(
    "document",
    [{}, {"steps": []}, {"deployment": {}}, preview("failed"), preview("without_sames")],
    ids=["empty", "no summary", "a state", "failed", "without unchanged resources"],
)
def test_incomplete_preview_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettingsError):
        violations(document)


# --- full copies ---


def full_copies(document: dict[str, Any], allowed: int = 0) -> list[str]:
    return [violation for violation in violations(document, max_full_copies=allowed) if "ull copies" in violation]


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("no_change", []),
        ("tag_update", []),
        ("delete_one", []),
        ("replace", ["north in eu-north-1"]),  # another key
        ("replace_steps", ["north in eu-north-1"]),
        ("move", ["north in eu-west-1"]),  # the copies in that Region have another key
        # The preview does not show which of these belong to one file system.
        ("create", ["tuesday in eu-west-1", "monday in eu-west-1", "north in eu-north-1"]),
        ("create_of_unknown", ["monday in eu-west-1", "north in eu-north-1", "again in eu-north-1"]),
        # The forecast of a DrRegion counts:
        ("dr_region_create", ["1 of dr in eu-west-1"]),  # only the first of two
        ("dr_region_next", []),  # a newer backup
        ("dr_region_key", ["1 of dr in eu-west-1"]),  # another key: two copies are replaced
    ],
)
def test_full_copies_are_counted(name: str, full: list[str]) -> None:
    assert full_copies(preview(name), allowed=len(full)) == []
    if full:
        [violation] = full_copies(preview(name), allowed=len(full) - 1)
        assert f"({', '.join(full)})" in violation


@pytest.mark.parametrize("name", ["create", "replace", "move", "no_change", "dr_region_key", "dr_region_next"])
def test_full_native_copies_are_counted(name: str) -> None:
    assert full_copies(as_native(preview(name))) == full_copies(preview(name))


def test_full_copies_are_unlimited_by_default() -> None:
    assert violations(preview("create")) == []


def test_copy_after_one_of_same_chain_is_not_full() -> None:
    """The new Region has copies of that file system under the key managed by FSx."""
    document = preview("move")
    for step in document["steps"]:
        if step["op"] == "replace":
            del step["newState"]["inputs"]["kms_key_id"]

    assert full_copies(document) == []


def test_adopted_copy_is_not_full() -> None:
    document = preview("create")
    for step in document["steps"]:
        if inputs := (step["newState"] or {}).get("inputs"):
            inputs["adopt_backup_id"] = "backup-0123456789abcdef0"

    assert full_copies(document) == []


def test_update_to_unknown_key_is_full() -> None:
    """In a preview, a copy with an unknown new key is an update; `up` replaces it."""
    document = preview("dr_region_key")
    for step in (step for step in document["steps"] if step["op"] == "replace"):
        step["op"] = "update"
        step["oldState"].pop("delete", None)

    assert len(full_copies(document)) == 1


def test_new_copy_is_full_unless_dr_region_says_otherwise() -> None:
    """The preview does not show the file system of a new backup."""
    document = preview("dr_region_next")
    del document["diagnostics"]

    [violation] = full_copies(document)

    assert "dr-backup-042a52a75175847a9 in eu-west-1" in violation

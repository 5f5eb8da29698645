"""The previews in `recorded/` are what the real CLI printed, with the properties that the package writes today.

Those named `dr_region` were printed by the fake engine for a program with one DrRegion that keeps 2.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.rules.preview_check import violations

from tests.as_native import as_native

RECORDED = Path(__file__).parent / "recorded"
FIRST_KEY = "11111111-1111-4111-8111-111111111111"
SECOND_KEY = "22222222-2222-4222-8222-222222222222"


def preview(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((RECORDED / f"preview_{name}.json").read_text())
    return document


@pytest.mark.parametrize(
    "name",
    [
        "create",
        "no_change",
        "tag_update",
        "replace",
        "replace_steps",
        "delete_one",
        "target",
        "refresh",
        "pending_delete",
        "pending_create",
        "half_made",
    ],
)
def test_a_change_after_which_every_region_still_has_a_copy_may_be_made(name: str) -> None:
    assert violations(preview(name)) == []


@pytest.mark.parametrize("name", ["replace", "delete_one", "delete_last", "move", "destroy"])
def test_native_copies_are_judged_alike(name: str) -> None:
    keys = {"eu-north-1": FIRST_KEY}

    assert violations(as_native(preview(name)), keys) == violations(preview(name), keys)


def test_deleting_the_last_copy_of_a_region_is_refused() -> None:
    assert violations(preview("delete_last")) == [
        "eu-north-1 would lose its last copy (north): keep one, or add its successor in the same change."
    ]


def test_replacing_the_last_copy_by_one_in_another_region_is_refused() -> None:
    [violation] = violations(preview("move"))

    assert violation.startswith("eu-north-1 would lose its last copy")


def test_a_destroy_names_every_region_and_all_its_copies() -> None:
    north, west = violations(preview("destroy"))

    assert "eu-north-1" in north
    assert "(monday, tuesday)" in west


def test_an_old_copy_that_could_not_be_deleted_yet_is_not_a_copy_that_is_left() -> None:
    document = preview("target_pending_delete")
    # Take the successor away, so that only the old one on its way out is left.
    document["steps"] = [step for step in document["steps"] if step["oldState"].get("id") not in successors(document)]
    document["changeSummary"]["same"] -= 1

    assert violations(document, required_regions=["eu-north-1"]) == [
        "eu-north-1 would have no copy, and one is required there: declare one."
    ]


def successors(document: dict[str, Any]) -> set[str]:
    """Ids of the copies in eu-north-1 that are not on their way out."""
    states = [step["oldState"] for step in document["steps"]]
    return {s["id"] for s in states if s.get("inputs", {}).get("region") == "eu-north-1" and not s.get("delete")}


@pytest.mark.parametrize("name", ["no_change", "delete_one", "target_pending_delete"])
def test_a_required_region_without_a_copy_is_refused_even_if_it_never_had_one(name: str) -> None:
    assert violations(preview(name), required_regions=["eu-west-1", "us-east-1"]) == [
        "us-east-1 would have no copy, and one is required there: declare one."
    ]


@pytest.mark.parametrize(
    "key",
    [
        FIRST_KEY,
        FIRST_KEY.upper(),
        f"arn:aws:kms:eu-north-1:111122223333:key/{FIRST_KEY}",
    ],
)
@pytest.mark.parametrize("name", ["create", "no_change", "refresh", "delete_one"])
def test_a_required_key_is_met_by_a_copy_under_it_however_it_is_written(name: str, key: str) -> None:
    assert violations(preview(name), required_keys={"eu-north-1": key}) == []


def test_a_key_that_no_input_names_is_known_from_the_outputs_of_a_copy_that_stays() -> None:
    managed = "0a1b2c3d-0000-4000-8000-00000000dddd"

    assert violations(preview("tag_update"), required_keys={"eu-west-1": managed}) == []
    assert len(violations(preview("create"), required_keys={"eu-west-1": managed})) == 1


@pytest.mark.parametrize("name", ["replace", "replace_steps"])
def test_replacing_a_copy_by_one_under_another_key_is_judged_by_the_new_key(name: str) -> None:
    assert violations(preview(name), required_keys={"eu-north-1": FIRST_KEY}) == [
        f"eu-north-1 would have no copy encrypted with {FIRST_KEY}: give one of its copies this kms_key_id."
    ]
    assert violations(preview(name), required_keys={"eu-north-1": SECOND_KEY}) == []


def test_a_region_that_loses_its_last_copy_is_named_once_whatever_is_required_there() -> None:
    found = violations(preview("delete_last"), {"eu-north-1": FIRST_KEY}, ["eu-north-1"])

    assert len(found) == 1


def test_a_copy_of_a_backup_that_is_not_known_yet_counts() -> None:
    assert violations(preview("create_of_unknown"), required_regions=["eu-north-1", "eu-west-1"]) == []


def test_a_preview_that_leaves_out_what_stays_the_same_is_no_ground_for_a_verdict() -> None:
    with pytest.raises(InvalidSettingsError, match="--show-sames"):
        violations(preview("without_sames"))


@pytest.mark.parametrize("document", [{}, {"steps": []}, {"deployment": {}}])
def test_another_document_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettingsError, match="not the document of a preview"):
        violations(document)


def test_a_preview_that_failed_is_refused_because_it_ends_early() -> None:
    with pytest.raises(InvalidSettingsError, match="not the document of a preview that succeeded"):
        violations(preview("failed"))


# --- copies in full ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("no_change", []),
        ("tag_update", []),
        ("delete_one", []),
        ("replace", ["north in eu-north-1"]),  # another key
        ("replace_steps", ["north in eu-north-1"]),
        ("move", ["north in eu-west-1"]),  # whose copies there are under another key
        # Nothing tells which of these are of one file system.
        ("create", ["tuesday in eu-west-1", "monday in eu-west-1", "north in eu-north-1"]),
        ("create_of_unknown", ["monday in eu-west-1", "north in eu-north-1", "again in eu-north-1"]),
    ],
)
def test_copies_that_are_full_for_all_that_the_preview_tells_are_counted(name: str, full: list[str]) -> None:
    assert too_many(name, allowed=len(full)) == []
    if full:
        assert too_many(name, allowed=len(full) - 1) == [
            (
                f"{number(full)} would be made in full ({', '.join(full)}), and {len(full) - 1} may be: "
                "allow more with --max-full-copies if that is meant."
            )
        ]


def number(full: list[str]) -> str:
    return "1 copy" if len(full) == 1 else f"{len(full)} copies"


def too_many(name: str, allowed: int) -> list[str]:
    return [violation for violation in violations(preview(name), max_full_copies=allowed) if "in full" in violation]


@pytest.mark.parametrize("name", ["create", "replace", "move", "no_change", "dr_region_key", "dr_region_next"])
def test_native_copies_are_counted_alike(name: str) -> None:
    native = violations(as_native(preview(name)), max_full_copies=0)

    assert native == violations(preview(name), max_full_copies=0)


def test_without_a_limit_any_number_may_be_full() -> None:
    assert violations(preview("create")) == []


def test_a_copy_of_the_same_file_system_under_the_key_of_one_that_stays_is_no_full_one() -> None:
    """Its own Region has copies of that file system under the key that FSx manages."""
    document = preview("move")
    for step in document["steps"]:
        if step["op"] == "replace":
            del step["newState"]["inputs"]["kms_key_id"]

    assert violations(document, max_full_copies=0) == [
        "eu-north-1 would lose its last copy (north): keep one, or add its successor in the same change."
    ]


def test_an_adopted_copy_copies_nothing() -> None:
    document = preview("create")
    for step in document["steps"]:
        if inputs := (step["newState"] or {}).get("inputs"):
            inputs["adopt_backup_id"] = "backup-0123456789abcdef0"

    assert violations(document, max_full_copies=0) == []


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("dr_region_create", 1),  # two copies
        ("dr_region_next", 0),  # a newer backup
        ("dr_region_key", 1),  # another key: two copies are replaced
    ],
)
def test_what_a_dr_region_says_of_its_copies_counts(name: str, full: int) -> None:
    assert too_many(name, allowed=full) == []
    assert len(too_many(name, allowed=full - 1)) == 1


def test_a_copy_whose_new_key_is_not_made_yet_is_an_update_in_a_preview_and_counts_too() -> None:
    document = preview("dr_region_key")
    for step in (step for step in document["steps"] if step["op"] == "replace"):
        step["op"] = "update"
        step["oldState"].pop("delete", None)

    assert len(violations(document, max_full_copies=0)) == 1


def test_a_new_copy_of_which_a_dr_region_says_nothing_counts_as_full() -> None:
    """The document alone does not tell of which file system a new backup is."""
    document = preview("dr_region_next")
    del document["diagnostics"]

    [violation] = violations(document, max_full_copies=0)

    assert violation.startswith("1 copy would be made in full (dr-backup-042a52a75175847a9 in eu-west-1), and 0 may be")

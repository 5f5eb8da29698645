"""The previews in `recorded/` are what the real CLI printed for the program described in each test."""

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

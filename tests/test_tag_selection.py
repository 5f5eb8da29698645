"""File systems selected by tags: which are copied, and what happens if they lose their tags."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.rules.reasons import Deleted
from pulumi_fsx_dr.rules.specs import DrRegionSpec

from tests.backups import FILE_SYSTEM, OTHER_FILE_SYSTEM
from tests.planning import (
    AWAY,
    ELSEWHERE,
    HOME,
    World,
    backup,
    decide,
    dr,
    entry,
    kept,
    made,
    one,
    removed,
    shown,
)

TAGGED = {"dr": "yes", "Name": "ledger"}
BY_TAG = {"tags": {"dr": "yes"}, "region": HOME}
THIRD = "fs-00000000000000003"


def by_tag(*more: Mapping[str, Any], region: str = AWAY, name: str = "dr", **source: Any) -> DrRegionSpec:
    return dr(name, region=region, sources=[{**BY_TAG, **source}, *more])


def world(tags: Mapping[str, Mapping[str, str] | None], copies: Sequence[StateCopy] = (), **changes: Any) -> World:
    """Return file systems with these tags, each with a backup; None: FSx does not return the tags."""
    backups = [backup(n, file_system_id=name) for n, name in enumerate(sorted(tags), 1)]
    return World(**({"backups": backups, "copies": shown(copies), "tags": {HOME: tags}} | changes))


# --- selected file systems ---


def test_tags_select_matching_file_systems() -> None:
    tags = {FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {"dr": "no"}, THIRD: {"dr": "yes", "team": "b"}}
    present = world(tags)

    plan = one([by_tag()], [], present)

    assert set(made(plan)) == {b.id for b in present.backups if b.file_system_id in (FILE_SYSTEM, THIRD)}
    assert plan.sources == [{"file_system_id": name, "region": HOME} for name in (THIRD, FILE_SYSTEM)]


def test_several_tags_must_all_match() -> None:
    tags = {FILE_SYSTEM: {"dr": "yes"}, OTHER_FILE_SYSTEM: {"dr": "yes", "tier": "1"}}

    plan = one([by_tag(tags={"dr": "yes", "tier": "1"})], [], world(tags))

    assert [source["file_system_id"] for source in plan.sources] == [OTHER_FILE_SYSTEM]


def test_tags_skip_file_system_named_as_source() -> None:
    named = {"file_system_id": FILE_SYSTEM, "region": HOME, "keep": 1}

    plan = one([by_tag(named, {**BY_TAG, "keep": 3})], [], world({FILE_SYSTEM: TAGGED}))

    assert (len(made(plan)), plan.sources) == (1, [named])


def test_selected_file_systems_get_arguments_of_source() -> None:
    source: dict[str, Any] = {"keep": 1, "kms_key_id": "alias/gold", "add_tags": {"tier": "gold"}}
    present = world({FILE_SYSTEM: TAGGED}, backups=[backup(1), backup(2)])

    (copy,) = one([by_tag(**source)], [], present).copies

    assert copy.args["kms_key_id"] == "alias/gold"
    assert copy.args["add_tags"] == {"tier": "gold"}


def test_tags_that_select_nothing_warn() -> None:
    plan = one([by_tag()], [], world({FILE_SYSTEM: {"dr": "no"}}))

    assert [HOME in warning and "dr=yes" in warning for warning in plan.warnings] == [True]
    assert plan.sources == [BY_TAG]


# --- conditions to delete a copy in the state ---

OURS, OTHERS = entry(1), entry(2, file_system_id=OTHER_FILE_SYSTEM)
BOTH = [OURS, OTHERS]


@pytest.mark.parametrize("tags", [{}, {"dr": "no"}], ids=["without tags", "with another value"])
def test_lost_tags_keep_copies_and_make_no_new_ones(tags: dict[str, str]) -> None:
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: tags}, BOTH)
    present = replace(present, backups=[*present.backups, backup(0, file_system_id=OTHER_FILE_SYSTEM)])

    plan = one([by_tag(keep=1)], BOTH, present)

    assert (set(kept(plan)), made(plan), plan.removed) == ({OURS.id, OTHERS.id}, [], [])
    (warning,) = plan.warnings
    assert OTHER_FILE_SYSTEM in warning
    assert "exclude" in warning
    assert OTHER_FILE_SYSTEM in plan.obstacles
    assert {source["file_system_id"] for source in plan.sources} == {FILE_SYSTEM, OTHER_FILE_SYSTEM}


def test_lost_tags_keep_key_of_copies() -> None:
    own = [entry(2, file_system_id=OTHER_FILE_SYSTEM, kms_key_id="alias/before")]

    plan = one([by_tag(kms_key_id="alias/now")], own, world({OTHER_FILE_SYSTEM: {}}, own))

    assert [(copy.args["kms_key_id"], copy.state) for copy in plan.copies] == [("alias/before", own[0])]


def test_lost_tags_of_many_file_systems_delete_nothing() -> None:
    others = [f"fs-{n:017x}" for n in range(10, 16)]
    copies = [entry(n, file_system_id=name) for n, name in enumerate(others, 10)]
    present = world({FILE_SYSTEM: TAGGED, **{name: {"dr": "no"} for name in others}}, copies)

    plan = one([by_tag()], copies, present)

    assert (set(kept(plan)), plan.removed) == ({copy.id for copy in copies}, [])
    assert {other for other in others for warning in plan.warnings if other in warning} == set(others)


@pytest.mark.parametrize("tags", [{}, {"dr": "no"}, TAGGED, None])
def test_exclude_deletes_copies(tags: dict[str, str] | None) -> None:
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: tags}, BOTH)

    plan = one([by_tag(exclude=[OTHER_FILE_SYSTEM])], BOTH, present)

    assert (kept(plan), removed(plan), plan.warnings) == ([OURS.id], {OTHERS.id: Deleted.EXCLUDED}, [])


def test_exclude_applies_to_its_own_source_only() -> None:
    silver = {"tags": {"tier": "silver"}, "region": HOME}
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {"dr": "no"}}, BOTH)

    plan = one([by_tag(silver, exclude=[OTHER_FILE_SYSTEM])], BOTH, present)

    assert set(kept(plan)) == {OURS.id, OTHERS.id}, "silver may have selected it"


def test_exclude_does_not_affect_named_file_system() -> None:
    named = {"file_system_id": OTHER_FILE_SYSTEM, "region": HOME}
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {}}, BOTH)

    plan = one([by_tag(named, exclude=[OTHER_FILE_SYSTEM])], BOTH, present)

    assert (set(kept(plan)), plan.removed) == ({OURS.id, OTHERS.id}, [])


def test_lost_tags_keep_copies_despite_other_dr_region() -> None:
    north = dr("north", OTHER_FILE_SYSTEM, region=ELSEWHERE)
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {}}, BOTH)

    first, _ = decide([by_tag(), north], BOTH, present).values()

    assert (set(kept(first)), first.removed) == ({OURS.id, OTHERS.id}, [])


def test_selector_without_matches_stays_a_source() -> None:
    others = {"tags": {"tier": "2"}, "region": HOME}

    plan = one([by_tag(others)], [], world({FILE_SYSTEM: TAGGED}))

    assert others in plan.sources


def test_removed_selector_deletes_copies() -> None:
    plan = one([dr(sources=[])], BOTH, world({FILE_SYSTEM: {}, OTHER_FILE_SYSTEM: {}}, BOTH))

    assert set(removed(plan).values()) == {Deleted.SOURCE_REMOVED}


def test_other_selector_keeps_copies() -> None:
    silver = {"tags": {"tier": "silver"}, "region": HOME}
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {"tier": "silver"}}, BOTH)

    plan = one([by_tag(silver)], BOTH, present)

    assert (set(kept(plan)), plan.removed) == ({OURS.id, OTHERS.id}, [])


def test_unreachable_region_changes_nothing() -> None:
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {}}, BOTH, unreachable=frozenset({HOME}))

    plan = one([by_tag(keep=1)], BOTH, present)

    assert (set(kept(plan)), plan.removed, made(plan)) == ({OURS.id, OTHERS.id}, [], [])


def test_unreachable_region_keeps_copies_of_unknown_file_system() -> None:
    unknown = entry(1, file_system_id=None)

    plan = one([by_tag()], [unknown], world({}, unreachable=frozenset({HOME})))

    assert (kept(plan), plan.removed) == ([unknown.id], [])


@pytest.mark.parametrize("tags", [{FILE_SYSTEM: TAGGED}, {}], ids=["other file systems exist", "empty answer"])
def test_deleted_file_system_keeps_copies(
    tags: Mapping[str, Mapping[str, str]],
) -> None:
    """An empty answer may come from other credentials, so it deletes nothing."""
    plan = one([by_tag()], BOTH, world(tags, BOTH, backups=[]))

    assert (set(kept(plan)), plan.removed) == ({OURS.id, OTHERS.id}, [])
    assert [warning for warning in plan.warnings if OTHER_FILE_SYSTEM in warning and "exclude" in warning]


def test_unknown_tags_keep_copies() -> None:
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: None}, BOTH)

    assert set(kept(one([by_tag()], BOTH, present))) == {OURS.id, OTHERS.id}


def test_exclude_applies_to_deleted_file_system() -> None:
    plan = one([by_tag(exclude=[OTHER_FILE_SYSTEM])], BOTH, world({FILE_SYSTEM: TAGGED}, BOTH))

    assert removed(plan) == {OTHERS.id: Deleted.EXCLUDED}


def test_exclude_applies_in_removed_dr_region() -> None:
    left = entry(2, f"north-{backup(2).id}", file_system_id=OTHER_FILE_SYSTEM, region=ELSEWHERE)

    plan = one([by_tag(exclude=[OTHER_FILE_SYSTEM])], [left], world({FILE_SYSTEM: TAGGED}, [left]))

    assert removed(plan) == {left.id: Deleted.EXCLUDED}


def test_deleted_file_system_keeps_copy_in_removed_region() -> None:
    left = entry(2, f"north-{backup(2).id}", file_system_id=OTHER_FILE_SYSTEM, region=ELSEWHERE)

    plan = one([by_tag()], [left], world({FILE_SYSTEM: TAGGED}, [left], backups=[]))

    assert (kept(plan), plan.removed) == ([left.id], [])


def test_two_dr_regions_decide_equally() -> None:
    north = entry(2, f"north-{backup(2).id}", region=ELSEWHERE, file_system_id=OTHER_FILE_SYSTEM, number_of_copy=8)
    copies = [OURS, OTHERS, north]
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {}}, copies)

    first, second = decide([by_tag(), by_tag(region=ELSEWHERE, name="north")], copies, present).values()
    assert (set(kept(first)), set(kept(second))) == ({OURS.id, OTHERS.id}, {north.id})

    regions = [by_tag(exclude=[OTHER_FILE_SYSTEM]), by_tag(region=ELSEWHERE, name="north", exclude=[OTHER_FILE_SYSTEM])]
    first, second = decide(regions, copies, present).values()
    assert removed(first) | removed(second) == {OTHERS.id: Deleted.EXCLUDED, north.id: Deleted.EXCLUDED}


# --- any sequence ---

file_systems = st.sampled_from([FILE_SYSTEM, OTHER_FILE_SYSTEM, THIRD])
tag_sets = st.sampled_from([TAGGED, {"dr": "no"}, {}, None])
region_answers = st.lists(st.tuples(st.dictionaries(file_systems, tag_sets), st.booleans()), min_size=1, max_size=6)


@given(region_answers)
def test_any_answers_delete_no_copy(
    answers: list[tuple[dict[str, dict[str, str] | None], bool]],
) -> None:
    copies = [entry(n, file_system_id=name) for n, name in enumerate([FILE_SYSTEM, OTHER_FILE_SYSTEM, THIRD], 1)]
    for tags, is_unreachable in answers:
        present = world(tags, copies, backups=[], unreachable=frozenset({HOME} if is_unreachable else ()))

        plan = one([by_tag()], copies, present)

        assert set(kept(plan)) == {copy.id for copy in copies}

"""File systems that their tags make sources: which are copied, and what becomes of those that lose their tags."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.rules.specs import DrRegionSpec

from tests.backups import FILE_SYSTEM, OTHER_FILE_SYSTEM
from tests.test_declaration import (
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
EXCLUDED = f"{OTHER_FILE_SYSTEM} is listed in exclude"


def by_tag(*more: Mapping[str, Any], region: str = AWAY, name: str = "dr", **source: Any) -> DrRegionSpec:
    return dr(name, region=region, sources=[{**BY_TAG, **source}, *more])


def world(tags: Mapping[str, Mapping[str, str] | None], copies: Sequence[StateCopy] = (), **changes: Any) -> World:
    """Return a world with file systems of these tags, and a backup of each; None: FSx does not tell the tags."""
    backups = [backup(n, file_system_id=name) for n, name in enumerate(sorted(tags), 1)]
    return World(**({"backups": backups, "copies": shown(copies), "tags": {HOME: tags}} | changes))


# --- what is selected -------------------------------------------------------------------------------------------------


def test_every_file_system_with_the_tags_is_a_source_and_no_other() -> None:
    tags = {FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {"dr": "no"}, THIRD: {"dr": "yes", "team": "b"}}
    present = world(tags)

    declared = one([by_tag()], [], present)

    assert set(made(declared)) == {b.id for b in present.backups if b.file_system_id in (FILE_SYSTEM, THIRD)}
    assert declared.sources == [{"file_system_id": name, "region": HOME} for name in (THIRD, FILE_SYSTEM)]


def test_of_several_tags_a_file_system_needs_each() -> None:
    tags = {FILE_SYSTEM: {"dr": "yes"}, OTHER_FILE_SYSTEM: {"dr": "yes", "tier": "1"}}

    declared = one([by_tag(tags={"dr": "yes", "tier": "1"})], [], world(tags))

    assert [source["file_system_id"] for source in declared.sources] == [OTHER_FILE_SYSTEM]


def test_a_file_system_that_is_named_is_not_selected_a_second_time() -> None:
    named = {"file_system_id": FILE_SYSTEM, "region": HOME, "keep": 1}

    declared = one([by_tag(named, {**BY_TAG, "keep": 3})], [], world({FILE_SYSTEM: TAGGED}))

    assert (len(made(declared)), declared.sources) == (1, [named])


def test_a_file_system_that_is_left_out_by_name_is_not_selected() -> None:
    tags = {FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: TAGGED}

    declared = one([by_tag(exclude=[FILE_SYSTEM])], [], world(tags))

    assert [source["file_system_id"] for source in declared.sources] == [OTHER_FILE_SYSTEM]


def test_selected_file_systems_have_what_their_source_says_of_retention_key_and_tags() -> None:
    source: dict[str, Any] = {"keep": 1, "kms_key_id": "alias/gold", "add_tags": {"tier": "gold"}}
    present = world({FILE_SYSTEM: TAGGED}, backups=[backup(1), backup(2)])

    (copy,) = one([by_tag(**source)], [], present).copies

    assert copy.args["kms_key_id"] == "alias/gold"
    assert copy.args["add_tags"] == {"tier": "gold"}


def test_tags_that_select_nothing_are_said_to_protect_nothing() -> None:
    declared = one([by_tag()], [], world({FILE_SYSTEM: {"dr": "no"}}))

    assert declared.warnings == [f"No file system in {HOME} has the tags dr=yes, so nothing of it is copied to {AWAY}."]
    assert declared.sources == [BY_TAG]


# --- what a copy of the state needs to go -----------------------------------------------------------------------------

OURS, OTHERS = entry(1), entry(2, file_system_id=OTHER_FILE_SYSTEM)
BOTH = [OURS, OTHERS]


@pytest.mark.parametrize("tags", [{}, {"dr": "no"}], ids=["without tags", "with another value"])
def test_a_file_system_that_lost_its_tags_keeps_its_copies_and_gets_no_new_ones(tags: dict[str, str]) -> None:
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: tags}, BOTH)
    present = replace(present, backups=[*present.backups, backup(0, file_system_id=OTHER_FILE_SYSTEM)])

    declared = one([by_tag(keep=1)], BOTH, present)

    assert (set(kept(declared)), made(declared), declared.removed) == ({OURS.id, OTHERS.id}, [], [])
    (warning,) = declared.warnings
    assert OTHER_FILE_SYSTEM in warning
    assert "exclude" in warning
    assert OTHER_FILE_SYSTEM in declared.obstacles
    assert {source["file_system_id"] for source in declared.sources} == {FILE_SYSTEM, OTHER_FILE_SYSTEM}


def test_its_copies_keep_their_key_whatever_the_key_of_the_source_is() -> None:
    own = [entry(2, file_system_id=OTHER_FILE_SYSTEM, kms_key_id="alias/before")]

    declared = one([by_tag(kms_key_id="alias/now")], own, world({OTHER_FILE_SYSTEM: {}}, own))

    assert [(copy.args["kms_key_id"], copy.state) for copy in declared.copies] == [("alias/before", own[0])]


def test_to_tag_one_file_system_and_untag_all_others_deletes_nothing() -> None:
    others = [f"fs-{n:017x}" for n in range(10, 16)]
    copies = [entry(n, file_system_id=name) for n, name in enumerate(others, 10)]
    present = world({FILE_SYSTEM: TAGGED, **{name: {"dr": "no"} for name in others}}, copies)

    declared = one([by_tag()], copies, present)

    assert (set(kept(declared)), declared.removed) == ({copy.id for copy in copies}, [])
    assert {other for other in others for warning in declared.warnings if other in warning} == set(others)


@pytest.mark.parametrize("tags", [{}, {"dr": "no"}, TAGGED, None])
def test_the_copies_of_a_file_system_that_is_excluded_are_deleted(tags: dict[str, str] | None) -> None:
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: tags}, BOTH)

    declared = one([by_tag(exclude=[OTHER_FILE_SYSTEM])], BOTH, present)

    assert (kept(declared), removed(declared), declared.warnings) == ([OURS.id], {OTHERS.id: EXCLUDED}, [])


def test_exclude_holds_for_its_own_source_alone() -> None:
    silver = {"tags": {"tier": "silver"}, "region": HOME}
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {"dr": "no"}}, BOTH)

    declared = one([by_tag(silver, exclude=[OTHER_FILE_SYSTEM])], BOTH, present)

    assert set(kept(declared)) == {OURS.id, OTHERS.id}, "silver may have selected it"


def test_a_file_system_that_is_excluded_and_named_is_copied() -> None:
    named = {"file_system_id": OTHER_FILE_SYSTEM, "region": HOME}
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {}}, BOTH)

    declared = one([by_tag(named, exclude=[OTHER_FILE_SYSTEM])], BOTH, present)

    assert (set(kept(declared)), declared.removed) == ({OURS.id, OTHERS.id}, [])


def test_a_source_of_another_dr_region_does_not_delete_what_lost_its_tags_in_this_one() -> None:
    north = dr("north", OTHER_FILE_SYSTEM, region=ELSEWHERE)
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {}}, BOTH)

    first, _ = decide([by_tag(), north], BOTH, present).values()

    assert (set(kept(first)), first.removed) == ({OURS.id, OTHERS.id}, [])


def test_tags_that_no_file_system_has_any_more_delete_nothing_and_warn() -> None:
    present = world({FILE_SYSTEM: {}, OTHER_FILE_SYSTEM: {"dr": "no"}}, BOTH)

    declared = one([by_tag()], BOTH, present)

    assert (set(kept(declared)), declared.removed) == ({OURS.id, OTHERS.id}, [])
    assert declared.warnings[0].startswith(f"No file system in {HOME} has the tags dr=yes")


def test_each_source_whose_tags_select_nothing_is_a_source_that_is_not_ready() -> None:
    others = {"tags": {"tier": "2"}, "region": HOME}

    declared = one([by_tag(others)], [], world({FILE_SYSTEM: TAGGED}))

    assert others in declared.sources


def test_the_copies_of_a_source_by_tag_that_was_removed_are_deleted() -> None:
    declared = one([dr(sources=[])], BOTH, world({FILE_SYSTEM: {}, OTHER_FILE_SYSTEM: {}}, BOTH))

    assert set(removed(declared).values()) == {"its source was removed from the program"}


def test_a_file_system_that_moves_to_other_selecting_tags_keeps_its_copies() -> None:
    silver = {"tags": {"tier": "silver"}, "region": HOME}
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {"tier": "silver"}}, BOTH)

    declared = one([by_tag(silver)], BOTH, present)

    assert (set(kept(declared)), declared.removed) == ({OURS.id, OTHERS.id}, [])


def test_while_the_region_is_dark_nothing_goes_and_nothing_is_made() -> None:
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {}}, BOTH, dark=frozenset({HOME}))

    declared = one([by_tag(keep=1)], BOTH, present)

    assert (set(kept(declared)), declared.removed, made(declared)) == ({OURS.id, OTHERS.id}, [], [])


def test_while_the_region_is_dark_a_copy_of_which_nobody_knows_the_file_system_stays() -> None:
    unknown = entry(1, file_system_id=None)

    declared = one([by_tag()], [unknown], world({}, dark=frozenset({HOME})))

    assert (kept(declared), declared.removed) == ([unknown.id], [])


@pytest.mark.parametrize("tags", [{FILE_SYSTEM: TAGGED}, {}], ids=["others are there", "an empty answer"])
def test_a_file_system_that_is_no_more_keeps_its_copies_for_they_are_what_is_left_of_it(
    tags: Mapping[str, Mapping[str, str]],
) -> None:
    """An empty answer may be one for other credentials: what is not known is never empty."""
    declared = one([by_tag()], BOTH, world(tags, BOTH, backups=[]))

    assert (set(kept(declared)), declared.removed) == ({OURS.id, OTHERS.id}, [])
    assert [warning for warning in declared.warnings if OTHER_FILE_SYSTEM in warning and "exclude" in warning]


def test_a_file_system_whose_tags_fsx_does_not_tell_keeps_its_copies() -> None:
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: None}, BOTH)

    assert set(kept(one([by_tag()], BOTH, present))) == {OURS.id, OTHERS.id}


def test_copies_of_a_file_system_that_does_not_exist_any_more_are_deleted_when_it_is_excluded() -> None:
    declared = one([by_tag(exclude=[OTHER_FILE_SYSTEM])], BOTH, world({FILE_SYSTEM: TAGGED}, BOTH))

    assert removed(declared) == {OTHERS.id: EXCLUDED}


def test_exclude_holds_for_copies_in_a_dr_region_that_was_removed() -> None:
    left = entry(2, f"north-{backup(2).id}", file_system_id=OTHER_FILE_SYSTEM, region=ELSEWHERE)

    declared = one([by_tag(exclude=[OTHER_FILE_SYSTEM])], [left], world({FILE_SYSTEM: TAGGED}, [left]))

    assert removed(declared) == {left.id: EXCLUDED}


def test_a_file_system_that_is_no_more_keeps_a_copy_in_a_dr_region_that_was_taken_out() -> None:
    left = entry(2, f"north-{backup(2).id}", file_system_id=OTHER_FILE_SYSTEM, region=ELSEWHERE)

    declared = one([by_tag()], [left], world({FILE_SYSTEM: TAGGED}, [left], backups=[]))

    assert (kept(declared), declared.removed) == ([left.id], [])


def test_two_dr_regions_select_the_same_and_decide_alike() -> None:
    north = entry(2, f"north-{backup(2).id}", region=ELSEWHERE, file_system_id=OTHER_FILE_SYSTEM, number_of_copy=8)
    copies = [OURS, OTHERS, north]
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {}}, copies)

    first, second = decide([by_tag(), by_tag(region=ELSEWHERE, name="north")], copies, present).values()
    assert (set(kept(first)), set(kept(second))) == ({OURS.id, OTHERS.id}, {north.id})

    regions = [by_tag(exclude=[OTHER_FILE_SYSTEM]), by_tag(region=ELSEWHERE, name="north", exclude=[OTHER_FILE_SYSTEM])]
    first, second = decide(regions, copies, present).values()
    assert removed(first) | removed(second) == {OTHERS.id: EXCLUDED, north.id: EXCLUDED}


# --- any sequence -----------------------------------------------------------------------------------------------------

file_systems = st.sampled_from([FILE_SYSTEM, OTHER_FILE_SYSTEM, THIRD])
tag_sets = st.sampled_from([TAGGED, {"dr": "no"}, {}, None])
looks = st.lists(st.tuples(st.dictionaries(file_systems, tag_sets), st.booleans()), min_size=1, max_size=6)


@given(looks)
def test_whatever_a_region_answers_run_after_run_no_copy_is_deleted(
    answers: list[tuple[dict[str, dict[str, str] | None], bool]],
) -> None:
    copies = [entry(n, file_system_id=name) for n, name in enumerate([FILE_SYSTEM, OTHER_FILE_SYSTEM, THIRD], 1)]
    for tags, is_dark in answers:
        present = world(tags, copies, backups=[], dark=frozenset({HOME} if is_dark else ()))

        declared = one([by_tag()], copies, present)

        assert set(kept(declared)) == {copy.id for copy in copies}

"""File systems that their tags make sources: which are copied, and what becomes of those that lose their tags (R16)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.copies.held import HeldCopy
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.rules.declaration import DrRegionSpec

from tests.backups import FILE_SYSTEM, OTHER_FILE_SYSTEM
from tests.test_declaration import AWAY, ELSEWHERE, HOME, World, backup, decide, dr, going, held, kept, made, one, shown

TAGGED = {"dr": "yes", "Name": "ledger"}
BY_TAG = {"tags": {"dr": "yes"}, "region": HOME}
THIRD = "fs-00000000000000003"
UNTAGGED = f"{OTHER_FILE_SYSTEM} no longer has the tags that select it"


def by_tag(*more: Mapping[str, Any], region: str = AWAY, name: str = "dr", **source: Any) -> DrRegionSpec:
    return dr(name, region=region, sources=[{**BY_TAG, **source}, *more])


def world(tags: Mapping[str, Mapping[str, str] | None], copies: Sequence[HeldCopy] = (), **changes: Any) -> World:
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

    declared = one([by_tag(without=[FILE_SYSTEM])], [], world(tags))

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

OURS, OTHERS = held(1), held(2, file_system_id=OTHER_FILE_SYSTEM)
BOTH = [OURS, OTHERS]


def test_a_file_system_that_lost_its_tags_is_a_source_taken_out_while_others_keep_theirs() -> None:
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {"dr": "no"}}, BOTH)

    declared = one([by_tag()], BOTH, present)

    assert (kept(declared), going(declared)) == ([OURS.id], {OTHERS.id: UNTAGGED})


def test_tags_that_all_file_systems_have_lost_are_taken_for_a_mistake_and_end_the_run() -> None:
    present = world({FILE_SYSTEM: {}, OTHER_FILE_SYSTEM: {"dr": "no"}}, BOTH)

    with pytest.raises(
        InvalidSettingsError,
        match=f"No file system in {HOME} has the tags dr=yes any more, but the state holds copies of "
        f"{FILE_SYSTEM}, {OTHER_FILE_SYSTEM}, which are there: put the tags back, or take this source of dr out",
    ):
        decide([by_tag()], BOTH, present)


def test_the_mistake_is_seen_although_another_source_still_selects() -> None:
    others = {"tags": {"tier": "2"}, "region": HOME}
    present = world({FILE_SYSTEM: {}, OTHER_FILE_SYSTEM: {"tier": "2"}}, BOTH)

    with pytest.raises(InvalidSettingsError, match="has the tags dr=yes any more"):
        decide([by_tag(others)], BOTH, present)


def test_the_source_by_tag_taken_out_lets_its_copies_go() -> None:
    declared = one([dr(sources=[])], BOTH, world({FILE_SYSTEM: {}, OTHER_FILE_SYSTEM: {}}, BOTH))

    assert set(going(declared).values()) == {"its source was taken out of the program"}


def test_a_file_system_that_moves_to_other_selecting_tags_keeps_its_copies() -> None:
    silver = {"tags": {"tier": "silver"}, "region": HOME}
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {"tier": "silver"}}, BOTH)

    declared = one([by_tag(silver)], BOTH, present)

    assert (set(kept(declared)), declared.going) == ({OURS.id, OTHERS.id}, [])


def test_while_the_region_is_dark_nothing_goes_and_nothing_is_made() -> None:
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {}}, BOTH, dark=frozenset({HOME}))

    declared = one([by_tag(keep=1)], BOTH, present)

    assert (set(kept(declared)), declared.going, made(declared)) == ({OURS.id, OTHERS.id}, [], [])


def test_while_the_region_is_dark_a_copy_of_which_nobody_knows_the_file_system_stays() -> None:
    unknown = held(1, file_system_id=None)

    declared = one([by_tag()], [unknown], world({}, dark=frozenset({HOME})))

    assert (kept(declared), declared.going) == ([unknown.id], [])


@pytest.mark.parametrize("tags", [{FILE_SYSTEM: TAGGED}, {}], ids=["others are there", "an empty answer"])
def test_a_file_system_that_is_no_more_keeps_its_copies_for_they_are_what_is_left_of_it(
    tags: Mapping[str, Mapping[str, str]],
) -> None:
    """An empty answer may be of other credentials too; R16: unknown is never empty."""
    declared = one([by_tag()], BOTH, world(tags, BOTH, backups=[]))

    assert (set(kept(declared)), declared.going) == ({OURS.id, OTHERS.id}, [])
    assert f"FSx of {HOME} does not tell the tags of {OTHER_FILE_SYSTEM}, which is gone or has none" in " ".join(
        declared.warnings
    )


def test_a_file_system_whose_tags_fsx_does_not_tell_keeps_its_copies() -> None:
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: None}, BOTH)

    assert set(kept(one([by_tag()], BOTH, present))) == {OURS.id, OTHERS.id}


def test_copies_of_a_file_system_that_is_no_more_go_when_it_is_left_out_by_name() -> None:
    declared = one([by_tag(without=[OTHER_FILE_SYSTEM])], BOTH, world({FILE_SYSTEM: TAGGED}, BOTH))

    assert going(declared) == {OTHERS.id: "its source was taken out of the program"}


def test_a_file_system_that_is_no_more_keeps_a_copy_in_a_dr_region_that_was_taken_out() -> None:
    left = held(2, f"north-{backup(2).id}", file_system_id=OTHER_FILE_SYSTEM, region=ELSEWHERE)

    declared = one([by_tag()], [left], world({FILE_SYSTEM: TAGGED}, [left], backups=[]))

    assert (kept(declared), declared.going) == ([left.id], [])


def test_another_region_that_is_dark_holds_up_no_source_of_this_one() -> None:
    abroad = {"tags": {"dr": "yes"}, "region": "us-east-1"}
    tags = {HOME: {FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {}}}
    present = replace(world({}, BOTH), tags=tags, dark=frozenset({"us-east-1"}))

    assert going(one([by_tag(abroad)], BOTH, present)) == {OTHERS.id: UNTAGGED}


def test_two_dr_regions_select_the_same_and_decide_alike() -> None:
    north = held(2, f"north-{backup(2).id}", region=ELSEWHERE, file_system_id=OTHER_FILE_SYSTEM, number_of_copy=8)
    copies = [OURS, OTHERS, north]
    present = world({FILE_SYSTEM: TAGGED, OTHER_FILE_SYSTEM: {}}, copies)

    first, second = decide([by_tag(), by_tag(region=ELSEWHERE, name="north")], copies, present).values()

    assert going(first) | going(second) == {OTHERS.id: UNTAGGED, north.id: UNTAGGED}
    assert kept(first) == [OURS.id]


# --- any sequence -----------------------------------------------------------------------------------------------------

file_systems = st.sampled_from([FILE_SYSTEM, OTHER_FILE_SYSTEM, THIRD])
tag_sets = st.sampled_from([TAGGED, {"dr": "no"}, {}, None])
looks = st.lists(st.tuples(st.dictionaries(file_systems, tag_sets), st.booleans()), min_size=1, max_size=6)


@given(looks)
def test_whatever_a_region_answers_run_after_run_a_copy_goes_only_for_tags_that_it_shows_to_be_lost(
    answers: list[tuple[dict[str, dict[str, str] | None], bool]],
) -> None:
    holds = [held(n, file_system_id=name) for n, name in enumerate([FILE_SYSTEM, OTHER_FILE_SYSTEM, THIRD], 1)]
    for tags, is_dark in answers:
        present = world(tags, holds, backups=[], dark=frozenset({HOME} if is_dark else ()))
        try:
            declared = one([by_tag()], holds, present)
        except InvalidSettingsError:
            assert not is_dark
            assert TAGGED not in tags.values()
            continue
        gone = {copy.copy.id for copy in declared.going}
        lost = {c.id for c in holds if (t := tags.get(c.output("file_system_id"))) is not None and t != TAGGED}
        assert gone <= (set() if is_dark or TAGGED not in tags.values() else lost)
        assert gone | set(kept(declared)) == {copy.id for copy in holds}
        holds = [copy for copy in holds if copy.id not in gone]

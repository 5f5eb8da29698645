"""Plans of DrRegions: a copy in the state is kept, or deleted for a reason."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.copies.copy import DR_REGION_TYPE
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.rules.plan_outputs import OutputSource, add_unclaimed, plan_outputs
from pulumi_fsx_dr.rules.reasons import Deleted, Kept
from pulumi_fsx_dr.rules.region_plan import RegionPlan
from pulumi_fsx_dr.rules.specs import DrRegionSpec

from tests.backups import FILE_SYSTEM, OTHER_FILE_SYSTEM, OTHER_OWNER_ID, copy, owned
from tests.planning import (
    AWAY,
    CROWDED,
    ELSEWHERE,
    HOME,
    KEY,
    OTHER_KEY,
    World,
    backup,
    decide,
    dr,
    entry,
    kept,
    leftovers,
    made,
    names,
    one,
    removed,
    shown,
    source,
    urn,
)
from tests.time_growth import TIMES, growth

VOLUMES = ("fsvol-0123456789abcdef0", "fsvol-0fedcba9876543210")
UNREACHABLE = frozenset({HOME})
BACKUP_SOURCE = {"backup_id": source(1), "region": HOME}


# --- new copies ---


def test_plan_declares_newest_backups() -> None:
    plan = one([dr()], [], World([backup(3), backup(1), backup(2)]))

    assert names(plan) == [f"dr-{source(1)}", f"dr-{source(2)}"]
    assert [copy.args for copy in plan.copies] == [
        {"source_backup_id": source(n), "source_region": HOME} for n in (1, 2)
    ]
    assert (plan.removed, plan.warnings) == ([], [])


def test_plan_uses_keep_of_source() -> None:
    sources = [{"file_system_id": FILE_SYSTEM, "region": HOME, "keep": 1}]

    assert made(one([dr(sources=sources)], [], World([backup(1), backup(2)]))) == [source(1)]


@pytest.mark.parametrize("is_in_state", [True, False])
def test_plan_declares_backup_source_without_lookup(*, is_in_state: bool) -> None:
    copies = [entry(1)] if is_in_state else []

    plan = one([dr(sources=[BACKUP_SOURCE])], copies, World(copies=shown(copies), unreachable=UNREACHABLE))

    assert [copy.args for copy in plan.copies] == [{"source_backup_id": source(1), "source_region": HOME}]
    assert (kept(plan), plan.removed) == ([copy.id for copy in copies], [])


@pytest.mark.parametrize(
    "unfit",
    [backup(1, lifecycle="CREATING"), backup(1, type="AWS_BACKUP"), backup(1, source_backup_id=source(9))],
    ids=["unfinished", "made by AWS Backup", "a copy"],
)
def test_plan_skips_unfit_backups(unfit: Backup) -> None:
    assert made(one([dr()], [], World([unfit, backup(2)]))) == [source(2)]


def test_plan_reports_backup_that_fsx_cannot_copy() -> None:
    tiered = backup(1, file_system={"StorageType": "INTELLIGENT_TIERING"})

    plan = one([dr()], [], World([tiered, backup(2)]))

    assert made(plan) == [source(2)]
    assert [source(1) in warning for warning in plan.warnings] == [True]


def test_plan_refuses_missing_file_system() -> None:
    with pytest.raises(InvalidSettingsError, match=FILE_SYSTEM):
        decide([dr()], [], World(file_systems=frozenset()))


def test_plan_refuses_source_region_with_only_copies() -> None:
    """Copies of copies are not made."""
    region = dr(region=ELSEWHERE, sources=[{"file_system_id": FILE_SYSTEM, "region": AWAY}])
    copies = [copy(region=AWAY, source_region=HOME)]

    with pytest.raises(InvalidSettingsError, match=f"{FILE_SYSTEM} .*{AWAY}.* {HOME}"):
        decide([region], [], World(copies, copies, file_systems=frozenset()))


def test_plan_keeps_copies_of_deleted_file_system() -> None:
    copies = [entry(1)]

    assert kept(one([dr()], copies, World(copies=shown(copies), file_systems=frozenset()))) == [copies[0].id]


@pytest.mark.parametrize(("changes", "is_copied"), [({}, False), ({"copy_tags": False}, True)])
def test_plan_skips_backup_with_too_many_tags(changes: Mapping[str, Any], *, is_copied: bool) -> None:
    others = [backup(n, file_system_id=OTHER_FILE_SYSTEM) for n in (4, 5)]
    world = World([backup(1, tags=CROWDED), backup(2), backup(3), *others])

    plan = one([dr("dr", FILE_SYSTEM, OTHER_FILE_SYSTEM, **changes)], [], world)

    assert made(plan) == [source(n) for n in ((1, 2, 4, 5) if is_copied else (2, 3, 4, 5))]
    assert [source(1) in warning for warning in plan.warnings] == ([] if is_copied else [True])


@pytest.mark.parametrize(("own", "is_copied"), [(1, True), (20, False)])
def test_plan_counts_own_tags_and_tags_of_backup(own: int, *, is_copied: bool) -> None:
    tagged = backup(1, tags={f"tag-{n}": "x" for n in range(30)})

    plan = one([dr(keep=1, tags={f"own-{n}": "x" for n in range(own)})], [], World([tagged, backup(2)]))

    assert made(plan) == [source(1 if is_copied else 2)]


def test_plan_explains_file_system_without_copies() -> None:
    plan = one([dr()], [], World([backup(1, tags=CROWDED)]))

    assert (made(plan), [*plan.obstacles]) == ([], [FILE_SYSTEM])
    assert [plan.obstacles[FILE_SYSTEM] in warning for warning in plan.warnings] == [True]


# --- reasons to delete a copy ---


@pytest.mark.parametrize("newest", [backup(1), backup(1, tags=CROWDED)], ids=["copied", "not copied"])
def test_expired_copy_is_deleted_only_after_newer_copy(newest: Backup) -> None:
    copies = [entry(2), entry(3)]

    plan = one([dr()], copies, World([newest, backup(2), backup(3)], shown(copies)))

    is_copied = not newest.tags
    assert made(plan) == ([source(1)] if is_copied else [])
    assert removed(plan) == ({copies[1].id: Deleted.EXPIRED} if is_copied else {})
    assert all(FILE_SYSTEM in str(removal) and copies[1].id in str(removal) for removal in plan.removed)


def test_plan_explains_which_rules_keep_copy() -> None:
    """The backups are this many hours older than Friday 15 January 2027, 8:00 UTC."""
    copies = [entry(10), entry(20), entry(9 + 4 * 24)]  # Thursday at 22:00 and at noon, and Sunday

    plan = one([dr(keep={"daily": 2, "weekly": 2})], copies, World([backup(1), backup(20)], shown(copies)))

    assert (made(plan), kept(plan)) == ([source(1)], [copies[0].id, copies[2].id])
    assert [(copy.decision and str(copy.decision)) for copy in plan.copies] == [
        "daily 1 of 2, weekly 1 of 2",
        "daily 2 of 2",
        "weekly 2 of 2",
    ]
    assert [source(n) in line for n, line in zip((1, 10, 105), plan.preview_notes, strict=True)] == [True] * 3
    assert removed(plan) == {copies[1].id: Deleted.EXPIRED}


@pytest.mark.parametrize("lifecycle", ["FAILED", "DELETED", None])
def test_copy_does_not_expire_after_failed_copy(lifecycle: str | None) -> None:
    newer, older = entry(1), entry(2)
    dead = shown([newer], lifecycle) if lifecycle else []

    plan = one([dr(keep=1)], [newer, older], World(copies=[*dead, *shown([older])]))

    assert (kept(plan), plan.removed) == ([newer.id, older.id], [])


def test_copy_of_removed_source_is_deleted() -> None:
    copies = [entry(1), entry(2, file_system_id=OTHER_FILE_SYSTEM)]

    plan = one([dr()], copies, World([backup(1)], shown(copies)))

    assert (kept(plan), removed(plan)) == ([copies[0].id], {copies[1].id: Deleted.SOURCE_REMOVED})


def test_copy_in_removed_region_is_deleted_if_another_has_one() -> None:
    left, stays = entry(1, f"north-{source(1)}", region=ELSEWHERE, number_of_copy=7), entry(1)

    plan = one([dr()], [left, stays], World([backup(1)], shown([left, stays])))

    assert removed(plan) == {left.id: Deleted.DR_REGION_REMOVED}
    assert AWAY in str(plan.removed[0])


def test_copy_of_unknown_file_system_is_kept_in_removed_region() -> None:
    left, stays = entry(1, region=ELSEWHERE, file_system_id=None), entry(2, file_system_id=None)
    world = World(copies=[replace(copy, file_system_id=None) for copy in shown([left, stays])])

    plan = one([dr()], [left, stays], world)

    assert ({*kept(plan)}, plan.removed) == ({left.id, stays.id}, [])


def test_missing_copy_in_removed_region_is_deleted() -> None:
    lost = entry(1, region=ELSEWHERE)

    plan = one([dr()], [lost], World(unreachable=UNREACHABLE, gone=frozenset({lost.id})))

    assert removed(plan) == {lost.id: Deleted.GONE}


@pytest.mark.parametrize("order", [1, -1])
def test_duplicate_is_deleted_if_other_copy_is_available(order: int) -> None:
    running, done = entry(1), entry(1, f"former-{source(1)}", number_of_copy=8)

    plan = one([dr()], [running, done][::order], World([backup(1)], [*shown([running], "COPYING"), *shown([done])]))

    assert (kept(plan), removed(plan)) == ([done.id], {running.id: Deleted.DUPLICATE})


def test_duplicates_stay_until_one_is_available() -> None:
    twins = [entry(1), entry(1, f"former-{source(1)}", number_of_copy=8)]

    plan = one([dr()], twins, World([backup(1)], shown(twins, "COPYING")))

    assert sorted(kept(plan)) == sorted(copy.id for copy in twins)
    assert (len(set(names(plan))), plan.removed) == (2, [])


def test_missing_copy_is_reported_and_stays_until_refresh() -> None:
    lost, other = entry(1), entry(2)

    plan = one([dr(keep=1)], [lost, other], World([backup(1)], shown([other]), gone=frozenset({lost.id})))

    assert (kept(plan), plan.gone) == ([lost.id, other.id], {lost.id})
    assert [lost.id in warning for warning in plan.warnings] == [True]


def test_missing_copy_that_cannot_be_made_again_is_removed() -> None:
    lost, other = entry(1), entry(2)

    plan = one([dr()], [lost, other], World([backup(2)], shown([other]), gone=frozenset({lost.id})))

    assert (removed(plan), plan.gone) == ({lost.id: Deleted.LOST}, set())


# --- messages of a preview ---


def copies_of_others(number: int, **changes: Any) -> list[Backup]:
    """Return copies of other stacks in the DR Region."""
    return [copy(10_000 + n, source_backup_id=source(10_000 + n), **changes) for n in range(number)]


@pytest.mark.parametrize(
    ("others", "warns"),
    [(497, False), (498, True), (499, False)],
    ids=["room for one more", "full", "raised quota"],
)
def test_preview_warns_about_quota(others: int, *, warns: bool) -> None:
    """The state has 2 copies, and 1 is made before 1 is deleted; FSx allows 500 by default."""
    state = [entry(2), entry(3)]
    world = World([backup(1), backup(2), backup(3)], [*shown(state), *copies_of_others(others)])

    plan = one([dr()], state, world)

    assert ["500" in warning and AWAY in warning for warning in plan.preview_warnings] == ([True] if warns else [])


@pytest.mark.parametrize(
    "others", [copies_of_others(500, file_system_type="LUSTRE"), copies_of_others(500, type="AUTOMATIC")]
)
def test_preview_counts_backups_of_same_quota(others: list[Backup]) -> None:
    assert one([dr()], [], World([backup(1)], others)).preview_warnings == []


@pytest.mark.parametrize(
    ("keep", "hours", "is_named"),
    [
        (7, 1, True),
        ({"last": 7}, 1, True),
        (7, 24, False),
        (2, 24, False),
        ({"last": 2, "daily": 7}, 1, False),
        (30, 1, False),
    ],
)
def test_preview_reports_backups_made_too_often(keep: Any, hours: int, *, is_named: bool) -> None:
    plan = one([dr(keep=keep)], [], World([backup(n * hours) for n in range(1, 41)]))

    named = [line for line in plan.preview_notes if "so frequent" in line]
    assert [FILE_SYSTEM in line for line in named] == ([True] if is_named else [])


# --- names of copies do not matter ---

RENAMED = {
    "unchanged": urn(f"dr-{source(1)}"),
    "renamed DrRegion": urn(f"before-{source(1)}"),
    "another parent": urn(f"dr-{source(1)}", types=f"my:index:App${DR_REGION_TYPE}"),
    "renamed stack": urn(f"dr-{source(1)}", stack="before"),
    "name with colons": urn(f"before::now-{source(1)}"),
    "renamed copy": urn("whatever"),
    "name of an output": urn("dr-source-0"),
}


@pytest.mark.parametrize("former", RENAMED.values(), ids=RENAMED)
@pytest.mark.parametrize(
    "world",
    [World([backup(1)]), World(), World(unreachable=UNREACHABLE)],
    ids=["source exists", "source expired", "source unreachable"],
)
@pytest.mark.parametrize("has_outputs", [True, False])
def test_renamed_copy_is_kept(former: str, world: World, *, has_outputs: bool) -> None:
    before = entry(1, urn=former)

    plan = one([dr(has_outputs=has_outputs)], [before], replace(world, copies=shown([before])))

    (only,) = plan.copies
    assert (only.name, only.state) == (f"dr-{source(1)}", before)
    assert (plan.removed, plan.warnings) == ([], [])


def test_name_with_colons_keeps_copies() -> None:
    before = entry(1, f"a::b-{source(1)}")

    (only,) = one([dr("a::b")], [before], World([backup(1)], shown([before]))).copies

    assert (only.name, only.state) == (before.name, before)


@pytest.mark.parametrize("name", ["second", "before"], ids=["unchanged", "renamed"])
def test_two_dr_regions_in_one_region_keep_own_copies(name: str) -> None:
    ours, theirs = entry(1), entry(1, f"{name}-{source(1)}", number_of_copy=8)

    first, second = decide([dr(), dr("second")], [theirs, ours], World([backup(1)], shown([ours, theirs]))).values()

    assert (kept(first), kept(second)) == ([ours.id], [theirs.id])
    assert (first.removed, second.removed) == ([], [])


def test_two_dr_regions_under_new_parent_keep_own_copies() -> None:
    """Each DrRegion keeps its name, but not its URN."""
    moved = f"my:index:App${DR_REGION_TYPE}"
    ours, theirs = (
        entry(1, urn=urn(f"{name}-{source(1)}", types=moved), number_of_copy=n) for n, name in enumerate(("dr", "west"))
    )

    first, second = decide([dr(), dr("west")], [theirs, ours], World([backup(1)], shown([ours, theirs]))).values()

    assert (kept(first), kept(second)) == ([ours.id], [theirs.id])
    assert (made(first), made(second), first.removed, second.removed) == ([], [], [], [])


def test_copy_does_not_get_name_of_other_dr_region() -> None:
    """Otherwise the next run would assign the copy to that DrRegion, which would delete another one."""
    freed = entry(1, region=ELSEWHERE)  # has the name that the copy should get
    former = entry(1, urn=urn(f"west-{source(1)}", types=f"my:index:App${DR_REGION_TYPE}"), number_of_copy=8)
    regions, own = [dr(), dr("west")], entry(2, f"west-{source(2)}", number_of_copy=9)

    first, _ = decide(regions, [freed, former, own], World([backup(1)], shown([freed, former, own]))).values()

    (name,) = [copy.name for copy in first.copies if copy.state == former]
    assert name == f"dr-{source(1)}-{AWAY}-{former.id}"


# --- tags of copies do not matter ---


@pytest.mark.parametrize("tags", [{}, owned(owner_id=OTHER_OWNER_ID), {"fsx-dr:managed-by": "whatever"}])
def test_copy_in_state_counts_regardless_of_tag(tags: dict[str, str]) -> None:
    newer, older = entry(1), entry(2)
    seen = [replace(shown([newer])[0], tags=tags), *shown([older])]

    plan = one([dr(keep=1)], [newer, older], World([backup(1), backup(2)], seen))

    assert (kept(plan), list(removed(plan)), plan.warnings) == ([newer.id], [older.id], [])


@pytest.mark.parametrize(
    "tags", [{}, owned(), owned(owner_id=OTHER_OWNER_ID)], ids=["no tag", "own tag", "tag of other owner"]
)
@pytest.mark.parametrize("is_copy", [True, False], ids=["a copy of another file system", "a manual backup"])
def test_other_backup_in_dr_region_changes_nothing(tags: dict[str, str], *, is_copy: bool) -> None:
    state = [entry(2)]
    other = copy(9, tags=tags, source_backup_id=source(9) if is_copy else None)
    other = replace(other, file_system_id=OTHER_FILE_SYSTEM if is_copy else FILE_SYSTEM)
    world = World([backup(1), backup(2)], shown(state))

    plan = one([dr(adopts=True)], state, replace(world, copies=[*world.copies, other]))

    expected = one([dr(adopts=True)], state, world)
    assert (plan.copies, plan.removed) == (expected.copies, expected.removed)


@pytest.mark.parametrize("is_timed", [True, False])
def test_expired_source_has_time_of_state_or_copy(*, is_timed: bool) -> None:
    """The copy was made an hour ago, long after its source backup."""
    old = entry(50) if is_timed else entry(50, source_creation_time=None)

    plan = one([dr(keep=1)], [old], World([backup(40)], shown([old])))

    assert (kept(plan), made(plan)) == (([], [source(40)]) if is_timed else ([old.id], []))


# --- unknown is not empty ---


@pytest.mark.parametrize("keep", [1, {"daily": 1}])
def test_unreachable_source_changes_nothing(keep: Any) -> None:
    copies = [entry(1), entry(2), entry(3)]

    plan = one([dr(keep=keep)], copies, World(copies=shown(copies), unreachable=UNREACHABLE))

    assert (kept(plan), made(plan), plan.removed) == ([copy.id for copy in copies], [], [])


def test_unreachable_source_keeps_copies_in_former_region() -> None:
    copies = [entry(1, kms_key_id=KEY), entry(2)]

    plan = one([dr(region=ELSEWHERE)], copies, World(copies=shown(copies), unreachable=UNREACHABLE))

    assert [copy.args for copy in plan.copies] == [
        {"source_backup_id": source(1), "region": AWAY, "source_region": HOME, "kms_key_id": KEY},
        {"source_backup_id": source(2), "region": AWAY, "source_region": HOME, "kms_key_id": None},
    ]
    assert [(c.state and c.state.id, c.decision and c.decision.reason) for c in plan.copies] == [
        (copy.id, Kept.ONLY_COPY) for copy in copies
    ]
    assert (plan.removed, [copies[0].id in plan.warnings[0]]) == ([], [True])


def test_unreachable_source_keeps_copies_of_two_dr_regions() -> None:
    out, stays = entry(1, f"north-{source(1)}", region=ELSEWHERE, number_of_copy=7), entry(1)

    plan = one([dr()], [out, stays], World([], shown([out, stays]), UNREACHABLE))

    reasons = {copy.state.id: copy.decision.reason for copy in plan.copies if copy.state and copy.decision}
    assert reasons == {out.id: Kept.SOURCE_UNREACHABLE, stays.id: Kept.RETENTION}
    assert [out.id in warning for warning in plan.warnings] == [True]


@pytest.mark.parametrize("lifecycle", ["CREATING", "AVAILABLE"])
def test_former_region_is_emptied_once_new_one_has_copies(lifecycle: str) -> None:
    copies, is_copyable = [entry(1), entry(2)], lifecycle == "AVAILABLE"
    backups = [backup(n, lifecycle=lifecycle) for n in (1, 2)]

    plan = one([dr(region=ELSEWHERE)], copies, World(backups, shown(copies)))

    assert made(plan) == ([source(1), source(2)] if is_copyable else [])
    assert removed(plan) == ({c.id: Deleted.DR_REGION_REMOVED for c in copies} if is_copyable else {})
    assert kept(plan) == ([] if is_copyable else [c.id for c in copies])


@pytest.mark.parametrize("unreachable", [UNREACHABLE, frozenset()], ids=["unreachable", "without backups"])
def test_former_region_is_emptied_per_file_system(unreachable: frozenset[str]) -> None:
    """Copies of another file system in the new Region are no reason to delete."""
    copies = [entry(1), entry(2, file_system_id=OTHER_FILE_SYSTEM)]
    sources = [
        {"file_system_id": FILE_SYSTEM, "region": HOME},
        {"file_system_id": OTHER_FILE_SYSTEM, "region": "eu-south-1"},
    ]
    others = backup(2, file_system_id=OTHER_FILE_SYSTEM, region="eu-south-1")

    plan = one([dr(region=ELSEWHERE, sources=sources)], copies, World([others], shown(copies), unreachable))

    assert (made(plan), kept(plan), [*removed(plan)]) == ([source(2)], [copies[0].id], [copies[1].id])


def test_copy_in_unreachable_region_is_not_gone() -> None:
    hidden = entry(1, region=ELSEWHERE)

    plan = one([dr()], [hidden], World([], unreachable=frozenset({ELSEWHERE, HOME})))

    assert (kept(plan), plan.removed) == ([hidden.id], [])


def test_unlisted_copy_is_found_by_id() -> None:
    newer, older = entry(1), entry(2)
    world = World([backup(1), backup(2)], shown([older]), unlisted=shown([newer]))

    plan = one([dr(keep=1)], [newer, older], world)

    assert (kept(plan), list(removed(plan))) == ([newer.id], [older.id])


def test_copies_of_unknown_file_system_do_not_expire() -> None:
    """They may belong to two file systems."""
    copies = [entry(1, file_system_id=None), entry(2, file_system_id=None)]

    plan = one([dr(keep=1)], copies, World([backup(3)], shown(copies)))

    assert ({*kept(plan)}, plan.removed) == ({copy.id for copy in copies}, [])


def test_file_system_of_copy_comes_from_source() -> None:
    lost = entry(1, file_system_id=None)

    plan = one([dr()], [lost], World([backup(1)]))

    assert (names(plan), kept(plan)) == ([f"dr-{source(1)}"], [lost.id])


def test_volume_of_copy_comes_from_aws() -> None:
    copies = [entry(1, file_system_id=None), entry(2, file_system_id=None)]
    seen = [replace(copy, file_system_id=FILE_SYSTEM, volume_id=VOLUMES[0]) for copy in shown(copies)]

    plan = one([dr(keep=1)], copies, World(copies=seen))

    assert removed(plan) == {copies[1].id: Deleted.EXPIRED}
    assert VOLUMES[0] in str(plan.removed[0])


def test_each_ontap_volume_keeps_own_number() -> None:
    copies = [entry(number, volume_id=VOLUMES[number % 2]) for number in (1, 2, 3, 4)]
    backups = [backup(number, volume_id=VOLUMES[number % 2]) for number in (1, 2, 3, 4)]

    plan = one([dr(keep=1)], copies, World(backups, shown(copies)))

    assert ({*kept(plan)}, {*removed(plan)}) == ({c.id for c in copies[:2]}, {c.id for c in copies[2:]})


# --- source backups that cannot be copied ---


@pytest.mark.parametrize("backups", [[], [backup(1, tags=CROWDED)]], ids=["expired", "too many tags"])
@pytest.mark.parametrize(
    ("wanted", "is_other"), [(KEY, False), (KEY.rpartition("/")[2], False), (OTHER_KEY, True), (None, False)]
)
def test_irreplaceable_copy_keeps_its_arguments(backups: list[Backup], wanted: str | None, *, is_other: bool) -> None:
    copies = [entry(1, kms_key_id=KEY, kms_key_arn=KEY, source_region="eu-south-1")]

    plan = one([dr(kms_key_id=wanted)], copies, World(backups, shown(copies)))

    (only,) = plan.copies
    expected = {"source_backup_id": source(1), "region": AWAY, "source_region": "eu-south-1", "kms_key_id": KEY}
    assert (only.state, only.args) == (copies[0], expected)
    assert [copies[0].id in warning for warning in plan.warnings if "KMS" in warning] == ([True] if is_other else [])


def test_replaceable_copy_gets_new_key() -> None:
    copies = [entry(1, kms_key_id=KEY, kms_key_arn=KEY)]

    plan = one([dr(kms_key_id=OTHER_KEY)], copies, World([backup(1)], shown(copies)))

    assert [copy.args.get("kms_key_id") for copy in plan.copies] == [None], "the key of the DrRegion"


# --- sources that are outputs ---


def of_output(position: int, number: int) -> StateCopy:
    return entry(number, f"dr-source-{position}")


def with_outputs(
    backup_ids: Sequence[str | None],
    copies: Sequence[StateCopy],
    region: DrRegionSpec | None = None,
    world: World | None = None,
) -> RegionPlan:
    """Return the final plan of the only DrRegion if its outputs have these values."""
    region = replace(region or dr(sources=[]), has_outputs=True)
    first = one([region], copies, world or World(copies=shown(copies)))
    sources = [OutputSource(position, backup_id, HOME) for position, backup_id in enumerate(backup_ids)]
    plan, unclaimed = plan_outputs(region, sources, first.undecided, first)
    add_unclaimed(plan, region, unclaimed)
    plan.copies[:0], plan.removed[:0] = first.copies, first.removed
    return plan


def test_outputs_are_named_by_position() -> None:
    assert names(with_outputs([source(1), None], [])) == ["dr-source-0", "dr-source-1"]


def test_outputs_keep_copies_if_first_is_removed() -> None:
    first, second = of_output(0, 1), of_output(1, 2)

    plan = with_outputs([source(2)], [first, second])

    assert (kept(plan), names(plan)) == ([second.id], ["dr-source-1"])
    assert removed(plan) == {first.id: Deleted.SOURCE_REMOVED}


def test_outputs_keep_copies_if_another_is_inserted_first() -> None:
    plan = with_outputs([source(2), source(1)], [of_output(0, 1)])

    found = {copy.name: copy.state and copy.state.id for copy in plan.copies}
    assert found == {"dr-source-0": of_output(0, 1).id, "dr-source-1": None}


@pytest.mark.parametrize("former", ["dr-source-0", f"dr-{source(1)}", "whatever"])
def test_outputs_keep_copies_under_any_name(former: str) -> None:
    before = entry(1, former)

    (only,) = with_outputs([source(1)], [before], dr("now", sources=[])).copies

    assert (only.name, only.state) == ("now-source-0", before)


def test_unknown_outputs_delete_nothing() -> None:
    assert with_outputs([None], [of_output(0, 1)]).removed == []


def test_output_keeps_copy_expired_for_file_system() -> None:
    copies = [entry(1), of_output(0, 3)]

    plan = with_outputs([source(3)], copies, dr(keep=1), World([backup(1), backup(3)], shown(copies)))

    assert ({*kept(plan)}, made(plan), plan.removed) == ({copy.id for copy in copies}, [], [])


def test_output_does_not_get_name_used_as_alias() -> None:
    """The engine refuses a URN that is an alias of another resource."""
    before = of_output(0, 1)

    plan = with_outputs([source(2)], [before], dr(), World([backup(1)], shown([before])))

    assert {copy.name: copy.state for copy in plan.copies} == {f"dr-{source(1)}": before, "dr-source-1": None}


def test_outputs_of_all_dr_regions_are_checked_before_delete() -> None:
    ours, theirs = of_output(0, 1), entry(2, "before-source-0")
    regions = [dr(sources=[], has_outputs=True), dr("now", sources=[], has_outputs=True)]

    first, second = decide(regions, [ours, theirs], World(copies=shown([ours, theirs]))).values()
    _, unclaimed = plan_outputs(regions[0], [OutputSource(0, source(1), HOME)], first.undecided, first)
    plan, unclaimed = plan_outputs(regions[1], [OutputSource(0, source(2), HOME)], unclaimed, second)

    assert (kept(plan), unclaimed) == ([theirs.id], [])


def test_outputs_keep_only_copy_of_source() -> None:
    last = entry(1)
    regions = [dr(sources=[], has_outputs=True), dr("north", region=ELSEWHERE)]

    first, _ = decide(regions, [last], World(copies=shown([last]), unreachable=UNREACHABLE)).values()
    plan, unclaimed = plan_outputs(regions[0], [], first.undecided, first)
    add_unclaimed(plan, regions[0], unclaimed)

    assert (kept(plan), plan.removed) == ([last.id], [])
    assert [last.id in warning for warning in plan.warnings] == [True]


def test_output_with_missing_copy_is_reported() -> None:
    lost = of_output(0, 1)

    plan = with_outputs([source(1)], [lost], world=World(gone=frozenset({lost.id})))

    assert (kept(plan), plan.gone) == ([lost.id], {lost.id})
    assert [lost.id in warning for warning in plan.warnings] == [True]


# --- any program, state and AWS ---

keeps: st.SearchStrategy[Any] = st.integers(1, 3) | st.sampled_from([{"daily": 1}, {"last": 1, "within": "2h"}])
FILE_SYSTEMS = (FILE_SYSTEM, OTHER_FILE_SYSTEM)
REGIONS = (AWAY, ELSEWHERE)


@dataclass(frozen=True)
class Stack:
    """A program, a state, and the answers of AWS."""

    regions: list[DrRegionSpec]
    state: list[StateCopy]
    lifecycles: Mapping[str, str | None]
    world: World

    @property
    def declared(self) -> set[str]:
        return {source["file_system_id"] for region in self.regions for source in region.sources}


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    """Draw up to two DrRegions, and copies of two file systems with any names and lifecycles."""
    owners = {number: draw(st.sampled_from(FILE_SYSTEMS)) for number in range(1, 9)}
    backups = [backup(n, file_system_id=fs) for n, fs in owners.items() if draw(st.booleans())]
    copies: list[StateCopy] = []
    lifecycles: dict[str, str | None] = {}
    for serial in range(draw(st.integers(0, 8))):
        number = draw(st.sampled_from(sorted(owners)))
        former = draw(st.sampled_from([f"dr-{source(number)}", f"second-{source(number)}", f"old::name-{serial}"]))
        known = entry(
            number,
            number_of_copy=100 + serial,
            urn=urn(former, stack=draw(st.sampled_from(["prod", "before"])), types=f"x:y:Z{serial}${DR_REGION_TYPE}")
            if draw(st.booleans()) or any(c.name == former for c in copies)
            else urn(former),
            region=draw(st.sampled_from(REGIONS)),
            file_system_id=draw(st.sampled_from([owners[number], None])),
        )
        copies.append(known)
        lifecycles[known.id] = draw(st.sampled_from(["AVAILABLE", "AVAILABLE", "COPYING", "FAILED", None]))
    seen = [
        replace(b, lifecycle=state, file_system_id=owners[int(b.source_backup_id[-16:], 16)])
        for b in shown(copies)
        if (state := lifecycles[b.id]) and b.source_backup_id
    ]
    regions = [
        dr(
            name,
            region=draw(st.sampled_from(REGIONS)),
            keep=draw(keeps),
            sources=[{"file_system_id": fs, "region": HOME} for fs in FILE_SYSTEMS if draw(st.booleans())],
        )
        for name in ("dr", "second")[: draw(st.integers(1, 2))]
    ]
    unreachable = frozenset({HOME} if draw(st.booleans()) else ())
    gone = frozenset(id_ for id_, state in lifecycles.items() if state is None and draw(st.booleans()))
    return Stack(regions, copies, lifecycles, World(backups, seen, unreachable, gone))


@given(stacks())
def test_any_copy_is_kept_or_deleted_for_a_reason(stack: Stack) -> None:
    plans = decide(stack.regions, stack.state, stack.world).values()

    stay = [id_ for plan in plans for id_ in kept(plan)]
    leave = {id_: reason for plan in plans for id_, reason in removed(plan).items()}
    assert sorted([*stay, *leave]) == sorted(copy.id for copy in stack.state)
    assert all(isinstance(reason, Deleted) for reason in leave.values())


tag_sets = st.sampled_from([{}, owned(), owned("files/test/nightly", OTHER_OWNER_ID), {"fsx-dr:managed-by": "any"}])


@given(stacks(), st.data())
def test_any_tags_change_nothing(stack: Stack, data: st.DataObject) -> None:
    def tagged(backups: Iterable[Backup]) -> list[Backup]:
        return [replace(b, tags=data.draw(tag_sets)) for b in backups]

    world = replace(stack.world, backups=tagged(stack.world.backups), copies=tagged(stack.world.copies))

    def decided(world: World) -> list[Any]:
        return [
            ([replace(copy, backup=None) for copy in made.copies], made.removed, made.notes, made.warnings, made.gone)
            for made in decide(stack.regions, stack.state, world).values()
        ]

    assert decided(world) == decided(stack.world)


@given(stacks())
def test_any_copies_have_distinct_names(stack: Stack) -> None:
    for plan in decide(stack.regions, stack.state, stack.world).values():
        assert len(set(names(plan))) == len(plan.copies)


@given(stacks())
def test_any_copy_of_unreachable_source_is_kept(stack: Stack) -> None:
    world = replace(stack.world, unreachable=frozenset({HOME}))

    for plan in decide(stack.regions, stack.state, world).values():
        assert set(removed(plan).values()) <= {Deleted.SOURCE_REMOVED, Deleted.GONE}


@given(stacks())
def test_any_covered_file_system_stays_covered(stack: Stack) -> None:
    """New copies count: nothing of their file system is deleted before they exist (test_continue_on_error.py)."""
    plans = decide(stack.regions, stack.state, stack.world).values()

    owners = {c.id: c.file_system_id for c in stack.world.copies}
    had = {owners[id_] for id_, state in stack.lifecycles.items() if state == "AVAILABLE"} & stack.declared
    stays = {id_ for plan in plans for id_ in kept(plan)}
    has = {owners[id_] for id_ in stays if stack.lifecycles[id_] == "AVAILABLE"}
    gets = {owners[id_] for id_ in stays if stack.lifecycles[id_] == "COPYING"}
    gets |= {b.file_system_id for b in stack.world.backups for d in plans if b.id in made(d)}
    assert had <= has | gets
    if HOME in stack.world.unreachable:
        assert had <= has


def after(stack: Stack) -> Stack:
    """Return the stack after a successful run: new copies are AVAILABLE, and deleted ones are gone."""
    regions = {region.urn: region for region in stack.regions}
    owners: dict[str | None, str | None] = {
        **{c.source_backup_id: c.output("file_system_id") for c in stack.state if c.output("file_system_id")},
        **{b.source_backup_id: b.file_system_id for b in stack.world.copies if b.file_system_id},
        **{b.id: b.file_system_id for b in stack.world.backups},
    }
    settled: list[StateCopy] = []
    seen: list[Backup] = []
    for address, plan in decide(stack.regions, stack.state, stack.world).items():
        for serial, declared in enumerate(plan.copies, 500 + len(settled)):
            source_backup_id = declared.args["source_backup_id"]
            owner = owners.get(source_backup_id)
            copied = entry(
                int(source_backup_id[-16:], 16),
                number_of_copy=serial,
                urn=regions[address].child_urn(declared.name),
                region=declared.args.get("region", regions[address].region),
                file_system_id=owner,
            )
            settled.append(copied)
            seen += shown([copied])
    return replace(stack, state=settled, world=replace(stack.world, copies=seen, gone=frozenset()))


@given(stacks())
def test_any_stack_converges_in_two_runs(stack: Stack) -> None:
    """The second run may use a name that the first one freed, and delete a copy that became a duplicate."""
    twice = after(after(stack))

    for plan in decide(twice.regions, twice.state, twice.world).values():
        assert (made(plan), plan.removed) == ([], [])


@dataclass
class Indexed(World):
    """Answers quickly."""

    by_file_system: Mapping[str, Sequence[Backup]] = field(default_factory=dict)

    def backups_of(self, file_system_id: str, _region: str) -> Sequence[Backup] | None:
        return self.by_file_system[file_system_id]


def many(number: int) -> Callable[[], RegionPlan]:
    """Return a function that plans `number` file systems, each with three backups, three copies and a leftover."""
    names = {f"fs-{n:017x}": [backup(10 * n + k) for k in range(3)] for n in range(1, number + 1)}
    by_file_system = {name: [replace(b, file_system_id=name) for b in backups] for name, backups in names.items()}
    copies = [
        entry(int(b.id[-16:], 16), file_system_id=name) for name, backups in by_file_system.items() for b in backups
    ]
    others = [
        copy(10 * n + 9, tags=owned(), file_system_id=f"fs-{n:017x}", source_backup_id=source(10 * n))
        for n in range(1, number + 1)
    ]
    world = Indexed(copies=[*shown(copies), *others], by_file_system=by_file_system)
    return lambda: one([dr("dr", *names)], copies, world)


def test_plan_of_many_sources() -> None:
    declared = many(50)()

    assert (len(declared.copies), len(declared.removed), len(leftovers(declared))) == (100, 50, 50)


def test_plan_takes_linear_time() -> None:
    assert growth(80, many) < 3 * TIMES, "quadratic time would be a factor of 64"

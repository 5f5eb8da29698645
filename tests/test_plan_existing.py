"""Copies in a DR Region that are not in the state: resumed, adopted or reported."""

from dataclasses import replace
from typing import Any

import pytest
from pulumi_fsx_dr.copies.copy import NATIVE_COPY_TYPE
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.rules.plan import plan_copies
from pulumi_fsx_dr.rules.region_plan import RegionPlan

from tests.backups import OTHER_FILE_SYSTEM, OTHER_OWNER_ID, copy, owned
from tests.planning import (
    AWAY,
    CROWDED,
    HOME,
    KEY,
    OTHER_KEY,
    World,
    backup,
    decide,
    dr,
    entry,
    leftovers,
    made,
    one,
    shown,
    source,
)

BACKUPS = [backup(n) for n in (1, 2, 9)]
BACKUP_SOURCE = [{"backup_id": source(1), "region": HOME}]
TWIN = copy(8).id
KEY_ID = KEY.rpartition("/")[2]
FOREIGN_KEY = KEY.replace("111122223333", "999999999999")


def own(number: int, **changes: Any) -> Backup:
    """Return a copy started by an earlier run of this stack."""
    return copy(number, **{"tags": owned(f"files/prod/dr-{source(number)}"), **changes})


def adopted(plan: RegionPlan) -> dict[str, str | None]:
    """Return the adopted copy of each declared copy, by source."""
    return {c.args["source_backup_id"]: c.args.get("adopt_backup_id") for c in plan.copies}


# --- leftovers ---


@pytest.mark.parametrize("regions", [[dr()], [dr(), dr("second")]], ids=["one DrRegion", "two of one Region"])
def test_leftover_is_reported_once_and_not_declared(regions: list[Any]) -> None:
    leftover = own(9)

    plans = decide(regions, [], World(BACKUPS, [leftover])).values()

    assert [made(plan) for plan in plans] == [[source(1), source(2)]] * len(regions)
    assert [id_ for plan in plans for id_ in leftovers(plan)] == [leftover.id]


@pytest.mark.parametrize("in_state", [True, False])
def test_second_copy_of_source_is_a_leftover(*, in_state: bool) -> None:
    state, twin = [entry(1)] if in_state else [], own(1, id=TWIN)
    first = shown(state) or [own(1)]

    plan = one([dr()], state, World([backup(1)], [twin, *first]))

    assert (made(plan), leftovers(plan)) == ([] if in_state else [source(1)], [twin.id])


@pytest.mark.parametrize("wanted", [KEY, OTHER_KEY])
@pytest.mark.parametrize("sources", [None, BACKUP_SOURCE], ids=["a file system", "a backup"])
def test_copy_with_other_key_is_a_leftover(wanted: str, sources: Any) -> None:
    started = own(1, kms_key_arn=KEY)

    plan = one([dr(kms_key_id=wanted, sources=sources)], [], World([backup(1)], [started]))

    assert [copy.args for copy in plan.copies] == [{"source_backup_id": source(1), "source_region": HOME}]
    assert leftovers(plan) == ([] if wanted == KEY else [started.id])


def test_copies_older_than_retention_are_leftovers() -> None:
    overtaken = [own(3), own(4)]

    plan = one([dr()], [], World([backup(n) for n in (1, 2, 3, 4)], overtaken))

    assert (made(plan), leftovers(plan)) == ([source(1), source(2)], [copy.id for copy in overtaken])


@pytest.mark.parametrize("is_declared", [True, False])
def test_copy_of_single_backup_copy_is_not_a_leftover(*, is_declared: bool) -> None:
    single = own(9, tags=owned("files/prod/nightly"))
    world = World(BACKUPS, [single], declared_names=frozenset({"nightly"} if is_declared else ()))

    assert leftovers(one([dr()], [], world)) == ([] if is_declared else [single.id])


def test_copy_in_state_of_backup_copy_is_not_a_leftover() -> None:
    single = entry(9, "nightly")

    (plan,) = plan_copies([dr()], [], World([backup(1)], shown([single]), state=[single])).values()

    assert plan.warnings == []


@pytest.mark.parametrize("has_outputs", [True, False])
def test_copy_resumable_by_output_is_not_a_leftover(*, has_outputs: bool) -> None:
    started = own(7, file_system_id=OTHER_FILE_SYSTEM)

    plan = one([dr(has_outputs=has_outputs)], [], World(BACKUPS, [started]))

    assert leftovers(plan) == ([] if has_outputs else [started.id])


@pytest.mark.parametrize("owner_id", [OTHER_OWNER_ID, ""], ids=["another stack", "the first run"])
def test_copies_of_stack_with_same_name_are_reported_once(owner_id: str) -> None:
    theirs = [own(n) for n in (8, 9)]
    of_another = copy(7, tags=owned(f"files/dev/dr-{source(7)}"))

    plan = one([dr()], [], World([backup(1)], [*theirs, of_another], owner_id=owner_id))

    assert leftovers(plan) == []
    assert [theirs[0].id in warning for warning in plan.warnings] == [True]


def test_plugin_component_reports_only_own_leftovers() -> None:
    mine, others = own(8), own(9, tags=owned(f"files/prod/dr-2-{source(9)}"))

    plan = one([dr(copy_type=NATIVE_COPY_TYPE)], [], World([*BACKUPS, backup(8)], [mine, others]))

    assert leftovers(plan) == [mine.id]


# --- resume ---


def test_resumed_copy_is_named() -> None:
    plan = one([dr()], [], World(BACKUPS, [own(1)]))

    assert [own(1).id in note for note in plan.notes] == [True]


@pytest.mark.parametrize("lifecycle", ["COPYING", "AVAILABLE"])
@pytest.mark.parametrize("name", ["dr", "before"], ids=["unchanged", "renamed"])
def test_resume_after_source_expired(lifecycle: str, name: str) -> None:
    started = own(2, lifecycle=lifecycle, tags=owned(f"files/prod/{name}-{source(2)}"))

    plan = one([dr()], [], World([backup(1)], [started]))

    assert {*made(plan)} == {source(1), source(2)}
    assert {"source_backup_id": source(2), "source_region": HOME} in [copy.args for copy in plan.copies]
    assert plan.warnings == []


@pytest.mark.parametrize(
    ("wanted", "asked"), [(None, None), (KEY, None), (KEY_ID, None), (OTHER_KEY, KEY), ("alias/unknown", KEY)]
)
def test_resume_requests_key_of_copy(wanted: str | None, asked: str | None) -> None:
    plan = one([dr(kms_key_id=wanted)], [], World([], [own(1, kms_key_arn=KEY)]))

    assert [copy.args.get("kms_key_id") for copy in plan.copies] == [asked]


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": {}},
        {"tags": owned(owner_id=OTHER_OWNER_ID)},
        {"lifecycle": "FAILED"},
        {"type": "AWS_BACKUP"},
        {"source_backup_id": None},
        {"source_region": "us-east-1"},
        {"file_system_id": OTHER_FILE_SYSTEM},
        {"kms_key_arn": FOREIGN_KEY},
    ],
    ids=str,
)
def test_resume_ignores_copies_that_do_not_match(changes: dict[str, Any]) -> None:
    assert made(one([dr()], [], World([backup(1)], [own(2, **changes)]))) == [source(1)]


@pytest.mark.parametrize("tags", [{}, owned()], ids=["adopt", "resume"])
def test_existing_copy_goes_to_one_of_two_dr_regions(tags: dict[str, str]) -> None:
    regions = [dr(adopts=True), dr("second", adopts=True)]

    first, second = decide(regions, [], World([], [copy(1, tags=tags)])).values()

    assert (made(first), made(second)) == ([source(1)], [])


# --- adopt ---


def test_adopt_instead_of_copying_again() -> None:
    by_script = [copy(n, kms_key_arn=KEY) for n in (1, 2, 3)]

    plan = one([dr(adopts=True, kms_key_id=KEY)], [], World([backup(n) for n in (1, 2, 3)], by_script))

    assert adopted(plan) == {source(n): copy(n).id for n in (1, 2)}, "keep is 2"
    assert [copy(n).id in note for n, note in zip((1, 2), plan.notes, strict=True)] == [True, True]


@pytest.mark.parametrize("backups", [[], [backup(1, tags=CROWDED)]], ids=["expired", "too many tags"])
@pytest.mark.parametrize("sources", [None, BACKUP_SOURCE], ids=["a file system", "a backup"])
def test_adopt_copy_that_cannot_be_made_again(backups: list[Backup], sources: Any) -> None:
    assert adopted(one([dr(adopts=True, sources=sources)], [], World(backups, [copy(1)]))) == {source(1): copy(1).id}


@pytest.mark.parametrize(
    "changes",
    [
        {"kms_key_arn": OTHER_KEY},
        {"kms_key_arn": FOREIGN_KEY},
        {"type": "AWS_BACKUP"},
        {"lifecycle": "FAILED"},
        {"lifecycle": "COPYING"},
        {"source_region": "us-east-1"},
        {"file_system_id": OTHER_FILE_SYSTEM, "source_backup_id": source(9)},
        {"source_backup_id": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("adopts", [True, False])
def test_adopt_ignores_copies_that_do_not_match(changes: dict[str, Any], *, adopts: bool) -> None:
    unfit = copy(1, **{"kms_key_arn": KEY, **changes})

    plan = one([dr(adopts=adopts, kms_key_id=KEY)], [], World([backup(1)], [unfit]))

    assert (adopted(plan), plan.notes) == ({source(1): None}, [])


@pytest.mark.parametrize("adopts", [True, False])
def test_copy_of_other_owner_is_reported_and_not_adopted(*, adopts: bool) -> None:
    theirs = copy(1, tags=owned("files/other/nightly", OTHER_OWNER_ID))

    plan = one([dr(adopts=adopts)], [], World([backup(1)], [theirs]))

    assert adopted(plan) == {source(1): None}
    assert [(theirs.id in note, "files/other/nightly" in note) for note in plan.notes] == [(True, True)]
    assert one([dr(adopts=adopts)], [], World(copies=[theirs])).copies == [], "its source is gone"


@pytest.mark.parametrize("tags", [owned(owner_id=OTHER_OWNER_ID), owned()], ids=["other owner", "own copy, other key"])
def test_adopt_chooses_matching_copy(tags: dict[str, str]) -> None:
    other, free = copy(1, tags=tags, kms_key_arn=OTHER_KEY), copy(1, id=TWIN, kms_key_arn=KEY)

    plan = one([dr(adopts=True, kms_key_id=KEY)], [], World([backup(1)], [other, free]))

    assert adopted(plan) == {source(1): free.id}


def test_resume_is_preferred_to_adopt() -> None:
    plan = one([dr(adopts=True)], [], World([backup(1)], [own(1), copy(1, id=TWIN)]))

    assert (adopted(plan), plan.warnings) == ({source(1): None}, [])
    assert [TWIN in note for note in plan.notes] == [False]


def test_adopt_resolves_key_alias() -> None:
    world = World([backup(1)], [copy(1, kms_key_arn=KEY)], keys={(AWAY, "alias/dr"): KEY})

    assert adopted(one([dr(adopts=True, kms_key_id="alias/dr")], [], world)) == {source(1): copy(1).id}


def test_adopt_ignores_copies_in_state() -> None:
    single = entry(1, "nightly")
    seen = replace(shown([single])[0], tags={})

    (plan,) = plan_copies([dr(adopts=True)], [], World([backup(1)], [seen], state=[single])).values()

    assert adopted(plan) == {source(1): None}


def test_adoptable_copy_is_reported_without_adopt_existing() -> None:
    plan = one([dr()], [], World([backup(1)], [copy(1), copy(5)]))

    assert adopted(plan) == {source(1): None}
    assert [(copy(1).id in note, "adopt_existing" in note) for note in plan.notes] == [(True, True)]

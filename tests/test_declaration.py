"""What the DrRegions of a program declare: a copy in the state stays, or is removed for a reason."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.copies.copy import BACKUP_COPY_TYPE, DR_REGION_TYPE, NATIVE_COPY_TYPE
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.rules.plan import plan_copies
from pulumi_fsx_dr.rules.plan_outputs import OutputSource, add_unclaimed, plan_outputs
from pulumi_fsx_dr.rules.region_plan import RegionPlan
from pulumi_fsx_dr.rules.retention import Keep
from pulumi_fsx_dr.rules.specs import DrRegionSpec

from tests.backups import FILE_SYSTEM, OTHER_FILE_SYSTEM, OTHER_OWNER_ID, OWNER_ID, copy, hours_ago, owned
from tests.growing import TIMES, growth

HOME = "eu-central-1"
AWAY = "eu-west-1"
ELSEWHERE = "eu-north-1"
KEY = f"arn:aws:kms:{AWAY}:111122223333:key/11111111-2222-3333-4444-555555555555"
OTHER_KEY = f"arn:aws:kms:{AWAY}:111122223333:key/66666666-7777-8888-9999-000000000000"
VOLUMES = ("fsvol-0123456789abcdef0", "fsvol-0fedcba9876543210")


def source(number: int) -> str:
    return f"backup-5{number:016x}"


def backup(number: int, **changes: Any) -> Backup:
    """Return the file system's backup `number`, made so many hours ago."""
    described = {
        "id": source(number),
        "region": HOME,
        "source_backup_id": None,
        "source_region": None,
        "creation_time": hours_ago(number),
        "type": "AUTOMATIC",
    }
    return copy(number, **(described | changes))


def urn(name: str, *, stack: str = "prod", types: str = DR_REGION_TYPE) -> str:
    return f"urn:pulumi:{stack}::files::{types}${BACKUP_COPY_TYPE}::{name}"


def entry(number: int, name: str = "", *, number_of_copy: int | None = None, **changes: Any) -> StateCopy:
    """Return the copy of backup `number` as DrRegion `dr` has it in the state; its own id may be another's."""
    region = changes.get("region", AWAY)
    backup_id = f"backup-c{number if number_of_copy is None else number_of_copy:016x}"
    outputs = {
        "arn": f"arn:aws:fsx:{region}:111122223333:backup/{backup_id}",
        "region": region,
        "source_backup_id": source(number),
        "source_region": HOME,
        "source_creation_time": hours_ago(number).isoformat(),
        "file_system_id": FILE_SYSTEM,
    }
    address = changes.pop("urn", "") or urn(name or f"dr-{source(number)}")
    return StateCopy(address, backup_id, {k: v for k, v in (outputs | changes).items() if v is not None})


def dr(
    name: str = "dr",
    *file_systems: str,
    region: str = AWAY,
    keep: Keep = 2,
    types: str = DR_REGION_TYPE,
    sources: Sequence[Mapping[str, Any]] | None = None,
    **changes: Any,
) -> DrRegionSpec:
    """Return a DrRegion of these file systems."""
    default = [{"file_system_id": fs, "region": HOME} for fs in file_systems or (FILE_SYSTEM,)]
    address = f"urn:pulumi:prod::files::{types}::{name}"
    sources = default if sources is None else sources
    return DrRegionSpec(name=name, urn=address, region=region, sources=sources, keep=keep, **changes)


@dataclass
class World:
    """What AWS answers.

    Attributes:
        backups: in `HOME`.
        copies: in all other Regions.
        dark: Regions that do not answer.
        gone: ids of copies that AWS surely does not have any more.
        state: all copies in the state.
        owner_id: of the stack.
        declared_names: names of the program's single copies.
        not_listed: copies that are shown only to who asks for them by id.
        file_systems: those that exist.
        keys: ARNs behind aliases, by Region and alias.
        tags: of the file systems that are listed, by Region and id.
    """

    backups: Sequence[Backup] = ()
    copies: Sequence[Backup] = ()
    dark: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    state: Sequence[StateCopy] = ()
    owner_id: str = OWNER_ID
    declared_names: frozenset[str] = frozenset()
    not_listed: Sequence[Backup] = ()
    file_systems: frozenset[str] = field(default=frozenset({FILE_SYSTEM, OTHER_FILE_SYSTEM}))
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)
    tags: Mapping[str, Mapping[str, Mapping[str, str] | None]] = field(default_factory=dict)

    def backups_of(self, file_system_id: str, region: str) -> Sequence[Backup] | None:
        if region in self.dark:
            return None
        return [b for b in self.backups if (b.file_system_id, b.region) == (file_system_id, region)]

    def file_system_exists(self, file_system_id: str, region: str) -> bool:
        return region in self.dark or file_system_id in self.file_systems

    def file_systems_in(self, region: str) -> Mapping[str, Mapping[str, str] | None] | None:
        return None if region in self.dark else self.tags.get(region, {})

    def copies_in(self, region: str) -> Sequence[Backup]:
        return [b for b in self.copies if b.region == region]

    def copies_in_removed(self, region: str) -> Sequence[Backup]:
        return [] if region in self.dark else self.copies_in(region)

    def copy_by_id(self, copy: StateCopy) -> Backup | None:
        return next((b for b in self.not_listed if b.id == copy.id), None)

    def is_gone(self, copy: StateCopy) -> bool:
        return copy.id in self.gone

    def resolved_key(self, region: str, kms_key_id: str) -> str:
        return self.keys.get((region, kms_key_id), kms_key_id)


def shown(copies: Iterable[StateCopy], lifecycle: str = "AVAILABLE") -> list[Backup]:
    """Return copies in the state as AWS shows them."""
    return [
        copy(
            id=state.id,
            region=state.region,
            lifecycle=lifecycle,
            source_backup_id=state.source_backup_id,
            file_system_id=state.output("file_system_id") or None,
            volume_id=state.output("volume_id") or None,
            tags=owned(f"files/prod/{state.name}"),
        )
        for state in copies
    ]


def decide(regions: Sequence[DrRegionSpec], copies: Sequence[StateCopy], world: World) -> dict[str, RegionPlan]:
    """Return what DrRegions declare whose copies are all that are in the state."""
    return plan_copies(regions, copies, replace(world, state=copies))


def one(regions: Sequence[DrRegionSpec], copies: Sequence[StateCopy], world: World) -> RegionPlan:
    """Return what the one DrRegion declares."""
    (declaration,) = decide(regions, copies, world).values()
    return declaration


def names(declaration: RegionPlan) -> list[str]:
    return [declared.name for declared in declaration.copies]


def kept(declaration: RegionPlan) -> list[str]:
    """Return the ids of the copies in the state that stay declared."""
    return [declared.state.id for declared in declaration.copies if declared.state]


def made(declaration: RegionPlan) -> list[str]:
    """Return the sources of the copies that are to be made."""
    return [declared.args["source_backup_id"] for declared in declaration.copies if declared.state is None]


def removed(declaration: RegionPlan) -> dict[str, str]:
    return {removed.copy.id: str(removed.decision) for removed in declaration.removed}


# --- what is declared -------------------------------------------------------------------------------------------------


def test_the_newest_backups_of_a_file_system_are_declared() -> None:
    declared = one([dr()], [], World([backup(3), backup(1), backup(2)]))

    assert names(declared) == [f"dr-{source(1)}", f"dr-{source(2)}"]
    assert [copy.args for copy in declared.copies] == [
        {"source_backup_id": source(1), "source_region": HOME},
        {"source_backup_id": source(2), "source_region": HOME},
    ]
    assert (declared.removed, declared.warnings) == ([], [])


def test_each_source_may_keep_its_own_number() -> None:
    sources = [{"file_system_id": FILE_SYSTEM, "region": HOME, "keep": 1}]

    assert made(one([dr(sources=sources)], [], World([backup(1), backup(2)]))) == [source(1)]


def test_a_backup_that_is_a_source_by_itself_is_declared_without_asking_for_its_file_system() -> None:
    sources = [{"backup_id": source(1), "region": HOME}]

    declared = one([dr(sources=sources)], [], World(dark=frozenset({HOME})))

    assert [copy.args for copy in declared.copies] == [{"source_backup_id": source(1), "source_region": HOME}]


def test_the_copy_of_a_backup_that_is_a_source_by_itself_never_expires() -> None:
    copies = [entry(1)]

    declared = one([dr(sources=[{"backup_id": source(1), "region": HOME}])], copies, World(copies=shown(copies)))

    assert (kept(declared), declared.removed) == ([copies[0].id], [])


@pytest.mark.parametrize(
    "unfit",
    [backup(1, lifecycle="CREATING"), backup(1, type="AWS_BACKUP"), backup(1, source_backup_id=source(9))],
    ids=["not done", "of AWS Backup", "a copy itself"],
)
def test_what_fsx_cannot_copy_is_no_recovery_point(unfit: Backup) -> None:
    assert made(one([dr()], [], World([unfit, backup(2)]))) == [source(2)]


def test_a_backup_of_a_kind_that_cannot_be_copied_is_named() -> None:
    tiered = backup(1, file_system={"StorageType": "INTELLIGENT_TIERING"})

    declared = one([dr()], [], World([tiered, backup(2)]))

    assert made(declared) == [source(2)]
    assert declared.warnings == [
        (
            f"{source(1)} in {HOME} has no copy in {AWAY}: FSx copies no backups of file systems with "
            "Intelligent-Tiering storage."
        )
    ]


def test_a_file_system_that_is_not_there_is_an_error_before_anything_is_changed() -> None:
    with pytest.raises(
        InvalidSettingsError,
        match=f"There is no file system {FILE_SYSTEM} in {HOME}, and neither backups nor copies of it. Correct",
    ):
        decide([dr()], [], World(file_systems=frozenset()))


def test_a_file_system_that_is_gone_keeps_its_copies() -> None:
    copies = [entry(1)]

    declared = one([dr()], copies, World(copies=shown(copies), file_systems=frozenset()))

    assert kept(declared) == [copies[0].id]


CROWDED = backup(1, tags={f"tag-{n}": "x" for n in range(50)})


def test_a_backup_with_too_many_tags_leaves_its_place_to_the_next_older_one() -> None:
    others = [backup(n, file_system_id=OTHER_FILE_SYSTEM) for n in (4, 5)]

    declared = one([dr("dr", FILE_SYSTEM, OTHER_FILE_SYSTEM)], [], World([CROWDED, backup(2), backup(3), *others]))

    assert made(declared) == [source(n) for n in (2, 3, 4, 5)]
    (warning,) = declared.warnings
    assert source(1) in warning
    assert "set copy_tags to False" in warning
    assert made(one([dr(keep=1, copy_tags=False)], [], World([CROWDED, backup(2)]))) == [source(1)]


def test_a_backup_with_too_many_tags_deletes_no_copy_in_its_place() -> None:
    copies = [entry(2), entry(3)]

    declared = one([dr()], copies, World([CROWDED, backup(2), backup(3)], shown(copies)))

    assert (kept(declared), made(declared), declared.removed) == ([copy.id for copy in copies], [], [])


def test_a_backup_that_retention_does_not_keep_is_not_named_for_its_tags() -> None:
    old = replace(CROWDED, id=source(9), creation_time=hours_ago(9))

    assert one([dr()], [], World([backup(1), backup(2), old])).warnings == []


def test_tags_of_the_copies_count_with_those_of_the_backup() -> None:
    tags = {f"tag-{n}": "x" for n in range(30)}
    many = {f"own-{n}": "x" for n in range(20)}

    assert made(one([dr(keep=1, tags=many)], [], World([backup(1, tags=tags), backup(2)]))) == [source(2)]
    assert made(one([dr(keep=1, tags={"own-1": "x"})], [], World([backup(1, tags=tags), backup(2)]))) == [source(1)]


def test_a_file_system_whose_backups_all_have_too_many_tags_says_why_it_has_no_copy() -> None:
    declared = one([dr()], [], World([CROWDED]))

    assert made(declared) == []
    (why,) = declared.obstacles.values()
    assert "set copy_tags to False" in why
    assert [FILE_SYSTEM in warning and why in warning for warning in declared.warnings] == [True]


def test_a_backup_that_got_too_many_tags_after_it_was_copied_keeps_its_copy_as_it_is() -> None:
    copies = [entry(1, kms_key_id=KEY, kms_key_arn=KEY)]

    declared = one([dr(kms_key_id=OTHER_KEY)], copies, World([CROWDED], shown(copies)))

    assert kept(declared) == [copies[0].id]
    assert declared.copies[0].args["kms_key_id"] == KEY, "FSx would refuse a replacement"


# --- the reasons for which a copy of the state goes -------------------------------------------------------------------


def test_keep_newer_copies_push_one_out_whether_they_are_there_or_made_in_this_run() -> None:
    copies = [entry(2), entry(3)]

    declared = one([dr()], copies, World([backup(1), backup(2), backup(3)], shown(copies)))

    assert (made(declared), kept(declared)) == ([source(1)], [copies[0].id])
    assert [str(gone) for gone in declared.removed] == [
        f"{copies[1].id} in {AWAY}, a copy of {source(3)}, is deleted: 2 newer copies of {FILE_SYSTEM} are kept."
    ]


def test_a_policy_says_of_each_copy_which_rules_keep_it_and_of_one_that_goes_why_none_does() -> None:
    """Backups are of so many hours before the morning of Friday 15 January 2027, 8:00 UTC."""
    copies = [entry(10), entry(20), entry(9 + 4 * 24)]  # Thursday at 22:00 and at noon, Sunday

    declared = one([dr(keep={"daily": 2, "weekly": 2})], copies, World([backup(1), backup(20)], shown(copies)))

    assert (made(declared), kept(declared)) == ([source(1)], [copies[0].id, copies[2].id])
    assert declared.explained == [
        f"A copy of {source(1)} in {AWAY} is kept: daily 1 of 2, weekly 1 of 2.",
        f"{copies[0].id} in {AWAY}, a copy of {source(10)}, is kept: daily 2 of 2.",
        f"{copies[2].id} in {AWAY}, a copy of {source(105)}, is kept: weekly 2 of 2.",
    ]
    assert [str(gone) for gone in declared.removed] == [
        (
            f"{copies[1].id} in {AWAY}, a copy of {source(20)}, is deleted: 2 newer copies of {FILE_SYSTEM} are "
            "kept, and no rule keeps this one (daily: its day has a newer one, weekly: its week has a newer one)."
        )
    ]


def test_by_time_too_nothing_goes_while_the_source_is_dark() -> None:
    copies = [entry(1), entry(2)]

    declared = one([dr(keep={"daily": 1})], copies, World(copies=shown(copies), dark=frozenset({HOME})))

    assert kept(declared) == [copy.id for copy in copies]
    assert declared.explained[1].endswith("is kept: nothing is deleted now.")


@pytest.mark.parametrize("lifecycle", ["FAILED", "DELETED", None])
def test_a_newer_copy_that_is_none_pushes_nothing_out(lifecycle: str | None) -> None:
    newer, older = entry(1), entry(2)
    dead = shown([newer], lifecycle) if lifecycle else []

    declared = one([dr(keep=1)], [newer, older], World(copies=[*dead, *shown([older])]))

    assert kept(declared) == [newer.id, older.id]
    assert declared.removed == []


def test_a_source_that_was_taken_out_takes_its_copies_along() -> None:
    copies = [entry(1), entry(2, file_system_id=OTHER_FILE_SYSTEM)]

    declared = one([dr()], copies, World([backup(1)], shown(copies)))

    assert removed(declared) == {copies[1].id: "its source was removed from the program"}
    assert kept(declared) == [copies[0].id]


def test_a_dr_region_that_was_taken_out_goes_if_another_has_copies() -> None:
    left, stays = entry(1, f"north-{source(1)}", region=ELSEWHERE, number_of_copy=7), entry(1)

    declared = one([dr()], [left, stays], World([backup(1)], shown([left, stays])))

    assert removed(declared) == {left.id: f"its DR Region was removed from the program, and {AWAY} has copies"}


def test_a_copy_in_a_region_that_was_taken_out_and_that_is_surely_gone_goes() -> None:
    gone = entry(1, region=ELSEWHERE)

    declared = one([dr()], [gone], World(dark=frozenset({HOME}), gone=frozenset({gone.id})))

    assert removed(declared) == {gone.id: "it is gone from AWS"}


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_copies_of_one_backup_in_one_region_the_available_one_stays(order: int) -> None:
    running, done = entry(1), entry(1, f"former-{source(1)}", number_of_copy=8)

    declared = one([dr()], [running, done][::order], World([backup(1)], [*shown([running], "COPYING"), *shown([done])]))

    assert kept(declared) == [done.id]
    assert removed(declared) == {running.id: f"{done.id} is a copy of the same backup in the same Region"}


def test_of_two_copies_of_one_backup_neither_goes_before_one_is_available() -> None:
    twins = [entry(1), entry(1, f"former-{source(1)}", number_of_copy=8)]

    declared = one([dr()], twins, World([backup(1)], shown(twins, "COPYING")))

    assert sorted(kept(declared)) == sorted(copy.id for copy in twins)
    assert len(set(names(declared))) == 2
    assert declared.removed == []


# --- names decide nothing ---------------------------------------------------------------------------------------------

RENAMED = {
    "as it was": urn(f"dr-{source(1)}"),
    "the DrRegion": urn(f"before-{source(1)}"),
    "a parent": urn(f"dr-{source(1)}", types=f"my:index:App${DR_REGION_TYPE}"),
    "the stack": urn(f"dr-{source(1)}", stack="before"),
    "to a name with colons": urn(f"before::now-{source(1)}"),
    "the copy itself": urn("whatever"),
}


@pytest.mark.parametrize("former", RENAMED.values(), ids=RENAMED)
@pytest.mark.parametrize("sources", [[backup(1)], []], ids=["source there", "source expired"])
def test_a_copy_is_known_again_however_it_was_called(former: str, sources: list[Backup]) -> None:
    before = entry(1, urn=former)

    declared = one([dr()], [before], World(sources, shown([before])))

    (only,) = declared.copies
    assert (only.name, only.state) == (f"dr-{source(1)}", before)
    assert (declared.removed, declared.warnings) == ([], [])


@pytest.mark.parametrize("former", RENAMED.values(), ids=RENAMED)
def test_a_copy_is_known_again_when_the_source_is_dark(former: str) -> None:
    before = entry(1, urn=former)

    declared = one([dr()], [before], World(copies=shown([before]), dark=frozenset({HOME})))

    assert (kept(declared), declared.removed) == ([before.id], [])


def test_a_name_with_colons_has_copies_of_its_own_name() -> None:
    declared = one([dr("a::b")], [], World([backup(1)]))

    assert names(declared) == [f"a::b-{source(1)}"]
    before = entry(1, f"a::b-{source(1)}")
    assert kept(one([dr("a::b")], [before], World([backup(1)], shown([before])))) == [before.id]


def test_two_dr_regions_of_one_region_and_source_each_keep_their_own() -> None:
    ours, theirs = entry(1, kms_key_id=KEY), entry(1, f"second-{source(1)}", number_of_copy=8, kms_key_id=OTHER_KEY)
    regions = [dr(kms_key_id=KEY), dr("second", kms_key_id=OTHER_KEY)]

    first, second = decide(regions, [theirs, ours], World([backup(1)], shown([ours, theirs]))).values()

    assert (kept(first), kept(second)) == ([ours.id], [theirs.id])
    assert (first.removed, second.removed) == ([], [])


def test_of_two_dr_regions_the_renamed_one_gets_the_copies_that_the_other_has_not() -> None:
    ours, theirs = entry(1), entry(1, f"before-{source(1)}", number_of_copy=8)

    first, second = decide([dr(), dr("now")], [theirs, ours], World([backup(1)], shown([ours, theirs]))).values()

    assert (kept(first), kept(second)) == ([ours.id], [theirs.id])


# --- tags of copies decide nothing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tags",
    [{}, owned(owner_id=OTHER_OWNER_ID), {"fsx-dr:managed-by": "whatever"}],
    ids=["none", "another's", "free text"],
)
def test_a_copy_in_the_state_counts_whatever_its_tag_says(tags: dict[str, str]) -> None:
    newer, older = entry(1), entry(2)
    seen = [replace(shown([newer])[0], tags=tags), *shown([older])]

    declared = one([dr(keep=1)], [newer, older], World([backup(1), backup(2)], seen))

    assert (kept(declared), list(removed(declared)), declared.warnings) == ([newer.id], [older.id], [])


@pytest.mark.parametrize("tags", [{}, owned(), owned(owner_id=OTHER_OWNER_ID)], ids=["none", "ours", "another's"])
@pytest.mark.parametrize("kind", ["a manual backup", "a copy of another file system"])
def test_what_is_not_a_copy_of_the_file_system_changes_nothing_by_any_tag(kind: str, tags: dict[str, str]) -> None:
    state = [entry(2)]
    invented = copy(9, tags=tags, source_backup_id=None if kind == "a manual backup" else source(9))
    invented = replace(invented, file_system_id=FILE_SYSTEM if kind == "a manual backup" else OTHER_FILE_SYSTEM)
    world = World([backup(1), backup(2)], shown(state))

    declared = one([dr(adopts=True)], state, replace(world, copies=[*world.copies, invented]))

    expected = one([dr(adopts=True)], state, world)
    assert (declared.copies, declared.removed) == (expected.copies, expected.removed)


def test_a_recovery_point_has_the_time_of_the_state_if_its_source_backup_is_gone() -> None:
    """The copy itself was made last, an hour ago; its source backup was the oldest."""
    old, older = entry(50), entry(60)

    declared = one([dr(keep=1)], [older, old], World([backup(40)], shown([old, older])))

    assert made(declared) == [source(40)]
    assert {*removed(declared)} == {old.id, older.id}


def test_a_recovery_point_without_a_time_in_the_state_has_that_of_its_copy() -> None:
    untimed = entry(50, source_creation_time=None)

    declared = one([dr(keep=1)], [untimed], World([backup(40)], shown([untimed])))

    assert kept(declared) == [untimed.id], "made an hour ago"


# --- copies of this stack that the state does not contain -------------------------------------------------------------


def leftovers(declaration: RegionPlan) -> list[str]:
    return [warning.partition(" ")[0] for warning in declaration.warnings if "is not in the state" in warning]


def test_a_copy_with_our_owner_id_that_nobody_asks_for_is_named_and_not_declared() -> None:
    stranger = copy(9, tags=owned(f"files/prod/dr-{source(9)}"))

    declared = one([dr()], [], World([backup(n) for n in (1, 2, 9)], [stranger]))

    assert (made(declared), leftovers(declared)) == ([source(1), source(2)], [stranger.id])


def test_two_copies_with_our_owner_id_of_one_source_are_one_too_many() -> None:
    first, second = copy(1, tags=owned()), copy(1, tags=owned(), id=copy(8).id)

    declared = one([dr()], [], World([backup(1)], [second, first]))

    assert (made(declared), leftovers(declared)) == ([source(1)], [second.id])


def test_a_copy_with_our_owner_id_of_what_is_in_the_state_is_named() -> None:
    state, twin = [entry(1)], copy(1, tags=owned(), id=copy(8).id)

    assert leftovers(one([dr()], state, World([backup(1)], [*shown(state), twin]))) == [twin.id]


def test_a_copy_with_our_owner_id_under_another_key_is_named() -> None:
    under = copy(1, tags=owned(), kms_key_arn=KEY)

    assert leftovers(one([dr(kms_key_id=OTHER_KEY)], [], World([backup(1)], [under]))) == [under.id]
    assert leftovers(one([dr(kms_key_id=KEY)], [], World([backup(1)], [under]))) == []


def test_two_dr_regions_of_one_region_name_a_leftover_once() -> None:
    stranger = copy(9, tags=owned())
    there = [backup(n) for n in (1, 2, 9)]

    first, second = decide([dr(), dr("second")], [], World(there, [stranger])).values()

    assert [*leftovers(first), *leftovers(second)] == [stranger.id]


@pytest.mark.parametrize("tags", [{}, owned()], ids=["to adopt", "to resume"])
def test_one_of_two_dr_regions_takes_a_copy(tags: dict[str, str]) -> None:
    regions = [dr(adopts=True), dr("second", adopts=True)]

    first, second = decide(regions, [], World([], [copy(1, tags=tags)])).values()

    assert (made(first), made(second)) == ([source(1)], [])


def test_what_a_single_copy_of_the_program_can_name_itself_is_not_named() -> None:
    of_single = copy(9, tags=owned("files/prod/nightly"))

    world = World([backup(n) for n in (1, 2, 9)], [of_single])

    assert one([dr()], [], replace(world, declared_names=frozenset({"nightly"}))).warnings == []
    assert leftovers(one([dr()], [], world)) == [of_single.id]


def test_what_a_single_copy_of_the_program_can_resume_is_left_to_it() -> None:
    of_single = copy(9, tags=owned("files/prod/nightly"))

    assert made(one([dr()], [], World([backup(1)], [of_single], declared_names=frozenset({"nightly"})))) == [source(1)]


def test_what_is_in_the_state_outside_of_dr_regions_is_not_named() -> None:
    single = entry(9, "nightly")

    (declared,) = plan_copies([dr()], [], World([backup(1)], shown([single]), state=[single])).values()

    assert declared.warnings == []


@pytest.mark.parametrize("owner_id", [OTHER_OWNER_ID, ""], ids=["another stack", "the first run"])
def test_copies_of_a_stack_with_the_same_name_are_named_once(owner_id: str) -> None:
    theirs = [copy(n, tags=owned(f"files/prod/dr-{source(n)}")) for n in (8, 9)]
    of_another = copy(7, tags=owned(f"files/dev/dr-{source(7)}"))

    declared = one([dr()], [], World([backup(1)], [*theirs, of_another], owner_id=owner_id))

    assert (leftovers(declared), len(declared.warnings)) == ([], 1)
    assert declared.warnings[0].startswith(theirs[0].id)


def test_a_dr_region_of_the_plugin_names_leftovers_of_its_own_copies_alone() -> None:
    native = dr(copy_type=NATIVE_COPY_TYPE)
    own, others = copy(8, tags=owned(f"files/prod/dr-{source(8)}")), copy(9, tags=owned(f"files/prod/dr-2-{source(9)}"))

    assert leftovers(one([native], [], World([backup(n) for n in (1, 2, 8, 9)], [own, others]))) == [own.id]


# --- what is not known is not empty -----------------------------------------------------------------------------------


def test_a_dark_source_lets_nothing_go_and_makes_nothing() -> None:
    copies = [entry(1), entry(2), entry(3)]

    declared = one([dr(keep=1)], copies, World(copies=shown(copies), dark=frozenset({HOME})))

    assert (kept(declared), made(declared), declared.removed) == ([copy.id for copy in copies], [], [])


def test_with_a_dark_source_and_another_region_the_copies_stay_where_they_are() -> None:
    copies = [entry(1, kms_key_id=KEY), entry(2)]

    declared = one([dr(region=ELSEWHERE)], copies, World(copies=shown(copies), dark=frozenset({HOME})))

    assert [copy.args for copy in declared.copies] == [
        {"source_backup_id": source(1), "region": AWAY, "source_region": HOME, "kms_key_id": KEY},
        {"source_backup_id": source(2), "region": AWAY, "source_region": HOME, "kms_key_id": None},
    ]
    assert kept(declared) == [copy.id for copy in copies]
    assert declared.removed == []
    assert declared.warnings[0] == (
        f"{copies[0].id} in {AWAY} stays, although the program declares nothing there any more: "
        f"no other Region has a copy of {FILE_SYSTEM}, or can get one now."
    )


def test_with_a_dark_source_the_copies_of_a_region_that_was_taken_out_stay_beside_those_of_another() -> None:
    """Its copies stay as they are and none is retired: so the run says, and so it is."""
    out, stays = entry(1, f"north-{source(1)}", region=ELSEWHERE, number_of_copy=7), entry(1)

    declared = one([dr()], [out, stays], World([], shown([out, stays]), frozenset({HOME})))

    assert {*kept(declared)} == {out.id, stays.id}
    assert declared.warnings == [
        (
            f"{out.id} in {ELSEWHERE} stays, although the program declares nothing there any more: "
            f"its source Region {HOME} does not answer."
        )
    ]


def test_a_file_system_without_a_usable_backup_keeps_its_copies_in_the_old_region() -> None:
    copies = [entry(1), entry(3)]

    declared = one([dr(region=ELSEWHERE)], copies, World([backup(2, lifecycle="CREATING")], shown(copies)))

    assert (kept(declared), made(declared), declared.removed) == ([copy.id for copy in copies], [], [])


def test_with_a_source_that_answers_another_region_gets_copies_and_the_old_ones_go() -> None:
    copies = [entry(1), entry(2)]

    declared = one([dr(region=ELSEWHERE)], copies, World([backup(1), backup(2)], shown(copies)))

    assert made(declared) == [source(1), source(2)]
    reason = f"its DR Region was removed from the program, and {ELSEWHERE} has copies"
    assert removed(declared) == {copy.id: reason for copy in copies}


@pytest.mark.parametrize("dark", [frozenset({HOME}), frozenset()], ids=["dark", "without backups"])
def test_the_old_region_goes_one_file_system_at_a_time(dark: frozenset[str]) -> None:
    """That another file system has copies in the new Region is no reason."""
    copies = [entry(1), entry(2, file_system_id=OTHER_FILE_SYSTEM)]
    sources = [
        {"file_system_id": FILE_SYSTEM, "region": HOME},
        {"file_system_id": OTHER_FILE_SYSTEM, "region": "eu-south-1"},
    ]
    others = backup(2, file_system_id=OTHER_FILE_SYSTEM, region="eu-south-1")

    declared = one([dr(region=ELSEWHERE, sources=sources)], copies, World([others], shown(copies), dark))

    assert made(declared) == [source(2)]
    assert kept(declared) == [copies[0].id]
    assert removed(declared).keys() == {copies[1].id}


def test_copies_that_a_dark_dr_region_does_not_show_are_not_gone() -> None:
    hidden = entry(1, region=ELSEWHERE)

    declared = one([dr()], [hidden], World([], dark=frozenset({ELSEWHERE, HOME})))

    assert (kept(declared), declared.removed) == ([hidden.id], [])


def test_a_copy_that_no_listing_shows_yet_counts_if_it_is_found_by_its_id() -> None:
    newer, older = entry(1), entry(2)
    world = World([backup(1), backup(2)], shown([older]), not_listed=shown([newer]))

    declared = one([dr(keep=1)], [newer, older], world)

    assert (kept(declared), list(removed(declared))) == ([newer.id], [older.id])


def test_copies_of_an_unknown_file_system_stay_as_long_as_it_may_be_the_declared_one() -> None:
    """Two of them may be of two file systems, so neither pushes the other out."""
    copies = [entry(1, file_system_id=None), entry(2, file_system_id=None)]

    declared = one([dr(keep=1)], copies, World([backup(3)], shown(copies)))

    assert {*kept(declared)} == {copy.id for copy in copies}
    assert declared.removed == []


def test_a_copy_of_an_unknown_file_system_is_of_that_of_its_source() -> None:
    """Somebody deleted it, so AWS does not tell; it is declared once, and its source is not copied beside it."""
    lost = entry(1, file_system_id=None)

    declared = one([dr()], [lost], World([backup(1)]))

    assert names(declared) == [f"dr-{source(1)}"]
    assert kept(declared) == [lost.id]


def test_what_the_state_does_not_tell_of_a_copy_is_told_by_aws() -> None:
    """States of former versions hold no volume, and for ONTAP no file system."""
    copies = [entry(1, file_system_id=None), entry(2, file_system_id=None)]
    seen = [replace(copy, file_system_id=FILE_SYSTEM, volume_id=VOLUMES[0]) for copy in shown(copies)]

    declared = one([dr(keep=1)], copies, World(copies=seen))

    assert removed(declared) == {copies[1].id: f"1 newer copy of {VOLUMES[0]} is kept"}


def test_each_ontap_volume_keeps_its_own_number() -> None:
    copies = [entry(number, volume_id=VOLUMES[number % 2]) for number in (1, 2, 3, 4)]
    there = [backup(number, volume_id=VOLUMES[number % 2]) for number in (1, 2, 3, 4)]

    declared = one([dr(keep=1)], copies, World(there, shown(copies)))

    assert {*kept(declared)} == {copies[0].id, copies[1].id}
    assert removed(declared).keys() == {copies[2].id, copies[3].id}


# --- sources that have expired ----------------------------------------------------------------------------------------


def test_a_copy_whose_source_has_expired_is_declared_as_it_is() -> None:
    expired = entry(1, kms_key_id=KEY, source_region="eu-south-1")

    declared = one([dr(kms_key_id=KEY)], [expired], World([backup(2)], shown([expired])))

    assert declared.copies[0].args == {
        "source_backup_id": source(1),
        "region": AWAY,
        "source_region": "eu-south-1",
        "kms_key_id": KEY,
    }
    assert declared.warnings == []


def test_when_the_key_changes_a_copy_whose_source_has_expired_keeps_its_own_and_one_warning_says_so() -> None:
    expired, there = entry(2, kms_key_id=KEY, kms_key_arn=KEY), entry(1, kms_key_id=KEY, kms_key_arn=KEY)

    declared = one([dr(kms_key_id=OTHER_KEY)], [there, expired], World([backup(1)], shown([there, expired])))

    assert [copy.args.get("kms_key_id") for copy in declared.copies] == [None, KEY], "None: that of the DrRegion"
    assert declared.warnings == [
        (
            f"{expired.id} in {AWAY} keeps its KMS key, because its source {source(2)} cannot be copied now. "
            "It is deleted when retention does not keep it any more."
        )
    ]


def test_the_same_key_written_another_way_is_no_other_key() -> None:
    expired = entry(1, kms_key_id=KEY, kms_key_arn=KEY)

    declared = one([dr(kms_key_id=KEY.rpartition("/")[2])], [expired], World([], shown([expired])))

    assert declared.warnings == []


# --- what killed runs left --------------------------------------------------------------------------------------------


def left(number: int, **changes: Any) -> Backup:
    """Return the copy that a killed run of this stack started."""
    described: dict[str, Any] = {"tags": owned(f"files/prod/dr-{source(number)}"), "lifecycle": "COPYING"}
    return copy(number, **(described | changes))


@pytest.mark.parametrize("lifecycle", ["COPYING", "AVAILABLE"])
def test_a_copy_of_a_killed_run_is_resumed_although_its_source_has_expired(lifecycle: str) -> None:
    declared = one([dr()], [], World([backup(1)], [left(2, lifecycle=lifecycle)]))

    assert {*made(declared)} == {source(1), source(2)}
    assert {"source_backup_id": source(2), "source_region": HOME} in [copy.args for copy in declared.copies]
    assert declared.warnings == []


def test_a_copy_that_another_resource_of_this_stack_started_is_resumed_too() -> None:
    """As after a rename between two runs."""
    renamed = left(2, tags=owned(f"files/prod/before-{source(2)}"))

    assert source(2) in made(one([dr()], [], World([backup(1)], [renamed])))


@pytest.mark.parametrize("wanted", [OTHER_KEY, "alias/that-kms-does-not-tell"])
def test_it_is_resumed_under_the_key_that_it_has(wanted: str) -> None:
    declared = one([dr(kms_key_id=wanted)], [], World([], [left(1, kms_key_arn=KEY)]))

    assert [copy.args["kms_key_id"] for copy in declared.copies] == [KEY]


@pytest.mark.parametrize("wanted", [None, KEY, KEY.rpartition("/")[2]])
def test_it_is_resumed_under_the_wanted_key_if_it_has_that(wanted: str | None) -> None:
    declared = one([dr(kms_key_id=wanted)], [], World([], [left(1, kms_key_arn=KEY)]))

    assert [copy.args for copy in declared.copies] == [{"source_backup_id": source(1), "source_region": HOME}]


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
        {"kms_key_arn": KEY.replace("111122223333", "999999999999")},
    ],
    ids=["no tag", "another's", "failed", "of AWS Backup", "not a copy", "from elsewhere", "of another", "foreign key"],
)
def test_what_is_not_a_copy_of_ours_is_not_resumed(changes: dict[str, Any]) -> None:
    assert made(one([dr()], [], World([backup(1)], [left(2, **changes)]))) == [source(1)]


def test_what_newer_backups_have_overtaken_is_named() -> None:
    overtaken = [left(3), left(4)]

    declared = one([dr()], [], World([backup(1), backup(2), backup(3), backup(4)], overtaken))

    assert made(declared) == [source(1), source(2)]
    assert leftovers(declared) == [copy.id for copy in overtaken]


def test_what_is_still_to_be_copied_is_not_named_as_a_leftover() -> None:
    assert one([dr()], [], World([backup(1)], [left(1)])).warnings == []


# --- sources that are outputs -----------------------------------------------------------------------------------------


def of_output(position: int, number: int) -> StateCopy:
    return entry(number, f"dr-source-{position}")


def with_outputs(
    backup_ids: Sequence[str | None],
    copies: Sequence[StateCopy],
    region: DrRegionSpec | None = None,
    world: World | None = None,
) -> RegionPlan:
    """Return what the one DrRegion declares in the end, whose outputs have these values."""
    region = region or dr(sources=[])
    region = replace(region, has_outputs=True)
    planned = one([region], copies, world or World(copies=shown(copies)))
    sources = [OutputSource(position, backup_id, HOME) for position, backup_id in enumerate(backup_ids)]
    plan, unclaimed = plan_outputs(region, sources, planned.undecided, planned)
    add_unclaimed(plan, region, unclaimed)
    plan.copies[:0] = planned.copies
    plan.removed[:0] = planned.removed
    return plan


def test_outputs_are_named_by_position() -> None:
    assert names(with_outputs([source(1), None], [])) == ["dr-source-0", "dr-source-1"]


def test_outputs_keep_their_copies_if_the_first_is_removed() -> None:
    first, second = of_output(0, 1), of_output(1, 2)

    declared = with_outputs([source(2)], [first, second])

    assert (kept(declared), names(declared)) == ([second.id], ["dr-source-1"])
    assert removed(declared) == {first.id: "its source was removed from the program"}


def test_outputs_keep_their_copies_if_another_is_put_first() -> None:
    declared = with_outputs([source(2), source(1)], [of_output(0, 1)])

    assert {copy.name: copy.state and copy.state.id for copy in declared.copies} == {
        "dr-source-0": of_output(0, 1).id,
        "dr-source-1": None,
    }


@pytest.mark.parametrize("former", ["dr-source-0", f"dr-{source(1)}", "whatever"])
def test_outputs_keep_their_copies_under_any_name(former: str) -> None:
    before = entry(1, former)

    (only,) = with_outputs([source(1)], [before], dr("now", sources=[])).copies

    assert (only.name, only.state) == ("now-source-0", before)


def test_outputs_that_are_not_known_yet_delete_nothing_under_their_names() -> None:
    assert with_outputs([None], [of_output(0, 1)]).removed == []


def test_outputs_of_a_declared_file_system_have_copies_of_their_own() -> None:
    copies = [entry(1), of_output(0, 3)]

    declared = with_outputs([source(3)], copies, dr(keep=1), World([backup(1), backup(3)], shown(copies)))

    assert ({*kept(declared)}, made(declared), declared.removed) == ({copy.id for copy in copies}, [], [])


def test_outputs_never_get_the_name_of_a_copy_that_moved_to_a_file_system() -> None:
    """The engine refuses a URN that is an alias of another resource."""
    before = of_output(0, 1)

    declared = with_outputs([source(2)], [before], dr(), World([backup(1)], shown([before])))

    assert {copy.name: copy.state for copy in declared.copies} == {f"dr-{source(1)}": before, "dr-source-1": None}


def test_outputs_of_all_dr_regions_of_a_region_are_asked_before_a_delete() -> None:
    ours, theirs = of_output(0, 1), entry(2, "before-source-0")
    regions = [dr(sources=[], has_outputs=True), dr("now", sources=[], has_outputs=True)]

    first, second = decide(regions, [ours, theirs], World(copies=shown([ours, theirs]))).values()
    _, unclaimed = plan_outputs(regions[0], [OutputSource(0, source(1), HOME)], first.undecided, first)
    declared, unclaimed = plan_outputs(regions[1], [OutputSource(0, source(2), HOME)], unclaimed, second)

    assert (kept(declared), unclaimed) == ([theirs.id], [])


def test_outputs_leave_copies_that_nobody_asks_for_to_what_was_decided() -> None:
    """Another DR Region has the file system as a source, and no copy of it."""
    last = entry(1)
    regions = [dr(sources=[], has_outputs=True), dr("north", region=ELSEWHERE)]

    first, _ = decide(regions, [last], World(copies=shown([last]), dark=frozenset({HOME}))).values()
    declared, unclaimed = plan_outputs(regions[0], [], first.undecided, first)
    add_unclaimed(declared, regions[0], unclaimed)

    assert (kept(declared), declared.removed) == ([last.id], [])
    assert [last.id in warning for warning in declared.warnings] == [True]


def test_outputs_whose_copy_is_gone_are_named() -> None:
    lost = of_output(0, 1)

    declared = with_outputs([source(1)], [lost], world=World(gone=frozenset({lost.id})))

    assert (kept(declared), declared.gone) == ([lost.id], {lost.id})
    assert [lost.id in warning for warning in declared.warnings] == [True]


# --- whatever the world is like ---------------------------------------------------------------------------------------

keeps: st.SearchStrategy[Any] = st.integers(1, 3) | st.sampled_from([{"daily": 1}, {"last": 1, "within": "2h"}])
FILE_SYSTEMS = (FILE_SYSTEM, OTHER_FILE_SYSTEM)
REGIONS = (AWAY, ELSEWHERE)
REASONS = ("newer cop", "removed from the program", "gone from AWS", "copy of the same backup in the same Region")


@dataclass(frozen=True)
class Scene:
    """A program, a state and a world."""

    regions: list[DrRegionSpec]
    state: list[StateCopy]
    lifecycles: Mapping[str, str | None]
    world: World

    @property
    def declared(self) -> set[str]:
        return {source["file_system_id"] for region in self.regions for source in region.sources}


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Draw up to two DrRegions, and copies of two file systems under whatever names, in whatever state."""
    owners = {number: draw(st.sampled_from(FILE_SYSTEMS)) for number in range(1, 9)}
    there = [backup(n, file_system_id=fs) for n, fs in owners.items() if draw(st.booleans())]
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
    dark = frozenset({HOME} if draw(st.booleans()) else ())
    gone = frozenset(id_ for id_, state in lifecycles.items() if state is None and draw(st.booleans()))
    return Scene(regions, copies, lifecycles, World(there, seen, dark, gone))


@given(scenes())
def test_nothing_leaves_without_a_reason(scene: Scene) -> None:
    declarations = decide(scene.regions, scene.state, scene.world).values()

    stay = [id_ for declaration in declarations for id_ in kept(declaration)]
    leave = {id_: reason for declaration in declarations for id_, reason in removed(declaration).items()}
    assert sorted([*stay, *leave]) == sorted(copy.id for copy in scene.state)
    assert all(any(known in reason for known in REASONS) for reason in leave.values())


tag_sets = st.sampled_from(
    [
        {},
        owned(),
        owned("files/test/nightly", OTHER_OWNER_ID),
        {"fsx-dr:managed-by": "recorded:a1b2c3:20990101T000000Z:files/prod/nightly"},
    ]
)


@given(scenes(), st.data())
def test_no_tag_on_a_copy_in_the_state_or_on_a_source_backup_changes_a_decision(
    scene: Scene, data: st.DataObject
) -> None:
    def tagged(backups: Iterable[Backup]) -> list[Backup]:
        return [replace(b, tags=data.draw(tag_sets)) for b in backups]

    world = replace(scene.world, backups=tagged(scene.world.backups), copies=tagged(scene.world.copies))

    def decided(world: World) -> list[Any]:
        return [
            ([replace(copy, backup=None) for copy in made.copies], made.removed, made.notes, made.warnings, made.gone)
            for made in decide(scene.regions, scene.state, world).values()
        ]

    assert decided(world) == decided(scene.world)


@given(scenes())
def test_no_two_copies_of_a_dr_region_have_one_name(scene: Scene) -> None:
    for declaration in decide(scene.regions, scene.state, scene.world).values():
        assert len(set(names(declaration))) == len(declaration.copies)


@given(scenes())
def test_nothing_of_a_declared_file_system_goes_while_its_source_is_dark(scene: Scene) -> None:
    world = replace(scene.world, dark=frozenset({HOME}))

    for declaration in decide(scene.regions, scene.state, world).values():
        assert set(removed(declaration).values()) <= {"its source was removed from the program", "it is gone from AWS"}


@given(scenes())
def test_a_declared_file_system_that_had_an_available_copy_has_one(scene: Scene) -> None:
    """What is to be made counts: until it is, nothing of that file system is deleted (test_continue_on_error.py)."""
    declarations = decide(scene.regions, scene.state, scene.world).values()

    owners = {c.id: c.file_system_id for c in scene.world.copies}
    had = {owners[id_] for id_, state in scene.lifecycles.items() if state == "AVAILABLE"} & scene.declared
    stays = {id_ for declaration in declarations for id_ in kept(declaration)}
    has = {owners[id_] for id_ in stays if scene.lifecycles[id_] == "AVAILABLE"}
    gets = {owners[id_] for id_ in stays if scene.lifecycles[id_] == "COPYING"}
    gets |= {b.file_system_id for b in scene.world.backups for d in declarations if b.id in made(d)}
    assert had <= has | gets
    if HOME in scene.world.dark:
        assert had <= has


@given(scenes())
def test_what_a_run_declares_is_what_the_next_one_declares(scene: Scene) -> None:
    """All went well: what was to be made is AVAILABLE, what went is gone, and the engine knows the new names."""
    first = decide(scene.regions, scene.state, scene.world)
    regions = {region.urn: region for region in scene.regions}
    settled, seen, serial = [], [], 500
    for address, declaration in first.items():
        for declared in declaration.copies:
            serial += 1
            number = int(declared.args["source_backup_id"][-16:], 16)
            owner = next(
                (b.file_system_id for b in scene.world.copies if declared.state and b.id == declared.state.id),
                next((b.file_system_id for b in scene.world.backups if b.id == source(number)), None),
            )
            settled.append(
                entry(
                    number,
                    number_of_copy=serial,
                    urn=regions[address].child_urn(declared.name),
                    region=declared.args.get("region", regions[address].region),
                    file_system_id=(declared.state and declared.state.output("file_system_id")) or owner,
                )
            )
            seen += [replace(copy, file_system_id=owner or copy.file_system_id) for copy in shown(settled[-1:])]
    world = replace(scene.world, copies=seen, gone=frozenset())

    once = decide(scene.regions, settled, world)
    stay = {id_ for declaration in once.values() for id_ in kept(declaration)}
    twice = decide(
        scene.regions, [c for c in settled if c.id in stay], replace(world, copies=[b for b in seen if b.id in stay])
    )

    for declaration in twice.values():
        assert (made(declaration), declaration.removed) == ([], [])


# --- copies that exist already (adopt_existing) ----------------------------------------------------------------------


def adopted(declaration: RegionPlan) -> dict[str, str | None]:
    """Return what each declared copy adopts, by its source."""
    return {c.args["source_backup_id"]: c.args.get("adopt_backup_id") for c in declaration.copies}


def test_copies_that_exist_are_adopted_and_not_made_again() -> None:
    by_script = [copy(n, kms_key_arn=KEY) for n in (1, 2, 3)]
    region = dr(adopts=True, kms_key_id=KEY)

    made = one([region], [], World(backups=[backup(1), backup(2), backup(3)], copies=by_script))

    assert adopted(made) == {source(1): by_script[0].id, source(2): by_script[1].id}, "keep is 2"
    assert made.notes == [f"{c.id} in {AWAY}, a copy of {c.source_backup_id}, is adopted." for c in by_script[:2]]


def test_a_copy_whose_source_is_gone_is_adopted_too() -> None:
    assert adopted(one([dr(adopts=True)], [], World(copies=[copy(1)]))) == {source(1): copy(1).id}


def test_a_single_backup_adopts_its_copy() -> None:
    region = dr(adopts=True, sources=[{"backup_id": source(1), "region": HOME}])

    assert adopted(one([region], [], World(copies=[copy(1), copy(2)]))) == {source(1): copy(1).id}


@pytest.mark.parametrize("has_key", [True, False])
def test_the_copy_of_a_single_backup_is_resumed_only_under_the_wanted_key(*, has_key: bool) -> None:
    region = dr(kms_key_id=KEY, sources=[{"backup_id": source(1), "region": HOME}])
    own = copy(1, tags=owned(), kms_key_arn=KEY if has_key else OTHER_KEY)

    declared = one([region], [], World(copies=[own]))

    assert [copy.args for copy in declared.copies] == [{"source_backup_id": source(1), "source_region": HOME}]
    assert leftovers(declared) == ([] if has_key else [own.id])


@pytest.mark.parametrize(
    "unfit",
    [
        copy(1, kms_key_arn=OTHER_KEY),
        copy(1, kms_key_arn=KEY.replace("111122223333", "999999999999")),
        copy(1, kms_key_arn=KEY, type="AWS_BACKUP"),
        copy(1, kms_key_arn=KEY, lifecycle="FAILED"),
        copy(1, kms_key_arn=KEY, lifecycle="COPYING"),
        copy(1, kms_key_arn=KEY, source_region="us-east-1"),
        copy(1, kms_key_arn=KEY, file_system_id=OTHER_FILE_SYSTEM, source_backup_id=source(9)),
        copy(1, kms_key_arn=KEY, source_backup_id=None),
    ],
    ids=[
        "another key",
        "another account's key",
        "of AWS Backup",
        "failed",
        "still running",
        "from another Region",
        "of another file system",
        "not a copy",
    ],
)
@pytest.mark.parametrize("adopts", [True, False])
def test_what_does_not_fit_is_neither_adopted_nor_recommended(unfit: Backup, *, adopts: bool) -> None:
    made = one([dr(adopts=adopts, kms_key_id=KEY)], [], World(backups=[backup(1)], copies=[unfit]))

    assert (adopted(made), made.notes) == ({source(1): None}, [])


@pytest.mark.parametrize("adopts", [True, False])
def test_a_copy_of_another_owner_is_named_with_it_and_not_adopted(*, adopts: bool) -> None:
    theirs = copy(1, tags=owned("files/other/nightly", OTHER_OWNER_ID))

    made = one([dr(adopts=adopts)], [], World(backups=[backup(1)], copies=[theirs]))

    assert adopted(made) == {source(1): None}
    (note,) = made.notes
    assert theirs.id in note
    assert "files/other/nightly" in note
    assert "adopt_existing" not in note


def test_a_copy_of_another_owner_whose_source_is_gone_is_not_declared() -> None:
    theirs = copy(1, tags=owned(owner_id=OTHER_OWNER_ID))

    assert one([dr(adopts=True)], [], World(copies=[theirs])).copies == []


def test_of_two_copies_the_one_without_an_owner_is_adopted() -> None:
    theirs, free = copy(1, tags=owned(owner_id=OTHER_OWNER_ID)), copy(1, id=copy(8).id)

    assert adopted(one([dr(adopts=True)], [], World([backup(1)], [theirs, free]))) == {source(1): free.id}


def test_a_copy_of_our_own_is_resumed_and_not_adopted() -> None:
    made = one([dr(adopts=True)], [], World([backup(1)], [copy(1, tags=owned()), copy(1, id=copy(8).id)]))

    assert (adopted(made), made.notes, made.warnings) == ({source(1): None}, [], [])


def test_a_copy_of_our_own_under_another_key_is_no_obstacle_to_adopt_the_one_under_the_wanted_key() -> None:
    own, free = copy(1, tags=owned(), kms_key_arn=OTHER_KEY), copy(1, id=copy(8).id, kms_key_arn=KEY)

    made = one([dr(adopts=True, kms_key_id=KEY)], [], World([backup(1)], [own, free]))

    assert (adopted(made), leftovers(made)) == ({source(1): free.id}, [own.id])


def test_a_key_behind_an_alias_is_looked_up() -> None:
    region = dr(adopts=True, kms_key_id="alias/dr")
    world = World(backups=[backup(1)], copies=[copy(1, kms_key_arn=KEY)], keys={(AWAY, "alias/dr"): KEY})

    assert adopted(one([region], [], world)) == {source(1): copy(1).id}


def test_what_is_in_the_state_is_not_adopted() -> None:
    single = entry(1, "nightly")
    seen = replace(shown([single])[0], tags={})

    made = plan_copies([dr(adopts=True)], [], World(backups=[backup(1)], copies=[seen], state=[single])).popitem()[1]

    assert adopted(made) == {source(1): None}


def test_without_adopt_existing_a_copy_that_could_be_adopted_is_named() -> None:
    made = one([dr()], [], World(backups=[backup(1)], copies=[copy(1), copy(5)]))

    assert adopted(made) == {source(1): None}
    (note,) = made.notes
    assert copy(1).id in note
    assert "adopt_existing" in note


def test_too_many_tags_of_a_source_do_not_matter_for_a_copy_that_is_adopted() -> None:
    assert adopted(one([dr(adopts=True)], [], World(backups=[CROWDED], copies=[copy(1)]))) == {source(1): copy(1).id}


# --- copies that are gone --------------------------------------------------------------------------------------------


def test_a_copy_in_the_state_that_is_gone_is_named_and_stays_until_refresh() -> None:
    lost, other = entry(1), entry(2)

    declared = one([dr(keep=1)], [lost, other], World([backup(1)], shown([other]), gone=frozenset({lost.id})))

    assert (kept(declared), declared.gone) == ([lost.id, other.id], {lost.id})
    (warning,) = declared.warnings
    assert lost.id in warning
    assert "pulumi refresh" in warning


def test_a_copy_that_is_gone_and_cannot_be_made_again_leaves_the_program() -> None:
    lost, other = entry(1), entry(2)

    declared = one([dr()], [lost, other], World([backup(2)], shown([other]), gone=frozenset({lost.id})))

    assert removed(declared) == {lost.id: "it is gone from AWS, and nothing is left to copy it from"}
    assert declared.gone == set()


# --- many sources ----------------------------------------------------------------------------------------------------


@dataclass
class Indexed(World):
    """Answers at once."""

    by_file_system: Mapping[str, Sequence[Backup]] = field(default_factory=dict)

    def backups_of(self, file_system_id: str, _region: str) -> Sequence[Backup] | None:
        return self.by_file_system[file_system_id]


def many(number: int) -> Callable[[], RegionPlan]:
    """Return what declares so many file systems, each with three backups, three copies and a leftover."""
    names = {f"fs-{n:017x}": [backup(10 * n + k) for k in range(3)] for n in range(1, number + 1)}
    by_file_system = {name: [replace(b, file_system_id=name) for b in backups] for name, backups in names.items()}
    copies = [
        entry(int(b.id[-16:], 16), file_system_id=name) for name, backups in by_file_system.items() for b in backups
    ]
    strangers = [
        copy(10 * n + 9, tags=owned(), file_system_id=f"fs-{n:017x}", source_backup_id=source(10 * n))
        for n in range(1, number + 1)
    ]
    world = Indexed(copies=[*shown(copies), *strangers], by_file_system=by_file_system)
    return lambda: one([dr("dr", *names)], copies, world)


def test_many_sources_are_all_declared() -> None:
    declared = many(50)()

    assert (len(declared.copies), len(declared.removed), len(leftovers(declared))) == (100, 50, 50)


def test_the_time_to_declare_grows_as_the_number_of_sources() -> None:
    assert growth(150, many) < 3 * TIMES, "the square of it would be 64"

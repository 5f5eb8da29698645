"""What the DrRegions of a program declare: what the state holds stays, or goes for a reason (R13, R16, R17)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.copies.copy import BACKUP_COPY_TYPE, DR_REGION_TYPE, NATIVE_COPY_TYPE
from pulumi_fsx_dr.copies.held import HeldCopy
from pulumi_fsx_dr.copies.ownership import Mark, Pending, Recorded, Token
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.rules.declaration import Declaration, DrRegionSpec, declare, declare_outputs, is_of_output

from tests.backups import FILE_SYSTEM, OTHER_FILE_SYSTEM, copy, hours_ago

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


def held(number: int, name: str = "", *, number_of_copy: int | None = None, **changes: Any) -> HeldCopy:
    """Return the copy of backup `number` as the state of the DrRegion `dr` holds it; its own id may be another's."""
    region = changes.get("region", AWAY)
    made = number if number_of_copy is None else number_of_copy
    outputs = {
        "arn": f"arn:aws:fsx:{region}:111122223333:backup/backup-c{made:016x}",
        "region": region,
        "source_backup_id": source(number),
        "source_region": HOME,
        "source_creation_time": hours_ago(number).isoformat(),
        "file_system_id": FILE_SYSTEM,
        "nonce": f"nonce-{made}",
    }
    address = changes.pop("urn", "") or urn(name or f"dr-{source(number)}")
    return HeldCopy(address, {k: v for k, v in (outputs | changes).items() if v is not None})


def dr(
    name: str = "dr",
    *file_systems: str,
    region: str = AWAY,
    keep: int = 2,
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
        gone: ids of copies that surely are no more.
        held: all copies of the state.
        asked: the nonces of the program's single copies, by name.
        not_listed: copies that are shown only to who asks for them by id.
        file_systems: those that exist.
        keys: ARNs behind aliases, by Region and alias.
        tags: of the file systems that are listed, by Region and id.
    """

    backups: Sequence[Backup] = ()
    copies: Sequence[Backup] = ()
    dark: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    held: Sequence[HeldCopy] = ()
    asked: Mapping[str, str] = field(default_factory=dict)
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

    def copies_left_in(self, region: str) -> Sequence[Backup]:
        return [] if region in self.dark else self.copies_in(region)

    def unlisted(self, copy: HeldCopy) -> Backup | None:
        return next((b for b in self.not_listed if b.id == copy.id), None)

    def is_gone(self, copy: HeldCopy) -> bool:
        return copy.id in self.gone

    def resolved_key(self, region: str, kms_key_id: str) -> str:
        return self.keys.get((region, kms_key_id), kms_key_id)


def shown(copies: Iterable[HeldCopy], lifecycle: str = "AVAILABLE") -> list[Backup]:
    """Return copies that the state holds as AWS shows them."""
    return [
        copy(
            id=held_copy.id,
            region=held_copy.region,
            lifecycle=lifecycle,
            source_backup_id=held_copy.source_backup_id,
            file_system_id=held_copy.output("file_system_id") or None,
            volume_id=held_copy.output("volume_id") or None,
            mark=Recorded(held_copy.ownership.nonce, held_copy.source_creation_time, f"files/prod/{held_copy.name}"),
        )
        for held_copy in copies
    ]


def decide(regions: Sequence[DrRegionSpec], copies: Sequence[HeldCopy], world: World) -> dict[str, Declaration]:
    """Return what DrRegions declare whose copies are all that the state holds."""
    return declare(regions, copies, replace(world, held=copies))


def one(regions: Sequence[DrRegionSpec], copies: Sequence[HeldCopy], world: World) -> Declaration:
    """Return what the one DrRegion declares."""
    (declaration,) = decide(regions, copies, world).values()
    return declaration


def names(declaration: Declaration) -> list[str]:
    return [declared.name for declared in declaration.copies]


def kept(declaration: Declaration) -> list[str]:
    """Return the ids of the state's copies that stay declared."""
    return [declared.held.id for declared in declaration.copies if declared.held]


def made(declaration: Declaration) -> list[str]:
    """Return the sources of the copies that are to be made."""
    return [declared.args["source_backup_id"] for declared in declaration.copies if declared.held is None]


def going(declaration: Declaration) -> dict[str, str]:
    return {gone.copy.id: gone.reason for gone in declaration.going}


# --- what is declared -------------------------------------------------------------------------------------------------


def test_the_newest_backups_of_a_file_system_are_declared() -> None:
    declared = one([dr()], [], World([backup(3), backup(1), backup(2)]))

    assert names(declared) == [f"dr-{source(1)}", f"dr-{source(2)}"]
    assert [copy.args for copy in declared.copies] == [
        {"source_backup_id": source(1), "source_region": HOME},
        {"source_backup_id": source(2), "source_region": HOME},
    ]
    assert (declared.going, declared.warnings) == ([], [])


def test_each_source_may_keep_its_own_number() -> None:
    sources = [{"file_system_id": FILE_SYSTEM, "region": HOME, "keep": 1}]

    assert made(one([dr(sources=sources)], [], World([backup(1), backup(2)]))) == [source(1)]


def test_a_backup_that_is_a_source_by_itself_is_declared_without_asking_for_its_file_system() -> None:
    sources = [{"backup_id": source(1), "region": HOME}]

    declared = one([dr(sources=sources)], [], World(dark=frozenset({HOME})))

    assert [copy.args for copy in declared.copies] == [{"source_backup_id": source(1), "source_region": HOME}]


def test_the_copy_of_a_backup_that_is_a_source_by_itself_never_expires() -> None:
    copies = [held(1)]

    declared = one([dr(sources=[{"backup_id": source(1), "region": HOME}])], copies, World(copies=shown(copies)))

    assert (kept(declared), declared.going) == ([copies[0].id], [])


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
            f"{source(1)} in {HOME} has no copy, because FSx copies no backups of file systems with "
            "Intelligent-Tiering storage."
        )
    ]


def test_a_file_system_that_is_not_there_is_an_error_before_anything_is_changed() -> None:
    with pytest.raises(
        InvalidSettingsError,
        match=f"There is no file system {FILE_SYSTEM} in {HOME}, and neither backups nor copies of it: correct the",
    ):
        decide([dr()], [], World(file_systems=frozenset()))


def test_a_file_system_that_is_gone_keeps_its_copies() -> None:
    copies = [held(1)]

    declared = one([dr()], copies, World(copies=shown(copies), file_systems=frozenset()))

    assert kept(declared) == [copies[0].id]


def test_a_source_with_too_many_tags_is_refused_in_preview_with_the_way_out() -> None:
    crowded = backup(1, tags={f"tag-{n}": "x" for n in range(50)})

    with pytest.raises(InvalidSettingsError, match="set copy_tags to False, or remove tags of the backup"):
        decide([dr()], [], World([crowded]))
    assert made(one([dr(copy_tags=False)], [], World([crowded]))) == [source(1)]


def test_a_source_that_got_too_many_tags_after_it_was_copied_fails_nothing() -> None:
    copies = [held(1)]
    crowded = backup(1, tags={f"tag-{n}": "x" for n in range(50)})

    assert kept(one([dr()], copies, World([crowded], shown(copies)))) == [copies[0].id]


# --- the reasons for which a copy of the state goes -------------------------------------------------------------------


def test_keep_newer_copies_push_one_out_whether_they_are_there_or_made_in_this_run() -> None:
    copies = [held(2), held(3)]

    declared = one([dr()], copies, World([backup(1), backup(2), backup(3)], shown(copies)))

    assert (made(declared), kept(declared)) == ([source(1)], [copies[0].id])
    assert [str(gone) for gone in declared.going] == [
        f"{copies[1].id} in {AWAY}, a copy of {source(3)}, goes: 2 newer copies of {FILE_SYSTEM} are kept."
    ]


@pytest.mark.parametrize("lifecycle", ["FAILED", "DELETED", None])
def test_a_newer_copy_that_is_none_pushes_nothing_out(lifecycle: str | None) -> None:
    newer, older = held(1), held(2)
    dead = shown([newer], lifecycle) if lifecycle else []

    declared = one([dr(keep=1)], [newer, older], World(copies=[*dead, *shown([older])]))

    assert kept(declared) == [newer.id, older.id]
    assert declared.going == []


def test_a_source_that_was_taken_out_takes_its_copies_along() -> None:
    copies = [held(1), held(2, file_system_id=OTHER_FILE_SYSTEM)]

    declared = one([dr()], copies, World([backup(1)], shown(copies)))

    assert going(declared) == {copies[1].id: "its source was taken out of the program"}
    assert kept(declared) == [copies[0].id]


def test_a_dr_region_that_was_taken_out_goes_if_another_has_copies() -> None:
    left, stays = held(1, f"north-{source(1)}", region=ELSEWHERE, number_of_copy=7), held(1)

    declared = one([dr()], [left, stays], World([backup(1)], shown([left, stays])))

    assert going(declared) == {left.id: f"its DR Region was taken out of the program, and {AWAY} has copies"}


def test_a_copy_in_a_region_that_was_taken_out_and_that_is_surely_gone_goes() -> None:
    gone = held(1, region=ELSEWHERE)

    declared = one([dr()], [gone], World(dark=frozenset({HOME}), gone=frozenset({gone.id})))

    assert going(declared) == {gone.id: "it is gone from AWS"}


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_copies_of_one_backup_in_one_region_the_available_one_stays(order: int) -> None:
    running, done = held(1), held(1, f"former-{source(1)}", number_of_copy=8)

    declared = one([dr()], [running, done][::order], World([backup(1)], [*shown([running], "COPYING"), *shown([done])]))

    assert kept(declared) == [done.id]
    assert going(declared) == {running.id: f"{done.id} is a copy of the same backup in the same Region"}


def test_of_two_copies_of_one_backup_neither_goes_before_one_is_available() -> None:
    twins = [held(1), held(1, f"former-{source(1)}", number_of_copy=8)]

    declared = one([dr()], twins, World([backup(1)], shown(twins, "COPYING")))

    assert sorted(kept(declared)) == sorted(copy.id for copy in twins)
    assert len(set(names(declared))) == 2
    assert declared.going == []


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
    before = held(1, urn=former)

    declared = one([dr()], [before], World(sources, shown([before])))

    (only,) = declared.copies
    assert (only.name, only.held) == (f"dr-{source(1)}", before)
    assert (declared.going, declared.warnings) == ([], [])


@pytest.mark.parametrize("former", RENAMED.values(), ids=RENAMED)
def test_a_copy_is_known_again_when_the_source_is_dark(former: str) -> None:
    before = held(1, urn=former)

    declared = one([dr()], [before], World(copies=shown([before]), dark=frozenset({HOME})))

    assert (kept(declared), declared.going) == ([before.id], [])


def test_a_name_with_colons_has_copies_of_its_own_name() -> None:
    declared = one([dr("a::b")], [], World([backup(1)]))

    assert names(declared) == [f"a::b-{source(1)}"]
    before = held(1, f"a::b-{source(1)}")
    assert kept(one([dr("a::b")], [before], World([backup(1)], shown([before])))) == [before.id]


def test_two_dr_regions_of_one_region_and_source_each_keep_their_own() -> None:
    ours, theirs = held(1, kms_key_id=KEY), held(1, f"second-{source(1)}", number_of_copy=8, kms_key_id=OTHER_KEY)
    regions = [dr(kms_key_id=KEY), dr("second", kms_key_id=OTHER_KEY)]

    first, second = decide(regions, [theirs, ours], World([backup(1)], shown([ours, theirs]))).values()

    assert (kept(first), kept(second)) == ([ours.id], [theirs.id])
    assert (first.going, second.going) == ([], [])


def test_of_two_dr_regions_the_renamed_one_gets_the_copies_that_the_other_has_not() -> None:
    ours, theirs = held(1), held(1, f"before-{source(1)}", number_of_copy=8)

    first, second = decide([dr(), dr("now")], [theirs, ours], World([backup(1)], shown([ours, theirs]))).values()

    assert (kept(first), kept(second)) == ([ours.id], [theirs.id])


def test_a_copy_that_bears_our_names_and_that_the_state_does_not_hold_is_named_and_not_declared() -> None:
    stranger = copy(9, mark=Recorded("unknown", hours_ago(9), f"files/prod/dr-{source(9)}"))

    declared = one([dr()], [], World([backup(1)], [stranger]))

    assert made(declared) == [source(1)]
    (warning,) = declared.warnings
    assert warning.startswith(
        f"{stranger.id} in {AWAY}, a copy of {source(9)}, bears the mark of files/prod/dr-{source(9)}, "
        "but no entry of the state is its own: fsx-dr orphans"
    )


@pytest.mark.parametrize(
    "mark",
    [
        Recorded("offered", hours_ago(9), "files/prod/nightly"),
        Pending(Token.of(urn("x")), hours_ago(9), "files/prod/nightly"),
    ],
    ids=["recorded in this run", "under way"],
)
def test_what_a_single_copy_of_the_same_program_makes_is_not_named(mark: Mark) -> None:
    world = World([backup(1)], [copy(9, mark=mark)], asked={"nightly": "offered"})

    assert one([dr()], [], world).warnings == []


def test_what_the_state_holds_outside_of_dr_regions_is_not_named() -> None:
    single = held(9, "nightly")

    (declared,) = declare([dr()], [], World([backup(1)], shown([single]), held=[single])).values()

    assert declared.warnings == []


def test_what_bears_the_mark_of_another_stack_is_nobody_s_business() -> None:
    theirs = copy(9, mark=Recorded("unknown", hours_ago(9), f"files/test/dr-{source(9)}"))

    assert one([dr()], [], World([backup(1)], [theirs])).warnings == []


# --- what is not known is not empty -----------------------------------------------------------------------------------


def test_a_dark_source_lets_nothing_go_and_makes_nothing() -> None:
    copies = [held(1), held(2), held(3)]

    declared = one([dr(keep=1)], copies, World(copies=shown(copies), dark=frozenset({HOME})))

    assert (kept(declared), made(declared), declared.going) == ([copy.id for copy in copies], [], [])


def test_with_a_dark_source_and_another_region_the_copies_stay_where_they_are() -> None:
    copies = [held(1, kms_key_id=KEY), held(2)]

    declared = one([dr(region=ELSEWHERE)], copies, World(copies=shown(copies), dark=frozenset({HOME})))

    assert [copy.args for copy in declared.copies] == [
        {"source_backup_id": source(1), "region": AWAY, "source_region": HOME, "kms_key_id": KEY},
        {"source_backup_id": source(2), "region": AWAY, "source_region": HOME, "kms_key_id": None},
    ]
    assert kept(declared) == [copy.id for copy in copies]
    assert declared.going == []
    assert declared.warnings[0] == (
        f"{copies[0].id} in {AWAY} stays, although the program declares nothing there any more: "
        f"no other Region has a copy of {FILE_SYSTEM}, or can get one now."
    )


def test_with_a_dark_source_the_copies_of_a_region_that_was_taken_out_stay_beside_those_of_another() -> None:
    """Its copies stay as they are and none is retired: so the run says, and so it is."""
    out, stays = held(1, f"north-{source(1)}", region=ELSEWHERE, number_of_copy=7), held(1)

    declared = one([dr()], [out, stays], World([], shown([out, stays]), frozenset({HOME})))

    assert {*kept(declared)} == {out.id, stays.id}
    assert declared.warnings == [
        (
            f"{out.id} in {ELSEWHERE} stays, although the program declares nothing there any more: "
            f"its source Region {HOME} does not answer."
        )
    ]


def test_a_file_system_without_a_usable_backup_keeps_its_copies_in_the_old_region() -> None:
    copies = [held(1)]

    declared = one([dr(region=ELSEWHERE)], copies, World([backup(2, lifecycle="CREATING")], shown(copies)))

    assert (kept(declared), made(declared), declared.going) == ([copies[0].id], [], [])


def test_with_a_source_that_answers_another_region_gets_copies_and_the_old_ones_go() -> None:
    copies = [held(1), held(2)]

    declared = one([dr(region=ELSEWHERE)], copies, World([backup(1), backup(2)], shown(copies)))

    assert made(declared) == [source(1), source(2)]
    reason = f"its DR Region was taken out of the program, and {ELSEWHERE} has copies"
    assert going(declared) == {copy.id: reason for copy in copies}


@pytest.mark.parametrize("dark", [frozenset({HOME}), frozenset()], ids=["dark", "without backups"])
def test_the_old_region_goes_one_file_system_at_a_time(dark: frozenset[str]) -> None:
    """That another file system has copies in the new Region is no reason."""
    copies = [held(1), held(2, file_system_id=OTHER_FILE_SYSTEM)]
    sources = [
        {"file_system_id": FILE_SYSTEM, "region": HOME},
        {"file_system_id": OTHER_FILE_SYSTEM, "region": "eu-south-1"},
    ]
    others = backup(2, file_system_id=OTHER_FILE_SYSTEM, region="eu-south-1")

    declared = one([dr(region=ELSEWHERE, sources=sources)], copies, World([others], shown(copies), dark))

    assert made(declared) == [source(2)]
    assert kept(declared) == [copies[0].id]
    assert going(declared).keys() == {copies[1].id}


def test_copies_that_a_dark_dr_region_does_not_show_are_not_gone() -> None:
    hidden = held(1, region=ELSEWHERE)

    declared = one([dr()], [hidden], World([], dark=frozenset({ELSEWHERE, HOME})))

    assert (kept(declared), declared.going) == ([hidden.id], [])


def test_a_copy_that_no_listing_shows_yet_counts_if_it_is_found_by_its_id() -> None:
    newer, older = held(1), held(2)
    world = World([backup(1), backup(2)], shown([older]), not_listed=shown([newer]))

    declared = one([dr(keep=1)], [newer, older], world)

    assert (kept(declared), list(going(declared))) == ([newer.id], [older.id])


def test_copies_of_an_unknown_file_system_stay_as_long_as_it_may_be_the_declared_one() -> None:
    """Two of them may be of two file systems, so neither pushes the other out."""
    copies = [held(1, file_system_id=None), held(2, file_system_id=None)]

    declared = one([dr(keep=1)], copies, World([backup(3)], shown(copies)))

    assert {*kept(declared)} == {copy.id for copy in copies}
    assert declared.going == []


def test_a_copy_of_an_unknown_file_system_is_of_that_of_its_source() -> None:
    """Somebody deleted it, so AWS does not tell; it is declared once, and its source is not copied beside it."""
    lost = held(1, file_system_id=None)

    declared = one([dr()], [lost], World([backup(1)]))

    assert names(declared) == [f"dr-{source(1)}"]
    assert kept(declared) == [lost.id]


def test_what_the_state_does_not_tell_of_a_copy_is_told_by_aws() -> None:
    """States of former versions hold no volume, and for ONTAP no file system."""
    copies = [held(1, file_system_id=None), held(2, file_system_id=None)]
    seen = [replace(copy, file_system_id=FILE_SYSTEM, volume_id=VOLUMES[0]) for copy in shown(copies)]

    declared = one([dr(keep=1)], copies, World(copies=seen))

    assert going(declared) == {copies[1].id: f"1 newer copy of {VOLUMES[0]} is kept"}


def test_each_ontap_volume_keeps_its_own_number() -> None:
    copies = [held(number, volume_id=VOLUMES[number % 2]) for number in (1, 2, 3, 4)]
    there = [backup(number, volume_id=VOLUMES[number % 2]) for number in (1, 2, 3, 4)]

    declared = one([dr(keep=1)], copies, World(there, shown(copies)))

    assert {*kept(declared)} == {copies[0].id, copies[1].id}
    assert going(declared).keys() == {copies[2].id, copies[3].id}


# --- sources that have expired ----------------------------------------------------------------------------------------


def test_a_copy_whose_source_has_expired_is_declared_as_it_is() -> None:
    expired = held(1, kms_key_id=KEY, source_region="eu-south-1")

    declared = one([dr(kms_key_id=KEY)], [expired], World([backup(2)], shown([expired])))

    assert declared.copies[0].args == {
        "source_backup_id": source(1),
        "source_region": "eu-south-1",
        "kms_key_id": KEY,
    }
    assert declared.warnings == []


def test_when_the_key_changes_a_copy_whose_source_has_expired_keeps_its_own_and_one_warning_says_so() -> None:
    expired, there = held(2, kms_key_id=KEY, kms_key_arn=KEY), held(1, kms_key_id=KEY, kms_key_arn=KEY)

    declared = one([dr(kms_key_id=OTHER_KEY)], [there, expired], World([backup(1)], shown([there, expired])))

    assert [copy.args.get("kms_key_id") for copy in declared.copies] == [None, KEY], "None: that of the DrRegion"
    assert declared.warnings == [
        (
            f"{expired.id} in {AWAY} keeps its KMS key, because its source {source(2)} is out of reach; "
            "it goes when newer copies push it out."
        )
    ]


def test_the_same_key_written_another_way_is_no_other_key() -> None:
    expired = held(1, kms_key_id=KEY, kms_key_arn=KEY)

    declared = one([dr(kms_key_id=KEY.rpartition("/")[2])], [expired], World([], shown([expired])))

    assert declared.warnings == []


# --- what killed runs left --------------------------------------------------------------------------------------------


def left(number: int, *, key: str | None = None, name: str = "dr", **changes: Any) -> Backup:
    """Return the pending copy that a killed run of a DrRegion started."""
    token = Token.of(
        urn(f"{name}-{source(number)}"), AWAY, source(number), HOME, key and f"key/{key.rpartition('/')[2]}"
    )
    mark = Pending(token, hours_ago(number), f"files/prod/{name}-{source(number)}")
    return copy(number, mark=mark, lifecycle="COPYING", **changes)


def test_what_a_killed_run_started_is_gone_on_with_although_its_source_has_expired() -> None:
    declared = one([dr()], [], World([backup(1)], [left(2)]))

    assert made(declared) == [source(1), source(2)]
    assert declared.copies[1].args == {"source_backup_id": source(2), "source_region": HOME, "kms_key_id": None}
    assert declared.warnings == []


def test_it_is_gone_on_with_under_the_key_that_it_was_started_with() -> None:
    declared = one([dr(kms_key_id=OTHER_KEY)], [], World([], [left(1, key=KEY, kms_key_arn=KEY)]))

    assert [copy.args["kms_key_id"] for copy in declared.copies] == [KEY]


def test_what_newer_backups_have_overtaken_is_named() -> None:
    overtaken = [left(3), left(4)]

    declared = one([dr()], [], World([backup(1), backup(2), backup(3), backup(4)], overtaken))

    assert made(declared) == [source(1), source(2)]
    assert [warning.partition(",")[0] for warning in declared.warnings] == [f"{o.id} in {AWAY}" for o in overtaken]


def test_what_is_still_to_be_copied_is_not_named_as_left_over() -> None:
    assert one([dr()], [], World([backup(1)], [left(1)])).warnings == []


def test_what_failed_is_not_gone_on_with() -> None:
    declared = one([dr()], [], World([backup(1)], [replace(left(2), lifecycle="FAILED")]))

    assert (made(declared), declared.warnings) == ([source(1)], [])


def test_what_another_resource_started_is_not_ours_to_go_on_with() -> None:
    assert made(one([dr()], [], World([backup(1)], [left(2, name="other")]))) == [source(1)]


# --- sources that are outputs -----------------------------------------------------------------------------------------


def of_output(position: int, number: int) -> HeldCopy:
    return held(number, f"dr-source-{position}")


def test_sources_that_are_outputs_are_named_by_position() -> None:
    declared = declare_outputs(dr(), {0: (source(1), HOME), 1: (None, HOME)}, [])

    assert names(declared) == ["dr-source-0", "dr-source-1"]


def test_when_the_first_is_taken_out_the_second_keeps_its_copy() -> None:
    first, second = of_output(0, 1), of_output(1, 2)

    declared = declare_outputs(dr(), {0: (source(2), HOME)}, [first, second])

    assert kept(declared) == [second.id]
    assert names(declared) == ["dr-source-1"]
    assert going(declared) == {first.id: "its source was taken out of the program"}


def test_when_one_is_put_before_another_each_has_a_name_of_its_own() -> None:
    declared = declare_outputs(dr(), {0: (source(2), HOME), 1: (source(1), HOME)}, [of_output(0, 1)])

    assert sorted(names(declared)) == ["dr-source-0", "dr-source-1"]
    assert {copy.name: copy.held.id if copy.held else None for copy in declared.copies} == {
        "dr-source-0": of_output(0, 1).id,
        "dr-source-1": None,
    }


def test_a_renamed_dr_region_knows_the_copies_of_its_outputs() -> None:
    declared = declare_outputs(dr("now"), {0: (source(1), HOME)}, [of_output(0, 1)])

    (only,) = declared.copies
    assert (only.name, only.held) == ("now-source-0", of_output(0, 1))


def test_a_source_that_preview_does_not_know_yet_lets_nothing_go_under_its_name() -> None:
    before = of_output(0, 1)

    assert declare_outputs(dr(), {0: (None, HOME)}, [before]).going == []


def test_the_copies_of_outputs_are_left_to_the_dr_region_that_has_outputs() -> None:
    assert is_of_output(of_output(0, 1), [dr(has_outputs=True)])
    assert not is_of_output(of_output(0, 1), [dr()])
    assert not is_of_output(held(1), [dr(has_outputs=True)])


# --- whatever the world is like ---------------------------------------------------------------------------------------

FILE_SYSTEMS = (FILE_SYSTEM, OTHER_FILE_SYSTEM)
REGIONS = (AWAY, ELSEWHERE)
REASONS = ("newer cop", "taken out of the program", "gone from AWS", "copy of the same backup in the same Region")


@dataclass(frozen=True)
class Scene:
    """A program, a state and a world."""

    regions: list[DrRegionSpec]
    held: list[HeldCopy]
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
    copies: list[HeldCopy] = []
    lifecycles: dict[str, str | None] = {}
    for serial in range(draw(st.integers(0, 8))):
        number = draw(st.sampled_from(sorted(owners)))
        former = draw(st.sampled_from([f"dr-{source(number)}", f"second-{source(number)}", f"old::name-{serial}"]))
        one_held = held(
            number,
            number_of_copy=100 + serial,
            urn=urn(former, stack=draw(st.sampled_from(["prod", "before"])), types=f"x:y:Z{serial}${DR_REGION_TYPE}")
            if draw(st.booleans()) or any(c.name == former for c in copies)
            else urn(former),
            region=draw(st.sampled_from(REGIONS)),
            file_system_id=draw(st.sampled_from([owners[number], None])),
        )
        copies.append(one_held)
        lifecycles[one_held.id] = draw(st.sampled_from(["AVAILABLE", "AVAILABLE", "COPYING", "FAILED", None]))
    seen = [
        replace(b, lifecycle=state, file_system_id=owners[int(b.source_backup_id[-16:], 16)])
        for b in shown(copies)
        if (state := lifecycles[b.id]) and b.source_backup_id
    ]
    regions = [
        dr(
            name,
            region=draw(st.sampled_from(REGIONS)),
            keep=draw(st.integers(1, 3)),
            sources=[{"file_system_id": fs, "region": HOME} for fs in FILE_SYSTEMS if draw(st.booleans())],
        )
        for name in ("dr", "second")[: draw(st.integers(1, 2))]
    ]
    dark = frozenset({HOME} if draw(st.booleans()) else ())
    gone = frozenset(id_ for id_, state in lifecycles.items() if state is None and draw(st.booleans()))
    return Scene(regions, copies, lifecycles, World(there, seen, dark, gone))


@given(scenes())
def test_nothing_leaves_without_a_reason(scene: Scene) -> None:
    declarations = decide(scene.regions, scene.held, scene.world).values()

    stay = [id_ for declaration in declarations for id_ in kept(declaration)]
    leave = {id_: reason for declaration in declarations for id_, reason in going(declaration).items()}
    assert sorted([*stay, *leave]) == sorted(copy.id for copy in scene.held)
    assert all(any(known in reason for known in REASONS) for reason in leave.values())


@given(scenes())
def test_no_two_copies_of_a_dr_region_have_one_name(scene: Scene) -> None:
    for declaration in decide(scene.regions, scene.held, scene.world).values():
        assert len(set(names(declaration))) == len(declaration.copies)


@given(scenes())
def test_nothing_of_a_declared_file_system_goes_while_its_source_is_dark(scene: Scene) -> None:
    world = replace(scene.world, dark=frozenset({HOME}))

    for declaration in decide(scene.regions, scene.held, world).values():
        assert set(going(declaration).values()) <= {"its source was taken out of the program", "it is gone from AWS"}


@given(scenes())
def test_a_declared_file_system_that_had_an_available_copy_has_one(scene: Scene) -> None:
    """What is to be made counts: until it is, nothing of that file system is deleted (test_continue_on_error.py)."""
    declarations = decide(scene.regions, scene.held, scene.world).values()

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
    first = decide(scene.regions, scene.held, scene.world)
    regions = {region.urn: region for region in scene.regions}
    settled, seen, serial = [], [], 500
    for address, declaration in first.items():
        for declared in declaration.copies:
            serial += 1
            number = int(declared.args["source_backup_id"][-16:], 16)
            owner = next(
                (b.file_system_id for b in scene.world.copies if declared.held and b.id == declared.held.id),
                next((b.file_system_id for b in scene.world.backups if b.id == source(number)), None),
            )
            settled.append(
                held(
                    number,
                    number_of_copy=serial,
                    urn=regions[address].child_urn(declared.name),
                    region=declared.args.get("region", regions[address].region),
                    file_system_id=(declared.held and declared.held.output("file_system_id")) or owner,
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
        assert (made(declaration), declaration.going) == ([], [])


# --- copies that exist already (adopt="existing") -------------------------------------------------------------------


def adopted(declaration: Declaration) -> dict[str, str | None]:
    """Return what each declared copy adopts, by its source."""
    return {c.args["source_backup_id"]: c.args.get("adopt_backup_id") for c in declaration.copies}


def test_copies_that_exist_are_adopted_and_not_made_anew() -> None:
    by_script = [copy(n, kms_key_arn=KEY) for n in (1, 2, 3)]
    region = dr(adopts=True, kms_key_id=KEY)

    made = declare([region], [], World(backups=[backup(1), backup(2), backup(3)], copies=by_script))[region.urn]

    assert adopted(made) == {source(1): by_script[0].id, source(2): by_script[1].id}, "keep is 2"
    assert made.notes == [f"{c.id} in {AWAY}, a copy of {c.source_backup_id}, is adopted." for c in by_script[:2]]


def test_a_copy_whose_source_is_gone_is_adopted_too() -> None:
    region = dr(adopts=True)

    made = declare([region], [], World(copies=[copy(1)]))[region.urn]

    assert adopted(made) == {source(1): copy(1).id}


@pytest.mark.parametrize(
    "unfit",
    [
        copy(1, kms_key_arn=OTHER_KEY),
        copy(1, kms_key_arn=KEY, type="AWS_BACKUP"),
        copy(1, kms_key_arn=KEY, lifecycle="FAILED"),
        copy(1, kms_key_arn=KEY, lifecycle="COPYING"),
        copy(1, kms_key_arn=KEY, file_system_id=OTHER_FILE_SYSTEM, source_backup_id=source(9)),
    ],
    ids=["another key", "of AWS Backup", "failed", "still running", "of another file system"],
)
def test_what_does_not_fit_is_left_alone_and_a_copy_is_made(unfit: Backup) -> None:
    region = dr(adopts=True, kms_key_id=KEY)

    made = declare([region], [], World(backups=[backup(1)], copies=[unfit]))[region.urn]

    assert adopted(made) == {source(1): None}


def test_a_key_behind_an_alias_is_looked_up() -> None:
    region = dr(adopts=True, kms_key_id="alias/dr")
    world = World(backups=[backup(1)], copies=[copy(1, kms_key_arn=KEY)], keys={(AWAY, "alias/dr"): KEY})

    assert adopted(declare([region], [], world)[region.urn]) == {source(1): copy(1).id}


def test_what_the_state_holds_is_adopted_by_nobody() -> None:
    region, own = dr(adopts=True), held(1)

    made = declare([region], [own], World(backups=[backup(1)], copies=shown([own]), held=[own]))[region.urn]

    assert adopted(made) == {source(1): None}
    assert made.copies[0].held == own


def test_without_being_told_to_adopt_the_preview_says_that_copies_are_there() -> None:
    region = dr()

    made = declare([region], [], World(backups=[backup(1)], copies=[copy(1), copy(5)]))[region.urn]

    assert adopted(made) == {source(1): None}
    assert made.notes == [
        (
            f"{copy(1).id} in {AWAY}, a copy of {source(1)}, is held by nothing in this state: "
            'with adopt="existing" it is not copied anew, if its key fits.'
        )
    ]


def test_what_a_killed_run_of_this_dr_region_left_is_gone_on_with_and_not_adopted() -> None:
    region = dr(adopts=True)
    token = Token.of(region.child_urn(f"dr-{source(1)}"), AWAY, source(1), HOME, None)
    left = copy(1, mark=Pending(token, hours_ago(1), "files/prod/dr"))

    made = declare([region], [], World(backups=[backup(1)], copies=[left]))[region.urn]

    assert adopted(made) == {source(1): None}
    assert made.notes == []


def test_too_many_tags_of_a_source_are_no_matter_for_a_copy_that_is_adopted() -> None:
    region = dr(adopts=True)
    tagged = backup(1, tags={f"k{n}": "" for n in range(50)})

    made = declare([region], [], World(backups=[tagged], copies=[copy(1)]))[region.urn]

    assert adopted(made) == {source(1): copy(1).id}


def test_copies_that_the_other_host_holds_are_adopted() -> None:
    """A program in another language takes a stack of dynamic copies over, and copies nothing."""
    native = dr(adopts=True, copy_type=NATIVE_COPY_TYPE)
    dynamic = [held(1), held(2)]

    made = declare([native], [], World(backups=[backup(1), backup(2)], copies=shown(dynamic), held=dynamic))[native.urn]

    assert adopted(made) == {source(1): dynamic[0].id, source(2): dynamic[1].id}
    assert made.warnings == []

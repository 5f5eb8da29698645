"""Which recovery points of a file system a DR Region keeps, makes and lets go (R13, R16)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.rules.retention import RecoveryPoint, Selection, is_recovery_point, select

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def point(hours: int, *, held: bool = False, counts: bool = True) -> RecoveryPoint:
    """Return the point of so many hours before noon; `held`: the state holds a copy of it."""
    name = f"{hours:017x}"
    return RecoveryPoint(
        source_backup_id=f"backup-{name}",
        time=NOON - timedelta(hours=hours),
        held_id=f"copy-{name}" if held else "",
        counts=counts,
    )


def held(hours: int, *, counts: bool = True) -> RecoveryPoint:
    return point(hours, held=True, counts=counts)


@st.composite
def points(draw: st.DrawFn) -> list[RecoveryPoint]:
    """Return points in any order; one that the state holds may be FAILED or gone, and then does not count."""
    hours = draw(st.lists(st.integers(0, 30), unique=True, max_size=12))
    return [
        point(hour, held=holds, counts=not holds or draw(st.booleans()))
        for hour in hours
        for holds in [draw(st.booleans())]
    ]


keeps = st.integers(1, 8)


def test_the_newest_backups_are_made_newest_first() -> None:
    assert select([point(3), point(1), point(2)], keep=2) == Selection(kept=[point(1), point(2)], going=[])


def test_what_the_state_holds_goes_behind_keep_newer_ones() -> None:
    assert select([held(2), point(1), held(3)], keep=2) == Selection(kept=[point(1), held(2)], going=[held(3)])


def test_a_copy_whose_source_has_expired_stays_until_newer_ones_push_it_out() -> None:
    assert select([point(2), held(5)], keep=2).going == []
    assert select([point(1), held(2), held(5)], keep=2).going == [held(5)]


def test_a_copy_that_failed_pushes_nothing_out_and_is_made_anew() -> None:
    failed = held(1, counts=False)

    assert select([failed, held(5)], keep=1) == Selection(kept=[failed, held(5)], going=[])


def test_nothing_goes_if_nothing_may() -> None:
    everything = [held(hours) for hours in range(5)]

    assert select(everything, keep=1, may_go=False) == Selection(kept=everything, going=[])


def test_nothing_new_is_made_behind_keep_newer_ones_in_any_case() -> None:
    assert select([point(1), point(2)], keep=1, may_go=False).kept == [point(1)]


@pytest.mark.parametrize("names", [("backup-a", "backup-b"), ("backup-b", "backup-a")])
def test_two_of_one_moment_are_told_apart_the_same_way_in_each_run(names: tuple[str, str]) -> None:
    at_once = [replace(held(1), source_backup_id=name) for name in names]

    chosen = select(at_once, keep=1)

    assert [p.source_backup_id for p in chosen.kept] == ["backup-b"]
    assert [p.source_backup_id for p in chosen.going] == ["backup-a"]


@given(known=points(), keep=keeps, may_go=st.booleans())
def test_what_the_state_holds_is_kept_or_goes_and_never_vanishes(
    known: list[RecoveryPoint], keep: int, *, may_go: bool
) -> None:
    chosen = select(known, keep, may_go=may_go)

    assert {p.held_id for p in [*chosen.kept, *chosen.going] if p.held_id} == {p.held_id for p in known if p.held_id}
    assert not {p.held_id for p in chosen.kept if p.held_id} & {p.held_id for p in chosen.going}
    assert all(p.held_id for p in chosen.going)


@given(points(), keeps)
def test_what_goes_has_keep_newer_ones_that_count_and_stay(known: list[RecoveryPoint], keep: int) -> None:
    chosen = select(known, keep)

    for gone in chosen.going:
        assert len([p for p in chosen.kept if p.counts and p.time > gone.time]) >= keep


@given(points(), keeps)
def test_nothing_goes_while_the_source_is_dark(known: list[RecoveryPoint], keep: int) -> None:
    assert select(known, keep, may_go=False).going == []


@given(points(), keeps)
def test_the_newest_that_count_are_all_kept(known: list[RecoveryPoint], keep: int) -> None:
    newest = sorted((p for p in known if p.counts), key=lambda p: p.time, reverse=True)[:keep]

    assert {p.source_backup_id for p in newest} <= {p.source_backup_id for p in select(known, keep).kept}


@given(points(), keeps)
def test_the_order_of_the_listing_does_not_matter(known: list[RecoveryPoint], keep: int) -> None:
    assert select(known, keep) == select(known[::-1], keep)


@given(points(), keeps)
def test_a_run_in_which_all_goes_well_converges(known: list[RecoveryPoint], keep: int) -> None:
    """What is kept has been made, and what goes has gone; the sources of those are there still."""
    chosen = select(known, keep)
    made = [replace(p, held_id=f"copy-of-{p.source_backup_id}", counts=True) for p in chosen.kept]
    left = [replace(p, held_id="", counts=True) for p in chosen.going]

    again = select([*made, *left, *(p for p in known if not p.held_id and p not in chosen.kept)], keep)
    settled = select(again.kept, keep)

    assert {p.source_backup_id for p in again.kept} <= {p.source_backup_id for p in chosen.kept}
    assert settled == Selection(kept=again.kept, going=[])


def test_only_available_backups_that_are_no_copies_and_not_of_aws_backup_count() -> None:
    def backup(lifecycle: str = "AVAILABLE", kind: str = "AUTOMATIC", source: str | None = None) -> Backup:
        return Backup(
            id="backup-0123456789abcdef0",
            arn="arn:aws:fsx:us-east-1:123456789012:backup/backup-0123456789abcdef0",
            lifecycle=lifecycle,
            type=kind,
            creation_time=NOON,
            owner_id="123456789012",
            region="us-east-1",
            source_backup_id=source,
        )

    assert is_recovery_point(backup())
    assert is_recovery_point(backup(kind="USER_INITIATED"))
    assert not is_recovery_point(backup(kind="AWS_BACKUP"))
    assert not is_recovery_point(backup(lifecycle="CREATING"))
    assert not is_recovery_point(backup(source="backup-0fedcba9876543210"))

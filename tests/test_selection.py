"""Which source backups have a copy in a DR Region."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.fsx import Backup
from pulumi_fsx_dr.selection import RecoveryPoint, is_recovery_point, select

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def point(hours: int, *, has_copy: bool = False) -> RecoveryPoint:
    """Return the backup made so many hours before noon."""
    return RecoveryPoint(f"backup-{hours:08x}", "us-east-1", NOON - timedelta(hours=hours), has_copy)


hours = st.sets(st.integers(0, 30), max_size=12)
keeps = st.integers(1, 8)


@st.composite
def copies(draw: st.DrawFn) -> list[RecoveryPoint]:
    return [point(hour, has_copy=draw(st.booleans())) for hour in draw(hours)]


backups = hours.map(lambda chosen: [point(hour) for hour in chosen])


def ids(points: list[RecoveryPoint]) -> list[str]:
    return [p.source_backup_id for p in points]


def test_the_newest_backups_are_selected_newest_first() -> None:
    assert select([point(3), point(1), point(2)], [], keep=2) == [point(1), point(2)]


def test_a_copy_whose_source_has_expired_stays_until_newer_ones_push_it_out() -> None:
    expired = point(5, has_copy=True)

    assert ids(select([point(2)], [expired], keep=2)) == ids([point(2), expired])
    assert ids(select([point(2), point(1)], [expired, point(2, has_copy=True)], keep=2)) == ids([point(1), point(2)])


def test_the_newest_available_copy_stays_until_a_newer_one_is_available() -> None:
    old, new = point(5, has_copy=True), point(1)

    assert ids(select([new], [old], keep=1)) == ids([new, old])
    assert ids(select([new], [old, point(1, has_copy=True)], keep=1)) == ids([new])


def test_a_dark_source_region_retires_nothing() -> None:
    ours = [point(hour, has_copy=True) for hour in range(5)]

    assert select(None, ours, keep=1) == ours


def test_an_empty_listing_retires_nothing() -> None:
    ours = [point(hour, has_copy=True) for hour in range(5)]

    assert select([], ours, keep=1) == ours


@given(backups, copies(), keeps)
def test_every_one_of_the_newest_backups_has_a_copy(
    there: list[RecoveryPoint], ours: list[RecoveryPoint], keep: int
) -> None:
    known = sorted({*ids(there), *ids(ours)})

    assert set(known[:keep]) <= set(ids(select(there, ours, keep)))


@given(backups, copies(), keeps)
def test_the_last_available_copy_is_never_dropped(
    there: list[RecoveryPoint], ours: list[RecoveryPoint], keep: int
) -> None:
    available = {copy.source_backup_id for copy in ours if copy.has_copy}

    assert not available or available & set(ids(select(there, ours, keep)))


@given(backups, copies(), keeps)
def test_the_order_of_the_listings_does_not_matter(
    there: list[RecoveryPoint], ours: list[RecoveryPoint], keep: int
) -> None:
    assert select(there, ours, keep) == select(there[::-1], ours[::-1], keep)


@given(backups, copies(), keeps)
def test_once_the_selected_copies_are_made_it_settles(
    there: list[RecoveryPoint], ours: list[RecoveryPoint], keep: int
) -> None:
    def made(selected: list[RecoveryPoint]) -> list[RecoveryPoint]:
        return [
            RecoveryPoint(p.source_backup_id, p.source_region, p.source_creation_time, has_copy=True) for p in selected
        ]

    first = select(there, ours, keep)
    second = select(there, made(first), keep)

    assert set(ids(second)) <= set(ids(first))
    assert ids(select(there, made(second), keep)) == ids(second)


@given(backups, copies(), keeps)
def test_nothing_unknown_is_selected(there: list[RecoveryPoint], ours: list[RecoveryPoint], keep: int) -> None:
    assert set(ids(select(there, ours, keep))) <= {*ids(there), *ids(ours)}


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

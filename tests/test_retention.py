"""Which recovery points of a file system a DR Region keeps, makes and deletes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.rules.retention import (
    UNKNOWN_TIME,
    RecoveryPoint,
    RetentionPolicy,
    Selection,
    is_duration,
    is_recovery_point,
    select,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def point(hours: int, *, is_in_state: bool = False, has_copy: bool = True) -> RecoveryPoint:
    """Return the point of so many hours before noon; `is_in_state`: the state has a copy of it."""
    name = f"{hours:017x}"
    return RecoveryPoint(
        source_backup_id=f"backup-{name}",
        time=NOON - timedelta(hours=hours),
        is_in_state=is_in_state,
        has_copy=has_copy,
    )


def in_state(hours: int, *, has_copy: bool = True) -> RecoveryPoint:
    return point(hours, is_in_state=True, has_copy=has_copy)


@st.composite
def points(draw: st.DrawFn) -> list[RecoveryPoint]:
    """Return points in any order; one in the state may be FAILED or gone, and then does not count."""
    hours = draw(st.lists(st.integers(0, 30), unique=True, max_size=12))
    return [
        point(hour, is_in_state=holds, has_copy=not holds or draw(st.booleans()))
        for hour in hours
        for holds in [draw(st.booleans())]
    ]


keeps = st.integers(1, 8)
policies = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("last", "daily", "weekly", "monthly", "yearly"), st.integers(1, 4)),
        "within": st.sampled_from(["6h", "2d", "3w", "2m", "1y6m"]),
    },
).filter(bool)


@st.composite
def years_of_points(draw: st.DrawFn) -> list[RecoveryPoint]:
    """Return points of five years, near and far from each other, some of a time that nobody knows."""
    hours = st.integers(0, 30) | st.integers(0, 900) | st.integers(0, 44_000)
    known = [
        point(hour, is_in_state=holds, has_copy=not holds or draw(st.booleans()))
        for hour in draw(st.lists(hours, unique=True, max_size=16))
        for holds in [draw(st.booleans())]
    ]
    unknown = [
        replace(in_state(100_000 + n, has_copy=draw(st.booleans())), time=UNKNOWN_TIME) for n in range(draw(few))
    ]
    return known + unknown


few = st.sampled_from([0, 0, 0, 1, 2])


def test_the_newest_backups_are_made_newest_first() -> None:
    assert select([point(3), point(1), point(2)], keep=2) == Selection(kept=[point(1), point(2)], expired=[])


def test_what_the_state_holds_goes_behind_keep_newer_ones() -> None:
    assert select([in_state(2), point(1), in_state(3)], keep=2) == Selection(
        kept=[point(1), in_state(2)], expired=[in_state(3)]
    )


def test_a_copy_whose_source_has_expired_stays_until_newer_ones_push_it_out() -> None:
    assert select([point(2), in_state(5)], keep=2).expired == []
    assert select([point(1), in_state(2), in_state(5)], keep=2).expired == [in_state(5)]


def test_a_copy_that_failed_pushes_nothing_out_and_is_made_anew() -> None:
    failed = in_state(1, has_copy=False)

    assert select([failed, in_state(5)], keep=1) == Selection(kept=[failed, in_state(5)], expired=[])


def test_nothing_goes_if_nothing_may() -> None:
    everything = [in_state(hours) for hours in range(5)]

    assert select(everything, keep=1, may_expire=False) == Selection(kept=everything, expired=[])


def test_nothing_new_is_made_behind_keep_newer_ones_in_any_case() -> None:
    assert select([point(1), point(2)], keep=1, may_expire=False).kept == [point(1)]


@pytest.mark.parametrize("names", [("backup-a", "backup-b"), ("backup-b", "backup-a")])
def test_two_of_one_moment_are_told_apart_the_same_way_in_each_run(names: tuple[str, str]) -> None:
    at_once = [replace(in_state(1), source_backup_id=name) for name in names]

    chosen = select(at_once, keep=1)

    assert [p.source_backup_id for p in chosen.kept] == ["backup-b"]
    assert [p.source_backup_id for p in chosen.expired] == ["backup-a"]


@given(known=points(), keep=keeps, may_expire=st.booleans())
def test_what_the_state_holds_is_kept_or_goes_and_never_vanishes(
    known: list[RecoveryPoint], keep: int, *, may_expire: bool
) -> None:
    chosen = select(known, keep, may_expire=may_expire)

    assert {p.source_backup_id for p in [*chosen.kept, *chosen.expired] if p.is_in_state} == {
        p.source_backup_id for p in known if p.is_in_state
    }
    assert not {p.source_backup_id for p in chosen.kept if p.is_in_state} & {p.source_backup_id for p in chosen.expired}
    assert all(p.is_in_state for p in chosen.expired)


@given(points(), keeps)
def test_what_goes_has_keep_newer_ones_that_count_and_stay(known: list[RecoveryPoint], keep: int) -> None:
    chosen = select(known, keep)

    for gone in chosen.expired:
        assert len([p for p in chosen.kept if p.has_copy and p.time > gone.time]) >= keep


@given(points(), keeps)
def test_nothing_goes_while_the_source_is_dark(known: list[RecoveryPoint], keep: int) -> None:
    assert select(known, keep, may_expire=False).expired == []


@given(points(), keeps)
def test_the_newest_that_count_are_all_kept(known: list[RecoveryPoint], keep: int) -> None:
    newest = sorted((p for p in known if p.has_copy), key=lambda p: p.time, reverse=True)[:keep]

    assert {p.source_backup_id for p in newest} <= {p.source_backup_id for p in select(known, keep).kept}


@given(points(), keeps)
def test_the_order_of_the_listing_does_not_matter(known: list[RecoveryPoint], keep: int) -> None:
    assert select(known, keep) == select(known[::-1], keep)


@given(points(), keeps)
def test_a_run_in_which_all_goes_well_converges(known: list[RecoveryPoint], keep: int) -> None:
    """What is kept has been made, and what goes has gone; the sources of those are there still."""
    chosen = select(known, keep)
    made = [replace(p, is_in_state=True, has_copy=True) for p in chosen.kept]
    left = [replace(p, is_in_state=False, has_copy=True) for p in chosen.expired]

    again = select([*made, *left, *(p for p in known if not p.is_in_state and p not in chosen.kept)], keep)
    settled = select(again.kept, keep)

    assert {p.source_backup_id for p in again.kept} <= {p.source_backup_id for p in chosen.kept}
    assert settled == Selection(kept=again.kept, expired=[])


# --- by time ----------------------------------------------------------------------------------------------------------


def at(time: str, *, is_in_state: bool = False, has_copy: bool = True) -> RecoveryPoint:
    """Return the point of a moment, UTC, named after it."""
    made = datetime.fromisoformat(time).replace(tzinfo=UTC)
    return RecoveryPoint(source_backup_id=time, time=made, is_in_state=is_in_state, has_copy=has_copy)


def kept(times: list[str], policy: RetentionPolicy) -> list[str]:
    return [p.source_backup_id for p in select([at(time) for time in times], policy).kept]


def test_daily_keeps_the_newest_of_each_of_the_newest_days_that_have_one() -> None:
    """So the restic documentation has it of --keep-daily: 'for the last n days which have one or more snapshots'."""
    times = ["2026-11-20 23:59:59", "2026-11-20 00:00", "2026-11-17 12:00", "2026-11-17 06:00", "2026-11-16 12:00"]

    assert kept(times, {"daily": 2}) == ["2026-11-20 23:59:59", "2026-11-17 12:00"]


def test_a_day_is_one_of_utc_wherever_the_time_was_written_down() -> None:
    late = replace(at("2026-11-20 23:30"), time=datetime.fromisoformat("2026-11-21T00:30+01:00"))

    assert select([late, at("2026-11-20 12:00")], {"daily": 2}).kept == [late]


def test_weeks_are_those_of_iso_8601_which_begin_on_monday_and_may_belong_to_another_year() -> None:
    """2027-01-01 is a Friday, and of week 53 of 2026."""
    times = ["2027-01-04 00:00", "2027-01-03 23:59", "2027-01-01 12:00", "2026-12-28 00:00", "2026-12-27 23:59"]

    assert kept(times, {"weekly": 3}) == ["2027-01-04 00:00", "2027-01-03 23:59", "2026-12-27 23:59"]


def test_months_and_years_are_those_of_the_calendar() -> None:
    times = ["2026-03-01 00:00", "2026-02-28 23:59", "2026-02-01 00:00", "2025-12-31 23:59", "2025-03-01 00:00"]

    assert kept(times, {"monthly": 3}) == ["2026-03-01 00:00", "2026-02-28 23:59", "2025-12-31 23:59"]
    assert kept(times, {"yearly": 5}) == ["2026-03-01 00:00", "2025-12-31 23:59"]


def test_within_counts_from_the_newest_backup_and_not_from_now() -> None:
    """So the restic documentation has it of --keep-within: 'within the specified duration of the latest snapshot'."""
    times = ["2020-05-31 12:00", "2020-05-30 12:00:01", "2020-05-30 12:00"]

    assert kept(times, {"within": "1d"}) == ["2020-05-31 12:00", "2020-05-30 12:00:01"]
    assert kept(times, {"within": "24h"}) == ["2020-05-31 12:00", "2020-05-30 12:00:01"]


@pytest.mark.parametrize(
    ("within", "oldest"),
    [
        ("1m", "2020-05-01 12:00"),  # there is no 31 April, so it is 1 May, as for Go's AddDate that restic uses
        ("1y", "2019-05-31 12:00"),
        ("1y3m1w1d1h", "2019-02-23 11:00"),  # 31 February 2019 is 3 March
        ("2100y", "0001-01-02 00:00"),
    ],
)
def test_within_counts_months_and_years_by_the_calendar_as_restic_does(within: str, oldest: str) -> None:
    just_before = str(datetime.fromisoformat(oldest) + timedelta(seconds=-1))
    just_after = str(datetime.fromisoformat(oldest) + timedelta(seconds=1))

    found = kept(["2020-05-31 12:00", just_after, just_before], {"within": within})

    assert found[1:] == ([just_after] if within != "2100y" else [just_after, just_before])


@pytest.mark.parametrize("text", ["30d", "12h", "1y6m", "2y5m7d3h", "4w"])
def test_a_duration_is_written_as_for_restic(text: str) -> None:
    assert is_duration(text)


@pytest.mark.parametrize("text", ["", "30", "0d", "d", "1h1d", "-1d", "1.5d", "30 d", "30days", "1M", "٣d", "99999d"])
def test_what_is_no_duration(text: str) -> None:
    assert not is_duration(text)


def test_the_rules_are_added_up_and_each_copy_says_which_keep_it_or_why_none_does() -> None:
    days = [at(f"2026-11-{day:02} 12:00", is_in_state=True) for day in range(1, 21)]

    chosen = select(days, {"last": 1, "daily": 2, "weekly": 3, "within": "3d"})

    assert [(p.source_backup_id[8:10], chosen.reasons[p.source_backup_id]) for p in chosen.kept] == [
        ("20", "last 1 of 1, daily 1 of 2, weekly 1 of 3, within 3d"),
        ("19", "daily 2 of 2, within 3d"),
        ("18", "within 3d"),
        ("15", "weekly 2 of 3"),
        ("08", "weekly 3 of 3"),
    ]
    assert [p.source_backup_id[8:10] for p in chosen.expired][:3] == ["17", "16", "14"]
    assert chosen.reasons["2026-11-17 12:00"] == (
        "last: 1 newer copy, daily: 2 newer days, weekly: its week has a newer one, within 3d: it is older"
    )


def test_a_day_whose_newest_backup_is_still_to_be_copied_lets_the_older_copy_go_behind_it() -> None:
    """If that copy fails, delete lets no other one of its file system go."""
    morning, evening = at("2026-11-20 06:00", is_in_state=True), at("2026-11-20 18:00")

    assert select([morning, evening], {"daily": 1}) == Selection(kept=[evening], expired=[morning])


def test_a_copy_that_failed_takes_no_place_in_its_day() -> None:
    failed, morning = at("2026-11-20 18:00", is_in_state=True, has_copy=False), at("2026-11-20 06:00", is_in_state=True)
    day_before = at("2026-11-19 18:00", is_in_state=True)

    assert select([failed, morning, day_before], {"daily": 1}) == Selection(
        kept=[failed, morning], expired=[day_before]
    )


def test_a_copy_that_failed_begins_no_time_within_which_others_are_kept() -> None:
    failed, old = at("2026-11-20 18:00", is_in_state=True, has_copy=False), at("2026-01-01 00:00", is_in_state=True)

    assert select([failed, old], {"within": "1d"}).expired == []


def test_a_copy_that_was_kept_within_a_time_goes_behind_a_newer_backup_alone() -> None:
    old = at("2026-11-01 12:00", is_in_state=True)

    assert select([old], {"within": "7d"}).expired == []
    assert select([old, at("2026-11-08 11:00")], {"within": "7d"}).expired == []
    assert select([old, at("2026-11-08 12:00")], {"within": "7d"}).expired == [old]


def test_copies_whose_time_nobody_knows_are_of_no_day_and_go_behind_as_many_days_as_are_kept() -> None:
    unknown = [replace(in_state(n), time=UNKNOWN_TIME) for n in (1, 2)]

    assert select([*unknown, at("2026-11-20 12:00")], {"daily": 2}).expired == []
    assert select([*unknown, at("2026-11-20 12:00"), at("2026-11-19 12:00")], {"daily": 2}).expired == unknown[::-1]
    assert select([*unknown, at("2026-11-20 12:00")], {"within": "1d"}).expired == []


@given(years_of_points(), st.integers(1, 8), st.booleans())
def test_a_number_is_the_rule_last(known: list[RecoveryPoint], keep: int, may_expire: bool) -> None:  # noqa: FBT001  # Hypothesis gives it
    assert select(known, keep, may_expire=may_expire) == select(known, {"last": keep}, may_expire=may_expire)


@given(years_of_points(), policies, st.booleans())
def test_by_time_too_what_the_state_holds_is_kept_or_goes_and_never_vanishes(
    known: list[RecoveryPoint],
    policy: RetentionPolicy,
    may_expire: bool,  # noqa: FBT001  # Hypothesis gives it
) -> None:
    chosen = select(known, policy, may_expire=may_expire)

    assert sorted(p.source_backup_id for p in [*chosen.kept, *chosen.expired] if p.is_in_state) == sorted(
        p.source_backup_id for p in known if p.is_in_state
    )
    assert may_expire or chosen.expired == []


@given(years_of_points(), policies)
def test_what_goes_by_time_leaves_behind_what_each_rule_asks_for(known: list[RecoveryPoint], policy: Any) -> None:
    """Told apart from the code under test: all is counted anew from what is kept."""
    chosen = select(known, policy)
    formats = {"last": "%Y-%m-%d %H:%M:%S", "daily": "%Y-%m-%d", "weekly": "%G-%V", "monthly": "%Y-%m", "yearly": "%Y"}

    for gone in chosen.expired:
        newer = [p.time for p in chosen.kept if p.has_copy and p.time > gone.time]
        assert newer or gone.time == UNKNOWN_TIME
        for rule, layout in formats.items():
            if rule in policy and gone.time != UNKNOWN_TIME:
                filled = {f"{time:{layout}}" for time in newer}
                assert f"{gone.time:{layout}}" in filled or len(filled) >= policy[rule]


@given(years_of_points(), policies)
def test_what_is_kept_by_time_is_kept_again(known: list[RecoveryPoint], policy: RetentionPolicy) -> None:
    once = select(known, policy)

    assert select(once.kept, policy) == Selection(kept=once.kept, expired=[])


@given(years_of_points(), policies, policies)
def test_more_is_never_kept_with_less(known: list[RecoveryPoint], less: Any, others: Any) -> None:
    """A rule more, or a greater number in one, keeps at least what was kept."""
    more = others | less | {rule: less[rule] + others[rule] for rule in less.keys() & others.keys() - {"within"}}

    assert ids(select(known, less)) <= ids(select(known, more))


@given(
    years_of_points(),
    policies,
    st.sampled_from([("6h", "7h"), ("23h", "1d"), ("6d", "1w"), ("4w", "1m"), ("11m", "1y")]),
)
def test_nor_with_a_shorter_time(known: list[RecoveryPoint], policy: Any, times: tuple[str, str]) -> None:
    shorter, longer = times

    assert ids(select(known, policy | {"within": shorter})) <= ids(select(known, policy | {"within": longer}))


@given(years_of_points(), policies)
def test_a_run_by_time_in_which_all_goes_well_converges(known: list[RecoveryPoint], policy: RetentionPolicy) -> None:
    """What is kept has been made, and what goes has gone; the sources of those are there still."""
    chosen = select(known, policy)
    made = [replace(p, is_in_state=True, has_copy=True) for p in chosen.kept]
    left = [replace(p, is_in_state=False, has_copy=True) for p in chosen.expired]
    passed_over = [p for p in known if not p.is_in_state and p not in chosen.kept]

    again = select([*made, *left, *passed_over], policy)

    assert ids(again) <= ids(chosen)
    assert select([*again.kept, *left, *passed_over], policy) == Selection(kept=again.kept, expired=[])
    if all(p.has_copy for p in known):
        assert again == Selection(kept=made, expired=[])


def ids(chosen: Selection[RecoveryPoint]) -> set[str]:
    return {p.source_backup_id for p in chosen.kept}


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

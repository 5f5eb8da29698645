"""Which recovery points of a file system are copied, kept and deleted in a DR Region."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.rules.retention import (
    UNKNOWN_TIME,
    RecoveryPoint,
    RetentionPolicy,
    Selection,
    is_duration,
    is_recovery_point,
    select,
)

from tests.backups import copy

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def point(hours: int, *, is_in_state: bool = False, has_copy: bool = True) -> RecoveryPoint:
    """Return the recovery point this many hours before noon; `is_in_state`: its copy is in the state."""
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
    """Return points in any order; copies in the state may be FAILED or gone, and then do not count."""
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
    """Return points of five years at short and long intervals, some with an unknown time."""
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


def test_select_keeps_newest_first() -> None:
    assert select([point(3), point(1), point(2)], keep=2) == Selection(kept=[point(1), point(2)], expired=[])


def test_select_expires_copy_after_newer_ones() -> None:
    assert select([point(2), in_state(5)], keep=2).expired == []
    assert select([point(1), in_state(2), in_state(5)], keep=2).expired == [in_state(5)]


def test_select_does_not_count_failed_copy() -> None:
    failed = in_state(1, has_copy=False)

    assert select([failed, in_state(5)], keep=1) == Selection(kept=[failed, in_state(5)], expired=[])


def test_select_makes_no_copies_beyond_keep() -> None:
    assert select([point(1), point(2)], keep=1, may_expire=False).kept == [point(1)]


@pytest.mark.parametrize("names", [("backup-a", "backup-b"), ("backup-b", "backup-a")])
def test_select_orders_equal_times_by_id(names: tuple[str, str]) -> None:
    at_once = [replace(in_state(1), source_backup_id=name) for name in names]

    chosen = select(at_once, keep=1)

    assert [p.source_backup_id for p in chosen.kept] == ["backup-b"]
    assert [p.source_backup_id for p in chosen.expired] == ["backup-a"]


@given(points(), keeps)
def test_select_expires_only_after_enough_newer_copies(known: list[RecoveryPoint], keep: int) -> None:
    chosen = select(known, keep)

    for gone in chosen.expired:
        assert len([p for p in chosen.kept if p.has_copy and p.time > gone.time]) >= keep


@given(points(), keeps)
def test_select_expires_nothing_if_not_allowed(known: list[RecoveryPoint], keep: int) -> None:
    assert select(known, keep, may_expire=False).expired == []


@given(points(), keeps)
def test_select_keeps_all_newest(known: list[RecoveryPoint], keep: int) -> None:
    newest = sorted((p for p in known if p.has_copy), key=lambda p: p.time, reverse=True)[:keep]

    assert {p.source_backup_id for p in newest} <= {p.source_backup_id for p in select(known, keep).kept}


@given(points(), keeps)
def test_select_ignores_input_order(known: list[RecoveryPoint], keep: int) -> None:
    assert select(known, keep) == select(known[::-1], keep)


# --- rules by time ---


def at(time: str, *, is_in_state: bool = False, has_copy: bool = True) -> RecoveryPoint:
    """Return the recovery point of a time in UTC, named after the time."""
    made = datetime.fromisoformat(time).replace(tzinfo=UTC)
    return RecoveryPoint(source_backup_id=time, time=made, is_in_state=is_in_state, has_copy=has_copy)


def kept(times: list[str], policy: RetentionPolicy) -> list[str]:
    return [p.source_backup_id for p in select([at(time) for time in times], policy).kept]


def test_daily_keeps_newest_of_each_day() -> None:
    """restic documents --keep-daily as 'for the last n days which have one or more snapshots'."""
    times = ["2026-11-20 23:59:59", "2026-11-20 00:00", "2026-11-17 12:00", "2026-11-17 06:00", "2026-11-16 12:00"]

    assert kept(times, {"daily": 2}) == ["2026-11-20 23:59:59", "2026-11-17 12:00"]


def test_daily_counts_utc_days() -> None:
    late = replace(at("2026-11-20 23:30"), time=datetime.fromisoformat("2026-11-21T00:30+01:00"))

    assert select([late, at("2026-11-20 12:00")], {"daily": 2}).kept == [late]


def test_weekly_counts_iso_weeks() -> None:
    """2027-01-01 is a Friday in week 53 of 2026."""
    times = ["2027-01-04 00:00", "2027-01-03 23:59", "2027-01-01 12:00", "2026-12-28 00:00", "2026-12-27 23:59"]

    assert kept(times, {"weekly": 3}) == ["2027-01-04 00:00", "2027-01-03 23:59", "2026-12-27 23:59"]


def test_monthly_and_yearly_count_by_calendar() -> None:
    times = ["2026-03-01 00:00", "2026-02-28 23:59", "2026-02-01 00:00", "2025-12-31 23:59", "2025-03-01 00:00"]

    assert kept(times, {"monthly": 3}) == ["2026-03-01 00:00", "2026-02-28 23:59", "2025-12-31 23:59"]
    assert kept(times, {"yearly": 5}) == ["2026-03-01 00:00", "2025-12-31 23:59"]


def test_within_counts_from_newest_backup() -> None:
    """restic documents --keep-within as 'within the specified duration of the latest snapshot'."""
    times = ["2020-05-31 12:00", "2020-05-30 12:00:01", "2020-05-30 12:00"]

    assert kept(times, {"within": "1d"}) == ["2020-05-31 12:00", "2020-05-30 12:00:01"]
    assert kept(times, {"within": "24h"}) == ["2020-05-31 12:00", "2020-05-30 12:00:01"]


@pytest.mark.parametrize(
    ("within", "oldest"),
    [
        ("1m", "2020-05-01 12:00"),  # 31 April becomes 1 May, as in Go's AddDate, which restic uses
        ("1y", "2019-05-31 12:00"),
        ("1y3m1w1d1h", "2019-02-23 11:00"),  # 31 February 2019 becomes 3 March
        ("2100y", "0001-01-02 00:00"),
    ],
)
def test_within_counts_by_calendar(within: str, oldest: str) -> None:
    just_before = str(datetime.fromisoformat(oldest) + timedelta(seconds=-1))
    just_after = str(datetime.fromisoformat(oldest) + timedelta(seconds=1))

    found = kept(["2020-05-31 12:00", just_after, just_before], {"within": within})

    assert found[1:] == ([just_after] if within != "2100y" else [just_after, just_before])


def test_duration_follows_restic_syntax() -> None:
    durations = ["30d", "12h", "1y6m", "2y5m7d3h", "4w"]
    others = ["", "30", "0d", "d", "1h1d", "-1d", "1.5d", "30 d", "30days", "1M", "٣d", "99999d"]

    assert [text for text in durations + others if is_duration(text)] == durations


def test_policy_explains_which_rules_keep_copy() -> None:
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
        "last: 1 newer copy, daily: 2 newer days, weekly: that week has a newer copy, within 3d: it is older than that"
    )


def test_daily_counts_new_copy() -> None:
    """If the new copy fails, no other copy of its file system is deleted."""
    morning, evening = at("2026-11-20 06:00", is_in_state=True), at("2026-11-20 18:00")

    assert select([morning, evening], {"daily": 1}) == Selection(kept=[evening], expired=[morning])


def test_daily_does_not_count_failed_copy() -> None:
    failed, morning = at("2026-11-20 18:00", is_in_state=True, has_copy=False), at("2026-11-20 06:00", is_in_state=True)
    day_before = at("2026-11-19 18:00", is_in_state=True)

    assert select([failed, morning, day_before], {"daily": 1}) == Selection(
        kept=[failed, morning], expired=[day_before]
    )


def test_within_does_not_count_from_failed_copy() -> None:
    failed, old = at("2026-11-20 18:00", is_in_state=True, has_copy=False), at("2026-01-01 00:00", is_in_state=True)

    assert select([failed, old], {"within": "1d"}).expired == []


def test_within_expires_only_after_newer_backup() -> None:
    old = at("2026-11-01 12:00", is_in_state=True)

    assert select([old], {"within": "7d"}).expired == []
    assert select([old, at("2026-11-08 11:00")], {"within": "7d"}).expired == []
    assert select([old, at("2026-11-08 12:00")], {"within": "7d"}).expired == [old]


def test_copies_of_unknown_time_share_no_day() -> None:
    unknown = [replace(in_state(n), time=UNKNOWN_TIME) for n in (1, 2)]

    assert select([*unknown, at("2026-11-20 12:00")], {"daily": 2}).expired == []
    assert select([*unknown, at("2026-11-20 12:00"), at("2026-11-19 12:00")], {"daily": 2}).expired == unknown[::-1]
    assert select([*unknown, at("2026-11-20 12:00")], {"within": "1d"}).expired == []


@given(years_of_points(), st.integers(1, 8), st.booleans())
def test_number_equals_rule_last(known: list[RecoveryPoint], keep: int, may_expire: bool) -> None:  # noqa: FBT001  # Hypothesis passes it
    assert select(known, keep, may_expire=may_expire) == select(known, {"last": keep}, may_expire=may_expire)


@given(years_of_points(), policies, st.booleans())
def test_policy_keeps_or_expires_each_copy(
    known: list[RecoveryPoint],
    policy: RetentionPolicy,
    may_expire: bool,  # noqa: FBT001  # Hypothesis passes it
) -> None:
    chosen = select(known, policy, may_expire=may_expire)

    assert sorted(p.source_backup_id for p in [*chosen.kept, *chosen.expired] if p.is_in_state) == sorted(
        p.source_backup_id for p in known if p.is_in_state
    )
    assert may_expire or chosen.expired == []


@given(years_of_points(), policies)
def test_policy_expires_only_copies_outside_all_rules(known: list[RecoveryPoint], policy: Any) -> None:
    """Counted from the kept copies, independently of the code under test."""
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
def test_policy_is_idempotent(known: list[RecoveryPoint], policy: RetentionPolicy) -> None:
    once = select(known, policy)

    assert select(once.kept, policy) == Selection(kept=once.kept, expired=[])


@given(years_of_points(), policies, policies)
def test_policy_with_more_rules_keeps_more(known: list[RecoveryPoint], less: Any, others: Any) -> None:
    """Adding a rule, or increasing its number, never removes a copy."""
    more = others | less | {rule: less[rule] + others[rule] for rule in less.keys() & others.keys() - {"within"}}

    assert ids(select(known, less)) <= ids(select(known, more))


@given(
    years_of_points(),
    policies,
    st.sampled_from([("6h", "7h"), ("23h", "1d"), ("6d", "1w"), ("4w", "1m"), ("11m", "1y")]),
)
def test_longer_within_keeps_more(known: list[RecoveryPoint], policy: Any, times: tuple[str, str]) -> None:
    shorter, longer = times

    assert ids(select(known, policy | {"within": shorter})) <= ids(select(known, policy | {"within": longer}))


@given(years_of_points(), policies)
def test_policy_converges(known: list[RecoveryPoint], policy: RetentionPolicy) -> None:
    """Kept copies are made, expired copies are deleted, and their sources still exist."""
    chosen = select(known, policy)
    made = [replace(p, is_in_state=True, has_copy=True) for p in chosen.kept]
    left = [replace(p, is_in_state=False, has_copy=True) for p in chosen.expired]
    passed_over = [p for p in known if not p.is_in_state and p not in chosen.kept]

    again = select([*made, *left, *passed_over], policy)

    assert ids(again) <= ids(chosen)
    assert select([*again.kept, *left, *passed_over], policy) == Selection(kept=again.kept, expired=[])
    if all(p.has_copy for p in known):
        assert again == Selection(kept=made, expired=[])


def ids(chosen: Selection) -> set[str]:
    return {p.source_backup_id for p in chosen.kept}


def test_recovery_point_is_available_and_not_a_copy() -> None:
    point = copy(1, source_backup_id=None)

    assert is_recovery_point(point)
    assert is_recovery_point(replace(point, type="AUTOMATIC"))
    others: list[dict[str, Any]] = [
        {"type": "AWS_BACKUP"},
        {"lifecycle": "CREATING"},
        {"source_backup_id": "backup-0fedcba9876543210"},
    ]
    assert not any(is_recovery_point(replace(point, **changes)) for changes in others)

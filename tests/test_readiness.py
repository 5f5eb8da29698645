import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.readiness import JudgedRow, ReadinessRow, judged, require_hours, rows

from tests.backups import FILE_SYSTEM, NOW, OTHER_FILE_SYSTEM, OTHER_OWNER_ID, copy, hours_ago, owned
from tests.time_growth import TIMES, growth

SOURCE = {"file_system_id": FILE_SYSTEM, "region": "eu-central-1"}


def row(
    *backups: Backup,
    source: dict[str, str] | None = None,
    rpo_hours: float = 24,
    times: Mapping[str, datetime] | None = None,
) -> JudgedRow:
    [only] = judged(rows([source or SOURCE], "eu-west-1", backups, times or {}, rpo_hours), NOW)
    return only


def made(hours: float, number: int = 1, **changes: Any) -> Backup:
    """Return a copy made this many hours ago."""
    return copy(number, creation_time=hours_ago(hours), **changes)


def test_source_without_copy_is_missing() -> None:
    found: dict[str, Any] = dict(row())

    assert found.pop("reason")
    assert found == {
        "source": FILE_SYSTEM,
        "name": None,
        "source_region": "eu-central-1",
        "region": "eu-west-1",
        "newest_copy": None,
        "source_creation_time": None,
        "age_hours": None,
        "target_hours": 24.0,
        "verdict": "missing",
        "obstacle": None,
        "copies": {},
        "failed": {},
        "running": [],
    }


def test_age_counts_from_source_creation() -> None:
    late = row(made(1), times={copy().id: hours_ago(30)})

    assert (late["age_hours"], late["verdict"]) == (30.0, "late")
    assert late["source_creation_time"] == "2027-01-14T02:00:00+00:00"
    assert row(made(3))["age_hours"] == 3.0  # if the time of the source is unknown


@pytest.mark.parametrize(
    "tags",
    [owned(), owned(owner_id=OTHER_OWNER_ID), {OWNERSHIP_TAG: "recorded:a1b2c3:20990101T000000Z:files/dev/monday"}],
    ids=["own tag", "tag of other owner", "time in the future"],
)
def test_rows_do_not_depend_on_tags(tags: dict[str, str]) -> None:
    assert row(made(30, tags=tags)) == row(made(30))


def test_newest_copy_has_newest_source() -> None:
    backfilled, regular = made(1, 1), made(9, 2)

    found = row(backfilled, regular, times={backfilled.id: hours_ago(50), regular.id: hours_ago(10)})

    assert found["newest_copy"] == regular.id
    assert list(found["copies"]) == [regular.id, backfilled.id]


def test_copy_is_late_one_second_after_target() -> None:
    at_target = row(made(24))

    assert at_target["verdict"] == "ready"
    assert judged([at_target], NOW + timedelta(seconds=1))[0]["verdict"] == "late"


def test_running_copy_is_shown_but_does_not_count() -> None:
    running = made(1, 2, lifecycle="COPYING", progress_percent=40)

    found = row(made(30, 1), running)

    assert found["verdict"] == "late"
    assert found["running"] == [running.id]


def test_failed_copy_is_shown_but_does_not_count() -> None:
    found = row(made(1, 1, lifecycle="FAILED"))

    assert found["verdict"] == "missing"
    assert (list(found["copies"]), list(found["failed"])) == ([], [copy(1).id])


def test_copy_in_source_region_does_not_count() -> None:
    source = {**SOURCE, "region": "eu-west-1"}

    found = row(made(1), source=source)

    assert (found["verdict"], found["reason"]) == ("missing", "the DR Region is the Region of the source")
    assert (found["newest_copy"], found["source_creation_time"], found["age_hours"]) == (None, None, None)
    assert [*found["copies"]] == [copy().id]
    assert row(source=source)["verdict"] == "missing"


def test_other_backups_do_not_count() -> None:
    own_backup = copy(1, source_backup_id=None)
    of_another = made(1, 2, file_system_id=OTHER_FILE_SYSTEM)

    assert row(own_backup, of_another)["verdict"] == "missing"


@pytest.mark.parametrize(
    ("backups", "obstacle", "verdict", "is_named"),
    [
        ([made(1)], None, "ready", False),
        ([made(30)], None, "late", False),
        ([made(30)], "it has no backup", "late", True),
        ([copy(lifecycle="COPYING")], "it has no backup", "missing", False),
        ([copy(lifecycle="FAILED")], None, "missing", False),
        ([], "it has no backup", "missing", True),
    ],
)
def test_reason_names_obstacle_to_newer_copies(
    backups: list[Backup], obstacle: str | None, verdict: str, *, is_named: bool
) -> None:
    [found] = judged(rows([{**SOURCE, "obstacle": obstacle}], "eu-west-1", backups, {}, 24), NOW)

    assert found["verdict"] == verdict
    assert (str(obstacle) in found["reason"]) == is_named


def test_tags_that_select_nothing_are_missing() -> None:
    source = {"tags": {"tier": "1", "dr": "yes"}, "region": "eu-central-1", "obstacle": "nothing has these tags"}

    [found] = judged(rows([source], "eu-west-1", [made(1)], {}, 24), NOW)

    assert (found["source"], found["verdict"], found["reason"]) == ("dr=yes, tier=1", "missing", source["obstacle"])


def test_backup_source_counts_only_its_copies() -> None:
    wanted, other = made(5, 1), made(1, 2)

    found = row(wanted, other, source={"backup_id": str(wanted.source_backup_id), "region": "eu-central-1"})

    assert (found["source"], found["newest_copy"]) == (wanted.source_backup_id, wanted.id)


def test_rows_follow_order_of_sources() -> None:
    sources = [{"file_system_id": name, "region": "eu-central-1"} for name in (OTHER_FILE_SYSTEM, FILE_SYSTEM)]

    assert [r["source"] for r in rows(sources, "eu-west-1", [], {}, 24)] == [OTHER_FILE_SYSTEM, FILE_SYSTEM]


def test_rows_without_none_members_are_judged_equally() -> None:
    """Pulumi drops members that are None."""
    whole = row(made(1, lifecycle="COPYING"))
    lost = {key: value for key, value in whole.items() if value is not None}

    assert judged([lost], NOW) == [whole]


@pytest.mark.parametrize("wrong", ["24h", "24", -1, 0, True, None, float("nan"), float("inf"), [24]])
def test_rpo_must_be_a_positive_number(wrong: Any) -> None:
    with pytest.raises(InvalidSettingsError):
        require_hours(wrong)


@pytest.mark.parametrize("hours", [1, 1.5, 24])
def test_rpo_may_be_any_positive_number(hours: float) -> None:
    assert require_hours(hours) == hours


def test_judged_copies_are_newest_first() -> None:
    """The engine sorts mappings in outputs by key."""
    whole = row(made(1, 2), made(30, 1), made(9, 3), made(5, 4, lifecycle="FAILED"), made(6, 5, lifecycle="FAILED"))
    by_key = {name: dict(sorted(whole[name].items())) for name in ("copies", "failed")}

    [found] = judged([{**whole, **by_key}], NOW)

    assert (list(found["copies"]), list(found["failed"])) == (list(whole["copies"]), list(whole["failed"]))
    assert list(found["copies"]) == [copy(n).id for n in (2, 3, 1)]


lifecycles = st.sampled_from(["AVAILABLE", "FAILED", "COPYING", "PENDING", "DELETED", "NEW_TO_US"])
a_copy = st.builds(
    lambda number, hours, lifecycle, file_system: made(hours, number, lifecycle=lifecycle, file_system_id=file_system),
    st.integers(0, 10**6),
    st.floats(0, 2000),
    lifecycles,
    st.sampled_from([FILE_SYSTEM, OTHER_FILE_SYSTEM]),
)
copies = st.lists(a_copy, max_size=12, unique_by=lambda c: c.id)
targets = st.floats(0.1, 1000)
later = st.timedeltas(timedelta(), timedelta(days=400))


@given(copies, targets)
def test_rows_are_json(backups: list[Backup], target: float) -> None:
    found = row(*backups, rpo_hours=target)

    assert json.loads(json.dumps(found, allow_nan=False)) == found


@given(copies, targets, later)
def test_verdict_only_gets_worse_with_time(backups: list[Backup], target: float, passed: timedelta) -> None:
    exported = rows([SOURCE], "eu-west-1", backups, {}, target)

    [before], [after] = judged(exported, NOW), judged(exported, NOW + passed)

    assert after["verdict"] in (before["verdict"], "late" if before["verdict"] == "ready" else before["verdict"])
    assert {**after, **{key: before[key] for key in ("age_hours", "verdict", "reason")}} == before


@given(copies, targets)
def test_ready_means_available_copy_within_target(backups: list[Backup], target: float) -> None:
    young = [
        time
        for made in row(*backups, rpo_hours=target)["copies"].values()
        if NOW - (time := datetime.fromisoformat(made)) <= timedelta(hours=target)
    ]

    assert (row(*backups, rpo_hours=target)["verdict"] == "ready") == bool(young)


@given(copies, targets)
def test_row_lists_every_copy_once(backups: list[Backup], target: float) -> None:
    found = row(*backups, rpo_hours=target)

    shown = [*found["copies"], *found["failed"], *found["running"]]
    there = [b.id for b in backups if b.file_system_id == FILE_SYSTEM and b.lifecycle != "DELETED"]
    assert sorted(shown) == sorted(there)


@given(copies, targets, a_copy)
def test_more_copies_never_worsen_verdict(backups: list[Backup], target: float, more: Backup) -> None:
    order = ["missing", "late", "ready"]

    before, after = row(*backups, rpo_hours=target), row(*backups, more, rpo_hours=target)

    assert order.index(after["verdict"]) >= order.index(before["verdict"])


def test_rows_take_linear_time() -> None:
    def many(number: int) -> Callable[[], list[ReadinessRow]]:
        names = [f"fs-{n:017x}" for n in range(number)]
        sources = [{"file_system_id": name, "region": "eu-central-1"} for name in names]
        copies = [made(n, n, file_system_id=name) for n, name in enumerate(names)]
        return lambda: rows(sources, "eu-west-1", copies, {}, 24)

    assert growth(400, many) < 3 * TIMES, "quadratic time would be a factor of 64"

"""The arithmetic of the benchmarks, and what they compare with."""

from collections.abc import Sequence

import pytest

from benchmarks.figures import Workload, copied, per_copy
from benchmarks.measuring import subject
from benchmarks.table import Row, Section, Target, as_markdown
from simulator.fsx.records import Entry

ARN = "arn:aws:fsx:eu-west-1:123456789012:backup/"


def entry(time: float, action: str, *ids: str, made: str | None = None, error: str | None = None) -> Entry:
    return Entry(
        time=time, service="fsx", region="eu-west-1", action=action, token=None, ids=list(ids), made=made, error=error,
        access_key="", parameters={},
    )  # fmt: skip


JOURNAL: Sequence[Entry] = [
    entry(10.0, "DescribeBackups"),
    entry(11.0, "CopyBackup", "backup-source", made="backup-a"),
    entry(11.5, "CopyBackup", "backup-source", error="ServiceLimitExceeded"),
    entry(11.6, "CopyBackup", "backup-source", made="backup-b"),
    entry(12.0, "DescribeBackups", "backup-a", "backup-b"),
    entry(13.1, "DescribeBackups", "backup-a", "backup-b"),
    entry(13.2, "TagResource", f"{ARN}backup-a"),
    entry(13.8, "TagResource", f"{ARN}backup-b"),
]


def test_makespan_lasts_from_the_first_copy_to_the_last_call_about_one() -> None:
    assert copied(JOURNAL, copy_seconds=2, poll_seconds=1).makespan == pytest.approx(2.8)


def test_detection_counts_from_the_end_of_a_copy_to_the_answer_that_shows_it() -> None:
    assert copied(JOURNAL, copy_seconds=1.4, poll_seconds=1).detections == pytest.approx([0.1, 0.7])


def test_recording_counts_from_the_end_of_a_copy_to_the_last_call_about_it() -> None:
    assert copied(JOURNAL, copy_seconds=2, poll_seconds=1).recordings == pytest.approx([0.2, 0.2])


def test_a_look_at_many_copies_counts_once_and_other_descriptions_do_not_count() -> None:
    assert copied(JOURNAL, copy_seconds=2, poll_seconds=1.4).looks == pytest.approx(1)


def test_a_refused_copy_is_a_rejected_call_of_those_that_were_made() -> None:
    figures = copied(JOURNAL, copy_seconds=2, poll_seconds=1)

    assert figures.rejected == 1
    assert figures.per_copy == {"CopyBackup": 1.5, "DescribeBackups": 1.5, "TagResource": 1}


def test_a_copy_of_which_nothing_more_was_asked_ended_with_its_start() -> None:
    figures = copied(JOURNAL[1:2], copy_seconds=0, poll_seconds=1)

    assert (figures.makespan, figures.detections) == (0, [0])


@pytest.mark.parametrize(
    ("workload", "seconds"),
    [(Workload(60, 2, 3), 8), (Workload(300, 1, 6), 10), (Workload(11, 3, 2), 6), (Workload(1_000, 0, 10), 0)],
)
def test_the_ideal_fills_five_slots_of_each_region_again_and_again(workload: Workload, seconds: float) -> None:
    assert workload.ideal == seconds


def test_a_target_is_judged_by_the_value_as_measured() -> None:
    row = Row("makespan ÷ ideal", 1.1001, 3.8, 1, Target(at_most=1.1))

    assert row.cells == ("makespan ÷ ideal", "1.10", "3.80", "1.00", "≤ 1.1", "missed")


def test_an_exact_target_names_its_number_and_a_figure_without_target_has_no_verdict() -> None:
    rows = [Row("calls", 1, 2, target=Target(at_least=1, at_most=1)), Row("whole command, s", 1234.5)]

    assert as_markdown([Section("up", rows)]).splitlines()[2:] == [
        "| **up** |  |  |  |  |  |",
        "| calls | 1.00 | 2.00 |  | exactly 1 | met |",
        "| whole command, s | 1,234 |  |  |  |  |",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "tags"), [("naive", 0), ("ours", 1.5)])  # each recorded, one in each Region claimed
def test_a_subject_makes_reads_and_deletes_each_copy_once(name: str, tags: float) -> None:
    workload = Workload(copies=4, copy_seconds=0, regions=2)

    with subject(name, workload) as one:
        made, _, read, ended = one.up().copied, one.preview(), one.refresh(), one.destroy()

    assert (made.per_copy["CopyBackup"], made.per_copy.get("TagResource", 0), made.rejected) == (1, tags, 0)
    assert read.per_copy["DescribeBackups"] > 0
    assert ended.per_copy["DeleteBackup"] == 1


def test_calls_are_counted_by_action_for_each_copy() -> None:
    assert per_copy(JOURNAL[-2:], copies=2) == {"TagResource": 1}

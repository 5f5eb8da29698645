"""The arithmetic of the benchmarks, and runs of the compared stacks."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

import benchmarks.__main__
from benchmarks import results
from benchmarks.figures import SHORTEST_COPY, Workload, figures
from benchmarks.measuring import measured_stack
from benchmarks.protection import FileSystems, Protection, protection
from benchmarks.starting import median_starts
from benchmarks.table import Row, Section, Target
from simulator.fsx import FsxService, ManualClock
from simulator.fsx.records import Entry
from simulator.fsx.views import BackupView

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
    entry(13.8, "TagResource", f"{ARN}backup-b"),
]


def test_figures_are_computed_from_journal() -> None:
    found = figures(JOURNAL, copy_seconds=1.4, poll_seconds=1.4)

    assert found.makespan == pytest.approx(2.8)
    assert found.detections == pytest.approx([0.1, 0.7])
    assert found.polls == pytest.approx(1)
    assert found.rejected == 1
    assert found.per_copy == {"CopyBackup": 1.5, "DescribeBackups": 1.5, "TagResource": 0.5}


def test_figures_of_copy_without_polls() -> None:
    found = figures(JOURNAL[1:2], copy_seconds=0, poll_seconds=1)

    assert (found.makespan, found.detections) == (0, [0])


@pytest.mark.parametrize(
    ("workload", "seconds"), [(Workload(60, 2, 3), 8), (Workload(11, 3, 2), 6), (Workload(1_000, 0, 10), 0)]
)
def test_ideal_uses_five_slots_in_each_region(workload: Workload, seconds: float) -> None:
    assert workload.ideal == seconds


def test_bound_is_largest_or_fifth_of_total() -> None:
    assert FileSystems((50, 10, 10), keep=2).bound == 50
    assert FileSystems((10,) * 20, keep=2).bound == 40
    assert FileSystems((0.1,), keep=1).bound == SHORTEST_COPY


def copied(source: str, ends: float, *, is_full: bool) -> BackupView:
    service = FsxService(ManualClock())
    backup_id = service.seed_backup("eu-west-1", service.seed_file_system("eu-west-1"))
    transferred = (4 if is_full else 1) << 30
    seen = {"source_backup_id": source, "created": 10.0, "ends": ends}
    return {**service.backup("eu-west-1", backup_id), **seen, "is_full": is_full, "transferred_bytes": transferred}  # type: ignore[typeddict-item]


def test_protection_time_ends_with_last_newest_copy() -> None:
    copies = [copied("newest", 30, is_full=True), copied("old", 50, is_full=False), copied("other", 20, is_full=True)]

    found = protection(copies, {"newest", "other"})

    assert found == Protection(seconds=20, whole=40, full=2, gigabytes=9)


def test_target_is_compared_with_exact_value() -> None:
    row = Row("time ÷ ideal time", 1.1001, 3.8, 1, Target(at_most=1.1))

    assert row.cells == ("time ÷ ideal time", "1.10", "3.80", "1.00", "≤ 1.1", "missed")


@pytest.mark.slow
@pytest.mark.parametrize("resource", ["naive", "ours"])
def test_measured_stack_handles_each_copy_once(resource: str) -> None:
    with measured_stack(resource, Workload(copies=4, copy_seconds=0, regions=2)) as stack:
        made, _, read, deleted = stack.up().figures, stack.preview(), stack.refresh(), stack.destroy()

    assert (made.per_copy["CopyBackup"], made.per_copy.get("TagResource", 0), made.rejected) == (1, 0, 0)
    assert read.per_copy["DescribeBackups"] > 0
    assert deleted.per_copy["DeleteBackup"] == 1


@pytest.mark.parametrize("arguments", [["--help"], ["protecton"], ["--hosts"], ["copies", "hosts"]])
def test_help_and_wrong_arguments_measure_nothing(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmarks.__main__, "_measure", lambda *_: pytest.fail("a benchmark was started"))

    done = CliRunner().invoke(benchmarks.__main__.main, arguments)

    assert done.exit_code == (0 if arguments == ["--help"] else 2)


def test_results_page_has_each_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "results.md"
    page.write_text(results.PAGE.read_text())
    monkeypatch.setattr(results, "PAGE", page)

    for name in ("copies", "protection", "hosts"):
        results.write(name, [Section(f"new {name}", [Row("seconds", 1.5)])])

    assert [f"**new {name}**" in page.read_text() for name in ("copies", "protection", "hosts")] == [True] * 3


def test_both_hosts_check_a_copy_after_their_start() -> None:
    assert all(seconds > 0 for seconds in median_starts(1))

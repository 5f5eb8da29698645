"""The sections of the tables; each runs its own measurements."""

from contextlib import ExitStack
from statistics import median

from benchmarks.figures import Workload
from benchmarks.measuring import CopyRun, LaterRun, Run, measured_stack, median_previews
from benchmarks.starting import median_starts
from benchmarks.table import Row, Section, Target
from simulator.project import POLL_SECONDS

_PREVIEWS = 3
_STARTS = 5
_NEAR_IDEAL = Target(at_most=1.10)
_NEAR_EMPTY = Target(at_most=1.15)
_ONE_CALL = Target(at_least=1, at_most=1)
_NO_CALL = Target(at_least=0, at_most=0)
_ONE_POLL = Target(at_most=1)
_POLL_INTERVAL = Target(at_most=POLL_SECONDS)
_FIVE_TIMES = Target(at_least=5)
_NEAR_ONE_SESSION = Target(at_most=1.3)
_MEMORY = Target(at_most=150)


def timed_copies(workload: Workload) -> Section:
    """Measure copies that take seconds."""
    with measured_stack("ours", workload) as ours, measured_stack("naive", workload) as naive:
        return Section(f"up: {workload}", _timed_rows(workload, ours.up(), naive.up()))


def timed_copies_and_destroy(workload: Workload) -> list[Section]:
    """Measure copies that take seconds, then their deletion."""
    with measured_stack("ours", workload) as ours, measured_stack("naive", workload) as naive:
        made = Section(f"up: {workload}", _timed_rows(workload, ours.up(), naive.up()))
        rows = _later_rows(ours.destroy(), naive.destroy(), "DeleteBackup")
    return [made, Section(f"destroy: {workload.copies:,} copies", rows)]


def many_copies(workload: Workload) -> list[Section]:
    """Measure many instant copies: up, then preview and refresh without a change."""
    with ExitStack() as stacks:
        ours, naive, one_session, empty, bare = (
            stacks.enter_context(measured_stack(name, workload))
            for name in ("ours", "naive", "one session", "empty", "bare")
        )
        made = Section(f"up: {workload}", _instant_rows(ours.up(), naive.up(), one_session.up(), empty.fill()))
        bare.fill()
        seconds = median_previews([ours, empty, bare], _PREVIEWS)
        refreshed = _later_rows(ours.refresh(), None, "DescribeBackups")
    title = f"{workload.copies:,} unchanged copies"
    return [made, Section(f"preview: {title}", _preview_rows(*seconds)), Section(f"refresh: {title}", refreshed)]


def native_copies(workload: Workload) -> Section:
    """Measure the plugin and the host of dynamic providers; the engine must be the Pulumi CLI."""
    native_start, dynamic_start = median_starts(_STARTS)
    with measured_stack("native", workload) as native, measured_stack("ours", workload) as dynamic:
        native.fill()
        dynamic.fill()
        native_preview, dynamic_preview = median_previews([native, dynamic], _PREVIEWS)
    rows = [
        Row("start of the process to a checked copy, s", native_start, reference=dynamic_start),
        Row(f"preview of {workload.copies:,} unchanged copies, s", native_preview, reference=dynamic_preview),
        Row("preview ÷ dynamic", native_preview / dynamic_preview, reference=1),
    ]
    return Section("the plugin for all languages (reference: the dynamic host)", rows)


def _timed_rows(workload: Workload, ours: CopyRun, naive: CopyRun) -> list[Row]:
    ideal, mine, other = workload.ideal, ours.figures, naive.figures
    return [
        Row("time for all copies, s (reference: ideal)", mine.makespan, other.makespan, ideal),
        Row("time ÷ ideal time", mine.makespan / ideal, other.makespan / ideal, 1, _NEAR_IDEAL),
        *_common_rows(ours, naive),
        Row("DescribeBackups polls per Region and poll interval", mine.polls, other.polls, 1, _ONE_POLL),
        Row(
            "delay until AVAILABLE is noticed, median, s",
            median(mine.detections),
            median(other.detections),
            target=_POLL_INTERVAL,
        ),
        Row(
            "delay until AVAILABLE is noticed, longest, s",
            mine.detections[-1],
            other.detections[-1],
            target=_POLL_INTERVAL,
        ),
        *_usage_rows(ours.run, naive.run),
    ]


def _instant_rows(ours: CopyRun, naive: CopyRun, one_session: CopyRun, empty: Run) -> list[Row]:
    mine, other, sharing = (run.figures.makespan for run in (ours, naive, one_session))
    whole = ours.run.seconds / one_session.run.seconds
    return [
        Row("time for all copies, s (reference: naive with one session)", mine, other, sharing),
        Row("times faster than naive, all copies", other / mine, 1, target=_FIVE_TIMES),
        Row("times faster than naive, whole command", naive.run.seconds / ours.run.seconds, 1),
        Row("times faster than naive with one session, all copies", sharing / mine, reference=1),
        Row("whole command ÷ naive with one session", whole, 1, 1, _NEAR_ONE_SESSION),
        *_common_rows(ours, naive, empty),
        *_usage_rows(ours.run, naive.run, empty, memory=_MEMORY),
    ]


def _common_rows(ours: CopyRun, naive: CopyRun, empty: Run | None = None) -> list[Row]:
    mine, other = ours.figures, naive.figures
    actions = [
        Row(f"{action} per copy", mine.per_copy.get(action, 0), other.per_copy.get(action, 0), target=target)
        for action, target in (("CopyBackup", _ONE_CALL), ("DescribeBackups", None), ("TagResource", None))
    ]
    whole = Row("whole command, s", ours.run.seconds, naive.run.seconds, empty.seconds if empty else None)
    return [whole, *actions, Row("rejected calls", mine.rejected, other.rejected, target=_NO_CALL)]


def _preview_rows(ours: float, empty: float, bare: float) -> list[Row]:
    return [
        Row("whole command, s (reference: empty)", ours, reference=empty),
        Row("÷ empty resource", ours / empty, reference=1, target=_NEAR_EMPTY),
        Row("÷ bare resource", ours / bare, reference=1),
    ]


def _later_rows(ours: LaterRun, naive: LaterRun | None, action: str) -> list[Row]:
    calls = sum(ours.per_copy.values()), sum(naive.per_copy.values()) if naive else None
    return [
        Row("whole command, s", ours.run.seconds, naive.run.seconds if naive else None),
        Row(f"{action} per copy", ours.per_copy.get(action, 0), naive.per_copy.get(action, 0) if naive else None),
        Row("AWS calls per copy", *calls),
        *_usage_rows(ours.run, naive.run if naive else None),
    ]


def _usage_rows(ours: Run, naive: Run | None, empty: Run | None = None, *, memory: Target | None = None) -> list[Row]:
    naive_cpu, empty_cpu = (run.usage.cpu_seconds if run else None for run in (naive, empty))
    naive_peak, empty_peak = (run.usage.peak_mb if run else None for run in (naive, empty))
    return [
        Row("provider's processor time, s", ours.usage.cpu_seconds, naive_cpu, empty_cpu),
        Row("provider's peak memory, MB", ours.usage.peak_mb, naive_peak, empty_peak, memory),
    ]

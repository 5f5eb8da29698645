"""The sections of the table: each runs what it measures."""

from contextlib import ExitStack
from statistics import median

from benchmarks.figures import Workload
from benchmarks.measuring import Ended, Made, Ran, alternately, subject
from benchmarks.starting import starts
from benchmarks.table import Row, Section, Target
from simulator.project import POLL_SECONDS

_PREVIEWS = 3
_STARTS = 5
_NEAR_IDEAL = Target(at_most=1.10)
_NEAR_EMPTY = Target(at_most=1.15)
_ONE_CALL = Target(at_least=1, at_most=1)
_NO_CALL = Target(at_least=0, at_most=0)
_ONE_LOOK = Target(at_most=1)
_ONE_POLL = Target(at_most=POLL_SECONDS)
_FIVE_TIMES = Target(at_least=5)
_NEAR_SHARING = Target(at_most=1.3)
_MEMORY = Target(at_most=150)


def timed_copies(workload: Workload) -> Section:
    """Measure copies that take their time."""
    with subject("ours", workload) as ours, subject("naive", workload) as naive:
        return Section(f"up: {workload}", _timed_rows(workload, ours.up(), naive.up()))


def timed_copies_and_their_end(workload: Workload) -> list[Section]:
    """Measure copies that take their time, then their destroy."""
    with subject("ours", workload) as ours, subject("naive", workload) as naive:
        made = Section(f"up: {workload}", _timed_rows(workload, ours.up(), naive.up()))
        rows = _ended_rows(ours.destroy(), naive.destroy(), "DeleteBackup")
    return [made, Section(f"destroy: {workload.copies:,} copies", rows)]


def many_copies(workload: Workload) -> list[Section]:
    """Measure what many resources cost that need not wait: up, then preview and refresh without a change."""
    with ExitStack() as open_subjects:
        ours, naive, one_session, empty, bare = (
            open_subjects.enter_context(subject(name, workload))
            for name in ("ours", "naive", "one session", "empty", "bare")
        )
        made = Section(f"up: {workload}", _instant_rows(ours.up(), naive.up(), one_session.up(), empty.fill()))
        bare.fill()
        seconds = alternately([ours, empty, bare], _PREVIEWS)
        refreshed = _ended_rows(ours.refresh(), None, "DescribeBackups")
    title = f"{workload.copies:,} unchanged copies"
    return [made, Section(f"preview: {title}", _preview_rows(*seconds)), Section(f"refresh: {title}", refreshed)]


def native_copies(workload: Workload) -> Section:
    """Measure the plugin for all languages beside the host of dynamic providers; the CLI has to know plugins."""
    native_start, dynamic_start = starts(_STARTS)
    with subject("native", workload) as native, subject("ours", workload) as dynamic:
        native.fill()
        dynamic.fill()
        native_preview, dynamic_preview = alternately([native, dynamic], _PREVIEWS)
    rows = [
        Row("start of the process to a checked copy, s", native_start, reference=dynamic_start),
        Row(f"preview of {workload.copies:,} unchanged copies, s", native_preview, reference=dynamic_preview),
        Row("preview ÷ dynamic", native_preview / dynamic_preview, reference=1),
    ]
    return Section("the plugin for all languages (reference: the dynamic host)", rows)


def _timed_rows(workload: Workload, ours: Made, naive: Made) -> list[Row]:
    ideal, mine, theirs = workload.ideal, ours.copied, naive.copied
    return [
        Row("makespan, s (reference: ideal)", mine.makespan, theirs.makespan, ideal),
        Row("makespan ÷ ideal", mine.makespan / ideal, theirs.makespan / ideal, 1, _NEAR_IDEAL),
        *_common_rows(ours, naive),
        Row("looks at running copies per Region and poll interval", mine.looks, theirs.looks, 1, _ONE_LOOK),
        Row("AVAILABLE to seen, median, s", median(mine.detections), median(theirs.detections), target=_ONE_POLL),
        Row("AVAILABLE to seen, slowest, s", mine.detections[-1], theirs.detections[-1], target=_ONE_POLL),
        *(
            [Row("AVAILABLE to recorded, median, s", median(mine.recordings))]
            if mine.per_copy.get("TagResource", 0) >= 1
            else []
        ),
        *_usage_rows(ours.ran, naive.ran),
    ]


def _instant_rows(ours: Made, naive: Made, one_session: Made, empty: Ran) -> list[Row]:
    mine, sharing = ours.copied.makespan, one_session.copied.makespan
    return [
        Row("makespan, s (reference: naive with one session)", mine, naive.copied.makespan, sharing),
        Row("times faster than naive, makespan", naive.copied.makespan / mine, 1, target=_FIVE_TIMES),
        Row("times faster than naive, whole command", naive.ran.seconds / ours.ran.seconds, 1),
        Row("times faster than naive with one session, makespan", sharing / mine, reference=1),
        Row("whole command ÷ naive with one session", ours.ran.seconds / one_session.ran.seconds, 1, 1, _NEAR_SHARING),
        *_common_rows(ours, naive, empty),
        *_usage_rows(ours.ran, naive.ran, empty, memory=_MEMORY),
    ]


def _common_rows(ours: Made, naive: Made, empty: Ran | None = None) -> list[Row]:
    mine, theirs = ours.copied, naive.copied
    actions = [
        Row(f"{action} per copy", mine.per_copy.get(action, 0), theirs.per_copy.get(action, 0), target=target)
        for action, target in (("CopyBackup", _ONE_CALL), ("DescribeBackups", None), ("TagResource", None))
    ]
    whole = Row("whole command, s", ours.ran.seconds, naive.ran.seconds, empty.seconds if empty else None)
    return [whole, *actions, Row("rejected calls", mine.rejected, theirs.rejected, target=_NO_CALL)]


def _preview_rows(ours: float, empty: float, bare: float) -> list[Row]:
    return [
        Row("whole command, s (reference: empty)", ours, reference=empty),
        Row("÷ empty resource", ours / empty, reference=1, target=_NEAR_EMPTY),
        Row("÷ bare resource", ours / bare, reference=1),
    ]


def _ended_rows(ours: Ended, naive: Ended | None, action: str) -> list[Row]:
    calls = sum(ours.per_copy.values()), sum(naive.per_copy.values()) if naive else None
    return [
        Row("whole command, s", ours.ran.seconds, naive.ran.seconds if naive else None),
        Row(f"{action} per copy", ours.per_copy.get(action, 0), naive.per_copy.get(action, 0) if naive else None),
        Row("AWS calls per copy", *calls),
        *_usage_rows(ours.ran, naive.ran if naive else None),
    ]


def _usage_rows(ours: Ran, naive: Ran | None, empty: Ran | None = None, *, memory: Target | None = None) -> list[Row]:
    usages = [ran.usage if ran else None for ran in (naive, empty)]
    naive_cpu, empty_cpu = (usage.cpu_seconds if usage else None for usage in usages)
    naive_peak, empty_peak = (usage.peak_mb if usage else None for usage in usages)
    return [
        Row("provider's processor time, s", ours.usage.cpu_seconds, naive_cpu, empty_cpu),
        Row("provider's peak memory, MB", ours.usage.peak_mb, naive_peak, empty_peak, memory),
    ]

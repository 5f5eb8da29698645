"""Readiness rows as CloudWatch metrics, each in its DR Region, where they outlive the loss of the source Region."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from pulumi_fsx_dr.fsx.cloudwatch import Metric

from .rows import ReportRow, age_seconds, available, target_seconds


def metrics_by_region(rows: Iterable[ReportRow], now: datetime) -> Mapping[str, list[Metric]]:
    """Return the metrics of each DR Region: those of each source, and how many sources are not ready."""
    found: defaultdict[str, list[Metric]] = defaultdict(list)
    not_ready: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        found[row["region"]] += _of_source(row, now)
        not_ready[row["region"], row["stack"]] += row["verdict"] != "ready"
    for (region, stack), number in not_ready.items():
        about = {"DrRegion": region, "Stack": stack}
        found[region].append(Metric(name="NotReady", value=number, unit="Count", dimensions=about))
    return found


def _of_source(row: ReportRow, now: datetime) -> Iterator[Metric]:
    about = {"DrRegion": row["region"], "Source": row["source"], "Stack": row["stack"]}
    if (age := age_seconds(row, now)) is not None:
        yield Metric(name="CopyAge", value=age, unit="Seconds", dimensions=about)
    yield Metric(name="Target", value=target_seconds(row), unit="Seconds", dimensions=about)
    yield Metric(name="Ready", value=row["verdict"] == "ready", unit="None", dimensions=about)
    yield Metric(name="Copies", value=available(row), unit="Count", dimensions=about)

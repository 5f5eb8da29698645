"""Readiness rows as metrics: OpenMetrics text for Prometheus, and CloudWatch metrics of each DR Region."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import get_args

from pulumi_fsx_dr.fsx.cloudwatch import Metric
from pulumi_fsx_dr.readiness import Verdict, age_of

from .rows import ReportRow

_LABELS = ("stack", "source", "name", "source_region", "region")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_HOUR = 3600


def openmetrics(rows: Sequence[ReportRow], now: datetime) -> str:
    """Return the OpenMetrics document."""
    gauges: Mapping[str, tuple[str, Callable[[ReportRow], float | None]]] = {
        "copy_age_seconds": ("Age of the newest copy, by the creation time of its source.", lambda row: _age(row, now)),
        "target_seconds": ("Maximum allowed age of the newest copy (RPO).", _target),
        "copies": ("Copies that are AVAILABLE.", _available),
        "copies_running": ("Copies that are running.", lambda row: len(row["running"])),
    }
    lines = []
    for name, (help_text, value) in gauges.items():
        lines += [f"# TYPE fsx_dr_{name} gauge"]
        lines += [f"# UNIT fsx_dr_{name} seconds"] if name.endswith("_seconds") else []
        lines += [f"# HELP fsx_dr_{name} {help_text}"]
        values = [(row, value(row)) for row in rows]
        lines += [f"fsx_dr_{name}{{{_labels(row)}}} {float(of_row)}" for row, of_row in values if of_row is not None]
    return "\n".join([*lines, *_verdicts(rows), "# EOF"])


def metrics_by_region(rows: Iterable[ReportRow], now: datetime) -> Mapping[str, list[Metric]]:
    """Return the CloudWatch metrics of each DR Region, where they outlive the loss of the source Region."""
    found: defaultdict[str, list[Metric]] = defaultdict(list)
    not_ready: Counter[tuple[str, str]] = Counter()
    for row in rows:
        found[row["region"]] += _of_source(row, now)
        not_ready[row["region"], row["stack"]] += row["verdict"] != "ready"
    for (region, stack), number in not_ready.items():
        dimensions = {"DrRegion": region, "Stack": stack}
        found[region].append(Metric(name="NotReady", value=number, unit="Count", dimensions=dimensions))
    return found


def _of_source(row: ReportRow, now: datetime) -> Iterator[Metric]:
    dimensions = {"DrRegion": row["region"], "Source": row["source"], "Stack": row["stack"]}
    if (age := _age(row, now)) is not None:
        yield Metric(name="CopyAge", value=age, unit="Seconds", dimensions=dimensions)
    yield Metric(name="Target", value=_target(row), unit="Seconds", dimensions=dimensions)
    yield Metric(name="Ready", value=row["verdict"] == "ready", unit="None", dimensions=dimensions)
    yield Metric(name="Copies", value=_available(row), unit="Count", dimensions=dimensions)


def _verdicts(rows: Iterable[ReportRow]) -> Iterator[str]:
    yield "# TYPE fsx_dr_verdict stateset"
    yield "# HELP fsx_dr_verdict Whether the DR Region could take over."
    for row in rows:
        for verdict in get_args(Verdict):
            yield f'fsx_dr_verdict{{{_labels(row)},fsx_dr_verdict="{verdict}"}} {int(row["verdict"] == verdict)}'


def _labels(row: ReportRow) -> str:
    return ",".join(f'{label}="{str(row[label] or "").translate(_ESCAPES)}"' for label in _LABELS)  # type: ignore[literal-required]  # labels are keys of a row


def _age(row: ReportRow, now: datetime) -> float | None:
    age = age_of(row, now)
    return None if age is None else age.total_seconds()


def _target(row: ReportRow) -> float:
    return row["target_hours"] * _HOUR


def _available(row: ReportRow) -> int:
    return sum(copy["lifecycle"] == "AVAILABLE" for copy in row["copies"])

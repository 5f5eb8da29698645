"""Readiness rows as metrics: text for Prometheus, and CloudWatch metrics of each DR Region."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import get_args

from pulumi_fsx_dr.fsx.cloudwatch import Metric
from pulumi_fsx_dr.readiness import Verdict

from .rows import Report, ReportRow

_LABELS = ("stack", "source", "name", "source_region", "region")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_HOUR = 3600


def _age(row: ReportRow) -> float | None:
    return None if row["age_hours"] is None else round(row["age_hours"] * _HOUR)


def _target(row: ReportRow) -> float:
    return round(row["target_hours"] * _HOUR)


_GAUGES: Mapping[str, tuple[str, Callable[[ReportRow], float | None]]] = MappingProxyType(
    {
        "copy_age_seconds": ("Age of the source backup of the newest copy.", _age),
        "target_seconds": ("Maximum allowed age of the newest copy (RPO).", _target),
        "copies": ("Number of AVAILABLE copies.", lambda row: len(row["copies"])),
        "copies_running": (
            "Number of copies that were running during the last update.",
            lambda row: len(row["running"]),
        ),
    }
)


def prometheus(report: Report) -> str:
    """Return Prometheus' text format 0.0.4, which node_exporter and the push gateway read."""
    return "\n".join(_families(report))


def openmetrics(report: Report) -> str:
    """Return OpenMetrics 1.0 text."""
    return f"{prometheus(report)}\n# EOF"


def _families(report: Report) -> Iterator[str]:
    # Readers reject a file that contains a series twice, so the first row of each series, the worst one, is kept.
    rows = {_labels(row): row for row in reversed(report.rows)}
    for name, (help_text, value) in _GAUGES.items():
        yield from _head(name, help_text)
        values = {labels: value(row) for labels, row in rows.items()}
        yield from (_sample(name, labels, number) for labels, number in values.items() if number is not None)
    yield from _head("verdict", "1 for the verdict of the source, 0 for the other verdicts.")
    for labels, row in rows.items():
        for verdict in get_args(Verdict):
            yield _sample("verdict", f'{labels},verdict="{verdict}"', row["verdict"] == verdict)


def _head(name: str, help_text: str) -> list[str]:
    return [f"# HELP fsx_dr_{name} {help_text}", f"# TYPE fsx_dr_{name} gauge"]


def _sample(name: str, labels: str, value: float) -> str:
    return f"fsx_dr_{name}{{{labels}}} {float(value)}"


def metrics_by_region(rows: Iterable[ReportRow]) -> Mapping[str, list[Metric]]:
    """Return the CloudWatch metrics of each DR Region, where they are published to survive the loss of the source."""
    found: defaultdict[str, list[Metric]] = defaultdict(list)
    not_ready: Counter[tuple[str, str]] = Counter()
    for row in rows:
        found[row["region"]] += _of_source(row)
        not_ready[row["region"], row["stack"]] += row["verdict"] != "ready"
    for (region, stack), number in not_ready.items():
        dimensions = {"DrRegion": region, "Stack": stack}
        found[region].append(Metric(name="NotReady", value=number, unit="Count", dimensions=dimensions))
    return found


def _of_source(row: ReportRow) -> Iterator[Metric]:
    dimensions = {"DrRegion": row["region"], "Source": row["source"], "Stack": row["stack"]}
    if (age := _age(row)) is not None:
        yield Metric(name="CopyAge", value=age, unit="Seconds", dimensions=dimensions)
    yield Metric(name="Target", value=_target(row), unit="Seconds", dimensions=dimensions)
    yield Metric(name="Ready", value=row["verdict"] == "ready", unit="None", dimensions=dimensions)
    yield Metric(name="Copies", value=len(row["copies"]), unit="Count", dimensions=dimensions)


def _labels(row: ReportRow) -> str:
    values = {label: row[label] for label in _LABELS}  # type: ignore[literal-required]  # labels are keys of a row
    # Prometheus does not distinguish an empty label from an absent one.
    return ",".join(f'{label}="{str(value).translate(_ESCAPES)}"' for label, value in values.items() if value)

"""Readiness rows as OpenMetrics text, for Prometheus and what reads its format."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import get_args

from pulumi_fsx_dr.readiness import Verdict

from .rows import ReportRow, age_seconds, available, target_seconds

_LABELS = ("stack", "source", "name", "source_region", "region")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_Value = Callable[[ReportRow], float | None]


def openmetrics(rows: Sequence[ReportRow], now: datetime) -> str:
    """Return the document, which ends with `# EOF`."""
    return "\n".join(
        [
            *_gauge(
                "copy_age_seconds",
                "Age of the newest copy, since its source backup was made.",
                rows,
                lambda row: age_seconds(row, now),
            ),
            *_gauge("target_seconds", "The oldest that it may be.", rows, target_seconds),
            *_gauge("copies", "Copies that are AVAILABLE.", rows, available),
            *_gauge("copies_running", "Copies under way.", rows, lambda row: len(row["running"])),
            *_verdicts(rows),
            "# EOF",
        ]
    )


def _gauge(name: str, says: str, rows: Iterable[ReportRow], value: _Value) -> Iterable[str]:
    yield f"# TYPE fsx_dr_{name} gauge"
    if name.endswith("_seconds"):
        yield f"# UNIT fsx_dr_{name} seconds"
    yield f"# HELP fsx_dr_{name} {says}"
    for row in rows:
        if (measured := value(row)) is not None:
            yield f"fsx_dr_{name}{{{_labels(row)}}} {float(measured)}"


def _verdicts(rows: Iterable[ReportRow]) -> Iterable[str]:
    yield "# TYPE fsx_dr_verdict stateset"
    yield "# HELP fsx_dr_verdict Whether the DR Region could take over."
    for row in rows:
        for verdict in get_args(Verdict):
            is_set = int(row["verdict"] == verdict)
            yield f'fsx_dr_verdict{{{_labels(row)},fsx_dr_verdict="{verdict}"}} {is_set}'


def _labels(row: ReportRow) -> str:
    return ",".join(f'{label}="{str(row[label] or "").translate(_ESCAPES)}"' for label in _LABELS)  # type: ignore[literal-required]  # labels are keys of a row

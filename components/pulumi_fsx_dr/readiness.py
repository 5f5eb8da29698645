"""Readiness rows: the newest copy of each source, and the allowed age (RPO).

A stack exports only what stays the same until a copy is made or deleted. Ages and verdicts change with the time, so
readers compute them with `judged`. Otherwise every preview would show a change.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypedDict, cast

from .errors import InvalidSettingsError
from .fsx.backup import Backup
from .fsx.text import NAME_LIMIT, clean
from .rules.sources import source_label

RPO_HOURS = 24
Verdict = Literal["ready", "late", "missing"]


class ReadinessRow(TypedDict):
    """The copies of one source in one DR Region; every value is JSON. Times are in ISO 8601 and UTC.

    Attributes:
        source: file system id, backup id of a source that is a single backup, or tags that do not select anything.
        name: `Name` tag of the file system, or None.
        source_region: Region of the source.
        region: DR Region.
        target_hours: maximum age of the newest copy.
        newest_copy: backup id of the newest AVAILABLE copy, or None.
        source_creation_time: creation time of the source backup of that copy, or None.
        obstacle: why the last update could not copy any backup of the source, or None.
        copies: creation time of the source backup of each AVAILABLE copy, by the copy's backup id.
        failed: the same for copies that FAILED.
        running: backup ids of the copies that were running during the last update.
    """

    source: str
    name: str | None
    source_region: str
    region: str
    target_hours: float
    newest_copy: str | None
    source_creation_time: str | None
    obstacle: str | None
    copies: dict[str, str]
    failed: dict[str, str]
    running: list[str]


class JudgedRow(ReadinessRow):
    """A row as of a given time.

    Attributes:
        age_hours: hours since `source_creation_time`, or None.
        verdict: `ready`, `late` (older than the target) or `missing` (no AVAILABLE copy in another Region).
        reason: why the verdict is what it is, as the end of a sentence.
    """

    age_hours: float | None
    verdict: Verdict
    reason: str


def require_hours(rpo_hours: object) -> float:
    """Return an RPO in hours."""
    is_number = isinstance(rpo_hours, int | float) and not isinstance(rpo_hours, bool)
    if not (is_number and 0 < cast("float", rpo_hours) < math.inf):
        raise InvalidSettingsError("rpo_hours must be a positive number of hours, such as 24 or 1.5.")
    return float(cast("float", rpo_hours))


def rows(
    sources: Iterable[Mapping[str, Any]],
    region: str,
    copies: Iterable[Backup],
    times: Mapping[str, datetime],
    rpo_hours: float,
) -> list[ReadinessRow]:
    """Return a row for each source in one DR Region, in the order of the sources.

    Args:
        sources: each with `region`, with `file_system_id`, `backup_id` or `tags`, and perhaps `name` and `obstacle`.
        times: creation times of the source backups, by the copy's id. Default for a copy: its own creation time.
        rpo_hours: maximum age of the newest copy.
    """
    timed = [(times.get(copy.id, copy.creation_time), copy) for copy in copies if copy.source_backup_id]
    found: dict[str, list[tuple[datetime, Backup]]] = defaultdict(list)
    for time, copy in sorted(timed, key=lambda pair: (pair[0], pair[1].id), reverse=True):
        for key in filter(None, (copy.file_system_id, copy.source_backup_id)):
            found[key].append((time, copy))
    return [
        cast(
            "ReadinessRow",
            {
                "source": source_label(source),
                "name": clean(source["name"], NAME_LIMIT) if source.get("name") else None,
                "source_region": source["region"],
                "region": region,
                "target_hours": float(rpo_hours),
                "obstacle": source.get("obstacle"),
                **_copies(found.get(str(source.get("file_system_id") or source.get("backup_id") or ""), ())),
            },
        )
        for source in sources
    ]


def judged(rows: Iterable[Mapping[str, Any]], now: datetime) -> list[JudgedRow]:
    """Return the rows with age and verdict as of a given time.

    Pulumi drops members that are None from outputs, and sorts mappings by key. In the returned rows, all members exist,
    and the newest copy comes first.
    """
    return [_judged(row, now) for row in rows]


def summary(rows: Iterable[JudgedRow]) -> str:
    """Return the number of rows with each verdict in one line."""
    counts = Counter(row["verdict"] for row in rows)
    if not counts:
        return "nothing to show"
    others = [f"{counts[verdict]} {verdict}" for verdict in ("late", "missing") if counts[verdict]]
    return ", ".join([f"{counts['ready']} of {counts.total()} ready", *others])


def age_of(source_creation_time: str, now: datetime) -> timedelta:
    """Return the time since a source backup was created."""
    # If clocks differ, the creation time may be in the future. The age is zero then.
    return max(now - datetime.fromisoformat(source_creation_time), timedelta())


def _copies(newest_first: Sequence[tuple[datetime, Backup]]) -> dict[str, Any]:
    available = {copy.id: _iso(time) for time, copy in newest_first if copy.is_available}
    newest = next(iter(available), None)
    return {
        "newest_copy": newest,
        "source_creation_time": newest and available[newest],
        "copies": available,
        "failed": {copy.id: _iso(time) for time, copy in newest_first if copy.lifecycle == "FAILED"},
        "running": [copy.id for _, copy in newest_first if copy.is_running_copy],
    }


def _judged(row: Mapping[str, Any], now: datetime) -> JudgedRow:
    if _is_in_region(row):  # its copies would be lost with the source
        row = {**row, "newest_copy": None, "source_creation_time": None}
    made = row.get("source_creation_time")
    age = age_of(made, now) if made else None
    verdict, reason = _verdict(row, age)
    judgment = {
        "name": row.get("name"),
        "newest_copy": row.get("newest_copy"),
        "source_creation_time": made,
        "age_hours": None if age is None else round(age / timedelta(hours=1), 2),
        "verdict": verdict,
        "reason": reason,
        "obstacle": row.get("obstacle"),
        "copies": _newest_first(row["copies"]),
        "failed": _newest_first(row["failed"]),
    }
    return cast("JudgedRow", {**row, **judgment})


def _newest_first(copies: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(copies.items(), key=lambda copy: (datetime.fromisoformat(copy[1]), copy[0]), reverse=True))


def _is_in_region(row: Mapping[str, Any]) -> bool:
    return bool(row["source_region"] == row["region"])


def _verdict(row: Mapping[str, Any], age: timedelta | None) -> tuple[Verdict, str]:
    obstacle = row.get("obstacle")
    if _is_in_region(row):
        return "missing", "the DR Region is the Region of the source"
    if age is not None and age <= timedelta(hours=row["target_hours"]):
        return "ready", "the newest copy is within the target"
    if age is not None:
        late = "the newest copy is older than the target"
        return "late", f"{late}, and no newer backup can be copied: {obstacle}" if obstacle else late
    if row["running"]:
        return "missing", "the first copy was still running during the last update"
    if obstacle:
        return "missing", str(obstacle)
    return "missing", "every copy FAILED" if row["failed"] else "there is no copy: run `pulumi up`"


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()

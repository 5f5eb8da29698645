"""Readiness rows: the age of the newest copy of each source, against the allowed age (RPO)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypedDict, cast

from .fsx.backup import Backup
from .fsx.text import NAME_LIMIT, clean
from .rules.sources import source_label

RPO_HOURS = 24
Verdict = Literal["ready", "late", "missing"]


class FinishedCopy(TypedDict):
    """A copy that has ended; the time is that of the source backup, in ISO 8601 and UTC."""

    backup_id: str
    source_backup_id: str
    source_creation_time: str
    lifecycle: str


class RunningCopy(TypedDict):
    """A running copy; `percent` is None where FSx does not say."""

    backup_id: str
    source_backup_id: str
    percent: int | None


class ReadinessRow(TypedDict):
    """How ready one DR Region is for the loss of one source; every value is JSON.

    Attributes:
        source: file system id, the backup id of a source that is a single backup, or tags that select nothing.
        name: the file system's `Name` tag, or None.
        newest_copy: backup id of the newest AVAILABLE copy, or None.
        source_creation_time: when the source of that copy was made (ISO 8601, UTC), or None.
        age_hours: hours since then, or None.
        target_hours: the oldest that may be.
        verdict: `ready`, `late` (older than the target) or `missing` (no AVAILABLE copy).
        reason: of the verdict, as the end of a sentence.
        obstacle: why none of the source's backups could be copied in the last run, or None.
        copies: newest first, AVAILABLE or FAILED.
        running: newest first.
    """

    source: str
    name: str | None
    source_region: str
    region: str
    newest_copy: str | None
    source_creation_time: str | None
    age_hours: float | None
    target_hours: float
    verdict: Verdict
    reason: str
    obstacle: str | None
    copies: list[FinishedCopy]
    running: list[RunningCopy]


def rows(  # noqa: PLR0913, PLR0917  # public, and each is another kind of input
    sources: Iterable[Mapping[str, Any]],
    region: str,
    copies: Iterable[Backup],
    times: Mapping[str, datetime],
    rpo_hours: float,
    now: datetime,
) -> list[ReadinessRow]:
    """Return a row for each source in one DR Region, in the order of the sources.

    Args:
        sources: each with `region`, with `file_system_id`, `backup_id` or `tags`, and perhaps `name` and `obstacle`.
        region: the DR Region.
        copies: those there that count.
        times: when their source backups were made, by the copy's id; without one, a copy counts from its own time.
        rpo_hours: how old, in hours, the newest copy's source backup may be.
        now: the time of the judgement.
    """
    timed = [(times.get(copy.id, copy.creation_time), copy) for copy in copies if copy.source_backup_id]
    found: dict[str, list[tuple[datetime, Backup]]] = defaultdict(list)
    for time, copy in sorted(timed, key=lambda pair: pair[0], reverse=True):
        for key in filter(None, (copy.file_system_id, copy.source_backup_id)):
            found[key].append((time, copy))
    unjudged = (
        {
            "source": source_label(source),
            "name": clean(source["name"], NAME_LIMIT) if source.get("name") else None,
            "source_region": source["region"],
            "region": region,
            "target_hours": float(rpo_hours),
            "obstacle": source.get("obstacle"),
            **_copies(found.get(str(source.get("file_system_id") or source.get("backup_id") or ""), ())),
        }
        for source in sources
    )
    return judged(unjudged, now)


def judged(rows: Iterable[Mapping[str, Any]], now: datetime) -> list[ReadinessRow]:
    """Return the rows with age and verdict as they are at another time.

    Pulumi drops members that are None; the returned rows have them again.
    """
    return [_judged(row, now) for row in rows]


def summary(rows: Iterable[ReadinessRow]) -> str:
    """Return the verdicts in one line."""
    counts = Counter(row["verdict"] for row in rows)
    if not counts:
        return "nothing to show"
    others = [f"{counts[verdict]} {verdict}" for verdict in ("late", "missing") if counts[verdict]]
    return ", ".join([f"{counts['ready']} of {counts.total()} ready", *others])


def age_of(row: Mapping[str, Any], now: datetime) -> timedelta | None:
    """Return the age of the newest copy, by the creation time of its source; None if there is no copy."""
    made = row.get("source_creation_time")
    # Where clocks differ, a source may seem to have been made later than now: then its age is zero.
    return max(now - datetime.fromisoformat(made), timedelta()) if made else None


def _copies(newest_first: Sequence[tuple[datetime, Backup]]) -> dict[str, Any]:
    available = ((time, copy) for time, copy in newest_first if copy.is_available)
    time, newest = next(available, (None, None))
    return {
        "newest_copy": newest and newest.id,
        "source_creation_time": time and _iso(time),
        "copies": [
            FinishedCopy(
                backup_id=copy.id,
                source_backup_id=copy.source_backup_id or "",
                source_creation_time=_iso(time),
                lifecycle=copy.lifecycle,
            )
            for time, copy in newest_first
            if copy.lifecycle in ("AVAILABLE", "FAILED")
        ],
        "running": [
            RunningCopy(backup_id=copy.id, source_backup_id=copy.source_backup_id or "", percent=copy.progress_percent)
            for _, copy in newest_first
            if copy.is_running_copy
        ],
    }


def _judged(row: Mapping[str, Any], now: datetime) -> ReadinessRow:
    age = age_of(row, now)
    verdict, reason = _verdict(row, age)
    judgement = {
        "name": row.get("name"),
        "newest_copy": row.get("newest_copy"),
        "source_creation_time": row.get("source_creation_time"),
        "age_hours": None if age is None else round(age / timedelta(hours=1), 2),
        "verdict": verdict,
        "reason": reason,
        "obstacle": row.get("obstacle"),
        "running": [{**running, "percent": running.get("percent")} for running in row["running"]],
    }
    return cast("ReadinessRow", {**row, **judgement})


def _verdict(row: Mapping[str, Any], age: timedelta | None) -> tuple[Verdict, str]:
    obstacle = row.get("obstacle")
    if age is not None and age <= timedelta(hours=row["target_hours"]):
        return "ready", "the newest copy is within the target"
    if age is not None:
        late = "the newest copy is older than the target"
        return "late", f"{late}, and no newer backup can be copied: {obstacle}" if obstacle else late
    if row["running"]:
        return "missing", "the first copy is running"
    if obstacle:
        return "missing", str(obstacle)
    return "missing", "every copy FAILED" if row["copies"] else "there is no copy: run pulumi up"


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()

"""Whether each DR Region could take over: how old its newest copy is, against how old it may be."""

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
    """A copy that does not run any more; its time is that of the source backup, as ISO 8601 in UTC."""

    backup_id: str
    source_backup_id: str
    source_creation_time: str
    lifecycle: str


class RunningCopy(TypedDict):
    """A copy under way; `percent` is None where FSx does not say."""

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


def rows(  # noqa: PLR0913, PLR0917  # what is asked for, what there is, and what it is judged by
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
    return judged((_row(source, region, found.get(_key(source), ()), rpo_hours) for source in sources), now)


def judged(rows: Iterable[Mapping[str, Any]], now: datetime) -> list[ReadinessRow]:
    """Return the rows with age and verdict as they are at another time.

    The rows may lack what is None, as it happens on the way through Pulumi; the returned ones have it.
    """
    return [_judged(row, now) for row in rows]


def summary(rows: Iterable[ReadinessRow]) -> str:
    """Return the verdicts in one line."""
    counts = Counter(row["verdict"] for row in rows)
    if not counts:
        return "nothing to show"
    others = [f"{counts[verdict]} {verdict}" for verdict in ("late", "missing") if counts[verdict]]
    return ", ".join([f"{counts['ready']} of {counts.total()} ready", *others])


def _row(
    source: Mapping[str, Any], region: str, copies: Sequence[tuple[datetime, Backup]], rpo_hours: float
) -> dict[str, Any]:
    """Return the row of a source; its copies are the newest first."""
    time, newest = next(((time, copy) for time, copy in copies if copy.is_available), (None, None))
    return {
        "source": source_label(source),
        "name": clean(source["name"], NAME_LIMIT) if source.get("name") else None,
        "source_region": source["region"],
        "region": region,
        "newest_copy": newest and newest.id,
        "source_creation_time": time and _iso(time),
        "target_hours": float(rpo_hours),
        "obstacle": source.get("obstacle"),
        "copies": [_copy(copy, time) for time, copy in copies if copy.lifecycle in ("AVAILABLE", "FAILED")],
        "running": [_running(copy) for _, copy in copies if copy.is_running_copy],
    }


def _key(source: Mapping[str, Any]) -> str:
    return str(source.get("file_system_id") or source.get("backup_id") or "")


def _copy(copy: Backup, time: datetime) -> FinishedCopy:
    return {
        "backup_id": copy.id,
        "source_backup_id": copy.source_backup_id or "",
        "source_creation_time": _iso(time),
        "lifecycle": copy.lifecycle,
    }


def _running(copy: Backup) -> RunningCopy:
    return {
        "backup_id": copy.id,
        "source_backup_id": copy.source_backup_id or "",
        "percent": copy.progress_percent,
    }


def age_of(row: Mapping[str, Any], now: datetime) -> timedelta | None:
    """Return how old the newest copy is, since its source was made; None if there is none."""
    made = row.get("source_creation_time")
    # Where clocks differ, a source may seem to have been made later than now: then its age is zero.
    return max(now - datetime.fromisoformat(made), timedelta()) if made else None


def _judged(row: Mapping[str, Any], now: datetime) -> ReadinessRow:
    made, age = row.get("source_creation_time"), age_of(row, now)
    late = age is not None and age > timedelta(hours=row["target_hours"])
    judgement = {
        "name": row.get("name"),
        "newest_copy": row.get("newest_copy"),
        "source_creation_time": made,
        "age_hours": None if age is None else round(age / timedelta(hours=1), 2),
        "verdict": "missing" if age is None else "late" if late else "ready",
        "reason": _missing(row) if age is None else _late(row) if late else "the newest copy is within the target",
        "obstacle": row.get("obstacle"),
        "running": [{**running, "percent": running.get("percent")} for running in row["running"]],
    }
    return cast("ReadinessRow", {**row, **judgement})


def _late(row: Mapping[str, Any]) -> str:
    obstacle = row.get("obstacle")
    late = "the newest copy is older than the target"
    return f"{late}, and nothing newer can be copied, because {obstacle}" if obstacle else late


def _missing(row: Mapping[str, Any]) -> str:
    if row["running"]:
        return "the first copy is under way"
    if row.get("obstacle"):
        return str(row["obstacle"])
    if row["copies"]:
        return "every copy FAILED"
    return "there is no copy: run pulumi up"


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()

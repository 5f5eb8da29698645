"""Retention: which recovery points of one file system or volume have a copy in a DR Region."""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Protocol, TypeAlias, TypedDict

from pulumi_fsx_dr.fsx.backup import Backup

# A copy with an unknown time counts as the oldest, so that no other copy expires because of it.
UNKNOWN_TIME = datetime.min.replace(tzinfo=UTC)
_DURATION = re.compile(r"(?:(\d{1,4})y)?(?:(\d{1,4})m)?(?:(\d{1,4})w)?(?:(\d{1,4})d)?(?:(\d{1,4})h)?", re.ASCII)


class RetentionPolicy(TypedDict, total=False):
    """A retention policy: a backup has a copy if any of the rules keeps it. At least one rule is required.

    The rules work as in `restic forget --keep-…`. Days, weeks, months and years are in UTC, and weeks begin on Monday
    (ISO 8601).

    Attributes:
        last: Keep the newest N backups.
        daily: Keep the newest backup of each day, for the newest N days with a backup.
        weekly: Keep the newest backup of each week, for the newest N weeks with a backup.
        monthly: Keep the newest backup of each month, for the newest N months with a backup.
        yearly: Keep the newest backup of each year, for the newest N years with a backup.
        within: Keep all backups that are at most this much older than the newest one, in years, months, weeks, days and
            hours, such as 30d, 12h or 1y6m.
    """

    last: int
    daily: int
    weekly: int
    monthly: int
    yearly: int
    within: str


Keep: TypeAlias = int | RetentionPolicy


@dataclass(frozen=True, slots=True)
class RecoveryPoint:
    """The properties of a recovery point that retention needs.

    Attributes:
        time: the creation time of the source backup, in whole seconds.
        is_in_state: whether the state contains a copy.
        has_copy: whether a copy is AVAILABLE, or this run creates one.
    """

    source_backup_id: str
    time: datetime
    is_in_state: bool = False
    has_copy: bool = True


@dataclass(frozen=True, slots=True)
class Selection:
    """The recovery points with a declared copy, and those with an expired copy in the state; newest first.

    Attributes:
        reasons: the rules that keep a recovery point, or why no rule keeps it; by source backup.
    """

    kept: list[RecoveryPoint]
    expired: list[RecoveryPoint]
    reasons: dict[str, str] = field(default_factory=dict, compare=False)


def select(points: Iterable[RecoveryPoint], keep: Keep, *, may_expire: bool = True) -> Selection:
    """Choose the recovery points that a rule keeps; copies expire only if newer recovery points have copies."""
    chosen = Selection([], [])
    rules = _rules(keep)
    # The id decides between backups of the same second, so that all runs have the same order.
    for point in sorted(points, key=lambda point: (point.time, point.source_backup_id), reverse=True):
        verdicts = [rule.judge(point) for rule in rules]
        reasons = [verdict.why for verdict in verdicts if verdict.keeps]
        if reasons or (point.is_in_state and not may_expire):
            chosen.kept.append(point)
            reasons = reasons or ["nothing is deleted in this run"]
        elif point.is_in_state:
            chosen.expired.append(point)
        chosen.reasons[point.source_backup_id] = ", ".join(reasons or [verdict.why for verdict in verdicts])
    return chosen


def is_recovery_point(backup: Backup) -> bool:
    """Whether retention counts a backup in the source Region."""
    # Copies do not count. AWS Backup copies and deletes its own backups.
    return backup.is_available and backup.type in ("AUTOMATIC", "USER_INITIATED") and not backup.source_backup_id


def is_duration(text: str) -> bool:
    found = _DURATION.fullmatch(text)
    return found is not None and any(int(part or 0) for part in found.groups())


def _before(time: datetime, duration: str) -> datetime:
    """Return the time that is earlier by a duration; years and months are calendar months, as in restic."""
    found = _DURATION.fullmatch(duration)
    years, months, weeks, days, hours = (int(part or 0) for part in found.groups()) if found else (0,) * 5
    month = time.year * 12 + time.month - 1 - (years * 12 + months)
    try:
        first = time.replace(year=month // 12, month=month % 12 + 1, day=1)
        return first + timedelta(days=time.day - 1) - timedelta(weeks=weeks, days=days, hours=hours)
    except (ValueError, OverflowError):  # before the year 1
        return UNKNOWN_TIME


@dataclass(frozen=True, slots=True)
class _Verdict:
    keeps: bool
    why: str


class _Rule(Protocol):
    def judge(self, point: RecoveryPoint) -> _Verdict:
        """Whether the rule keeps a recovery point; called for all of them, the newest first."""


@dataclass(slots=True)
class _Newest:
    """Keeps the newest recovery point of each period, for the newest N periods with a copy.

    Attributes:
        period: returns the period of a recovery point; None if it is unknown.
        filled: the periods with a copy so far.
    """

    name: str
    number: int
    unit: str
    period: Callable[[RecoveryPoint], Hashable]
    filled: set[Hashable] = field(default_factory=set)

    def judge(self, point: RecoveryPoint) -> _Verdict:
        period = self.period(point)
        if period in self.filled:
            return _Verdict(keeps=False, why=f"{self.name}: that {self.unit} has a newer copy")
        if len(self.filled) >= self.number:
            return _Verdict(keeps=False, why=f"{self.name}: {self.number} newer {_plural(self.number, self.unit)}")
        place = len(self.filled) + 1
        # A recovery point without a copy, for example because the copy FAILED, does not fill a period.
        if point.has_copy and period is not None:
            self.filled.add(period)
        return _Verdict(keeps=True, why=f"{self.name} {place} of {self.number}")


@dataclass(slots=True)
class _Within:
    """Keeps the recovery points that are at most this much older than the newest one with a copy.

    The current time does not count: without new backups, nothing expires.
    """

    duration: str
    since: datetime | None = None

    def judge(self, point: RecoveryPoint) -> _Verdict:
        # A recovery point with an unknown time may be recent.
        if self.since is not None and UNKNOWN_TIME < point.time <= self.since:
            return _Verdict(keeps=False, why=f"within {self.duration}: it is older than that")
        if self.since is None and point.has_copy:
            self.since = _before(point.time, self.duration)
        return _Verdict(keeps=True, why=f"within {self.duration}")


def _rules(keep: Keep) -> list[_Rule]:
    policy: Mapping[str, object] = {"last": keep} if isinstance(keep, int) else keep
    rules: list[_Rule] = [
        _Newest(name, number, unit, period)
        for name, (unit, period) in _PERIODS.items()
        if isinstance(number := policy.get(name), int)
    ]
    if isinstance(duration := policy.get("within"), str):
        rules.append(_Within(duration))
    return rules


def _by_time(period: Callable[[datetime], Hashable]) -> Callable[[RecoveryPoint], Hashable]:
    return lambda point: None if point.time == UNKNOWN_TIME else period(point.time.astimezone(UTC))


_PERIODS: Mapping[str, tuple[str, Callable[[RecoveryPoint], Hashable]]] = MappingProxyType(
    {
        "last": ("copy", lambda point: point.source_backup_id),
        "daily": ("day", _by_time(datetime.date)),
        "weekly": ("week", _by_time(lambda time: time.isocalendar()[:2])),
        "monthly": ("month", _by_time(lambda time: (time.year, time.month))),
        "yearly": ("year", _by_time(lambda time: time.year)),
    }
)


def _plural(number: int, unit: str) -> str:
    several = "copies" if unit == "copy" else f"{unit}s"
    return unit if number == 1 else several

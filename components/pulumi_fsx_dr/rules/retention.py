"""Retention: which copies of one file system or volume a DR Region makes, keeps and deletes."""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Generic, Protocol, TypeAlias, TypedDict, TypeVar

from pulumi_fsx_dr.fsx.backup import Backup

# A copy of unknown time counts as the oldest, so that it takes the place of no other.
UNKNOWN_TIME = datetime.min.replace(tzinfo=UTC)
_DURATION = re.compile(r"(?:(\d{1,4})y)?(?:(\d{1,4})m)?(?:(\d{1,4})w)?(?:(\d{1,4})d)?(?:(\d{1,4})h)?", re.ASCII)


class RetentionPolicy(TypedDict, total=False):
    """Rules by time for the backups of a file system: a backup that any rule keeps has a copy. One rule is required.

    The rules work as in `restic forget --keep-…`. Days, weeks, months and years are in UTC; weeks begin on Monday
    (ISO 8601).

    Attributes:
        last: The newest so many backups.
        daily: The newest backup of each of the newest so many days that have one.
        weekly: The newest backup of each of the newest so many weeks that have one.
        monthly: The newest backup of each of the newest so many months that have one.
        yearly: The newest backup of each of the newest so many years that have one.
        within: Each backup made within this time before the newest one, in years, months, weeks, days and hours: 30d,
            12h, 1y6m.
    """

    last: int
    daily: int
    weekly: int
    monthly: int
    yearly: int
    within: str


Keep: TypeAlias = int | RetentionPolicy


class Point(Protocol):
    """What retention must know of a recovery point.

    Attributes:
        source_backup_id: the source backup.
        time: when that was made, in whole seconds, as the state has it.
        is_in_state: whether the state has a copy.
        has_copy: whether there is an AVAILABLE copy, or this run makes one.
    """

    @property
    def source_backup_id(self) -> str: ...  # as above

    @property
    def time(self) -> datetime: ...  # as above

    @property
    def is_in_state(self) -> bool: ...  # as above

    @property
    def has_copy(self) -> bool: ...  # as above


_P = TypeVar("_P", bound=Point)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPoint:
    """A `Point`, as plain values."""

    source_backup_id: str
    time: datetime
    is_in_state: bool = False
    has_copy: bool = True


@dataclass(frozen=True, slots=True)
class Selection(Generic[_P]):
    """The points with a declared copy, and the points in the state with an expired copy; newest first.

    Attributes:
        reasons: by source backup which rules keep a point, or why each of them does not.
    """

    kept: list[_P]
    expired: list[_P]
    reasons: dict[str, str] = field(default_factory=dict, compare=False)


def select(points: Iterable[_P], keep: Keep, *, may_expire: bool = True) -> Selection[_P]:
    """Choose the points that a rule keeps; one in the state expires only behind newer ones that have a copy."""
    chosen: Selection[_P] = Selection([], [])
    rules = _rules(keep)
    for point in _newest_first(points):
        verdicts = [rule.judge(point) for rule in rules]
        reasons = [verdict.why for verdict in verdicts if verdict.keeps]
        if reasons or (point.is_in_state and not may_expire):
            chosen.kept.append(point)
            reasons = reasons or ["nothing is deleted now"]
        elif point.is_in_state:
            chosen.expired.append(point)
        chosen.reasons[point.source_backup_id] = ", ".join(reasons or [verdict.why for verdict in verdicts])
    return chosen


def is_recovery_point(backup: Backup) -> bool:
    """Whether retention counts a backup in the source Region: copies do not count."""
    # What AWS Backup has made is left to it: its plan copies and deletes those. One that the program names as a source
    # is copied if FSx accepts it, which no document tells.
    return backup.is_available and backup.type in ("AUTOMATIC", "USER_INITIATED") and not backup.source_backup_id


def is_duration(text: str) -> bool:
    """Whether a text is one that `within` takes."""
    found = _DURATION.fullmatch(text)
    return found is not None and any(int(part or 0) for part in found.groups())


def _before(time: datetime, duration: str) -> datetime:
    """Return the moment so long before another one; of months by the calendar, as restic counts them."""
    found = _DURATION.fullmatch(duration)
    years, months, weeks, days, hours = (int(part or 0) for part in found.groups()) if found else (0,) * 5
    month = time.year * 12 + time.month - 1 - (years * 12 + months)
    try:
        first = time.replace(year=month // 12, month=month % 12 + 1, day=1)
        return first + timedelta(days=time.day - 1) - timedelta(weeks=weeks, days=days, hours=hours)
    except (ValueError, OverflowError):  # before the first year that Python knows
        return UNKNOWN_TIME


@dataclass(frozen=True, slots=True)
class _Verdict:
    keeps: bool
    why: str


class _Rule(Protocol):
    def judge(self, point: Point) -> _Verdict:
        """Whether the rule keeps a point; called for all points, the newest first."""


@dataclass(slots=True)
class _Newest:
    """Keeps the newest point of each of so many periods.

    Attributes:
        period: returns the period of a point; None if it is unknown.
        filled: the periods with a copy.
    """

    name: str
    number: int
    unit: str
    period: Callable[[Point], Hashable]
    filled: set[Hashable] = field(default_factory=set)

    def judge(self, point: Point) -> _Verdict:
        period = self.period(point)
        if period in self.filled:
            return _Verdict(keeps=False, why=f"{self.name}: its {self.unit} has a newer one")
        if len(self.filled) >= self.number:
            return _Verdict(keeps=False, why=f"{self.name}: {self.number} newer {_plural(self.number, self.unit)}")
        place = len(self.filled) + 1
        # Only what is AVAILABLE, or will be, counts: a copy that FAILED takes no place. Of what nobody knows the
        # period of, nothing else is of the same.
        if point.has_copy and period is not None:
            self.filled.add(period)
        return _Verdict(keeps=True, why=f"{self.name} {place} of {self.number}")


@dataclass(slots=True)
class _Within:
    """Keeps the points that are not much older than the newest point with a copy.

    Not than now: where no new backups come, nothing expires, and each run decides as the one before.
    """

    duration: str
    since: datetime | None = None

    def judge(self, point: Point) -> _Verdict:
        # A point of unknown time may be young.
        if self.since is not None and UNKNOWN_TIME < point.time <= self.since:
            return _Verdict(keeps=False, why=f"within {self.duration}: it is older")
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


def _by_time(period: Callable[[datetime], Hashable]) -> Callable[[Point], Hashable]:
    return lambda point: None if point.time == UNKNOWN_TIME else period(point.time.astimezone(UTC))


_PERIODS: Mapping[str, tuple[str, Callable[[Point], Hashable]]] = MappingProxyType(
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


def _newest_first(points: Iterable[_P]) -> list[_P]:
    # The id decides between backups of the same second, so that each run orders them in the same way.
    return sorted(points, key=lambda point: (point.time, point.source_backup_id), reverse=True)

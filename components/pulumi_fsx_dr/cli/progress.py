"""How far the running copies are: what one look at some Regions found, and how it is shown."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.text import Text

from pulumi_fsx_dr.copies.durations import duration
from pulumi_fsx_dr.fsx.backup import Backup

from . import formatting
from .table_layout import compact_grid, grid

_HEADINGS = ("DR Region", "Copy", "Of", "Progress", "", "Elapsed", "Left, about")
_NARROW_HEADINGS = ("DR Region", "Copy", "Of", "", "Elapsed", "Left, about")
_BAR_WIDTH = 30
_WIDE = 140  # columns from which ids and bars have room


@dataclass(frozen=True, slots=True)
class Progress:
    """A copy under way.

    Attributes:
        percent: 0 to 100, or None where FSx does not say.
        elapsed_seconds: since FSx accepted the copy.
        remaining_seconds: if it goes on as fast as so far; None where that cannot be told.
    """

    region: str
    backup_id: str
    source_backup_id: str
    file_system_id: str | None
    percent: int | None
    elapsed_seconds: float
    remaining_seconds: float | None


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found.

    Attributes:
        copies: all that run, oldest first in each Region.
        silent: why a Region gave no answer.
    """

    time: datetime
    copies: tuple[Progress, ...] = ()
    silent: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_last(self) -> bool:
        """Whether nothing runs any more, as far as every Region says."""
        return not self.copies and not self.silent

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "time": self.time.isoformat(),
            "copies": [asdict(copy) for copy in self.copies],
            "silent": dict(self.silent),
        }


def running(backups: Iterable[Backup], now: datetime) -> list[Progress]:
    """Return the progress of those of the backups that are running copies, oldest first."""
    copies = sorted((b for b in backups if b.is_running_copy), key=lambda b: (b.creation_time, b.id))
    return [_progress(copy, max((now - copy.creation_time).total_seconds(), 0.0)) for copy in copies]


def shown(look: Look) -> RenderableType:
    """Return the look as bars, or without bars and with short ids where the terminal is narrow."""
    silent = [Text(f"{region}: {why}", style="yellow") for region, why in look.silent.items()]
    return Group(_Rows(look) if look.copies else Text("No copy is under way."), *silent)


@dataclass(frozen=True, slots=True)
class _Rows:
    look: Look

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        title = f"Copies under way at {self.look.time:%H:%M:%S} UTC"
        is_wide = options.max_width >= _WIDE
        rows = grid(_HEADINGS, title=title) if is_wide else compact_grid(_NARROW_HEADINGS, title=title)
        for copy in self.look.copies:
            rows.add_row(*(_cells if is_wide else _narrow_cells)(copy))
        yield rows


def _progress(copy: Backup, elapsed: float) -> Progress:
    done = copy.progress_percent
    return Progress(
        region=copy.region,
        backup_id=copy.id,
        source_backup_id=copy.source_backup_id or "",
        file_system_id=copy.file_system_id,
        percent=done,
        elapsed_seconds=elapsed,
        remaining_seconds=elapsed * (100 - done) / done if done else None,
    )


def _cells(copy: Progress) -> Iterable[RenderableType]:
    yield copy.region
    yield copy.backup_id
    yield f"{copy.source_backup_id} ({copy.file_system_id})" if copy.file_system_id else copy.source_backup_id
    yield ProgressBar(total=100, completed=copy.percent or 0, width=_BAR_WIDTH)
    yield from _figures(copy)


def _narrow_cells(copy: Progress) -> Iterable[RenderableType]:
    yield copy.region
    yield formatting.short_id(copy.backup_id)
    yield formatting.short_id(copy.file_system_id or copy.source_backup_id)
    yield from _figures(copy)


def _figures(copy: Progress) -> Iterable[str]:
    yield formatting.percent(copy.percent)
    yield duration(copy.elapsed_seconds)
    yield formatting.NONE if copy.remaining_seconds is None else duration(copy.remaining_seconds)

"""`fsx-dr watch`: the running copies, live."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime
from types import MappingProxyType

import click
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from pulumi_fsx_dr.copies.durations import duration
from pulumi_fsx_dr.errors import InvalidSettingsError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.runtime.provider_runtime import POLL_SECONDS_VARIABLE

from . import formatting
from .context import CliContext, unique
from .documents import echo_json
from .options import PositiveNumber, Region, StackOutputs, outputs_options, repeatable
from .rows import rows_of

_BAR_WIDTH = 30


@dataclass(frozen=True, slots=True)
class Progress:
    """A running copy.

    Attributes:
        percent: 0 to 100, or None if FSx does not report it.
        elapsed_seconds: time since FSx accepted the copy.
        remaining_seconds: estimate at the same pace; None without a percentage.
    """

    region: str
    backup_id: str
    source_backup_id: str
    file_system_id: str | None
    percent: int | None
    elapsed_seconds: float
    remaining_seconds: float | None


def _remaining(copy: Progress) -> str:
    return formatting.NONE if copy.remaining_seconds is None else duration(copy.remaining_seconds)


_CELLS: Mapping[str, Callable[[Progress], RenderableType]] = MappingProxyType(
    {
        "DR Region": lambda copy: copy.region,
        "Copy": lambda copy: copy.backup_id,
        "Source backup": lambda copy: copy.source_backup_id,
        "File system": lambda copy: copy.file_system_id or formatting.NONE,
        "Progress": lambda copy: ProgressBar(total=100, completed=copy.percent or 0, width=_BAR_WIDTH),
        "Done": lambda copy: formatting.percent(copy.percent),
        "Elapsed": lambda copy: duration(copy.elapsed_seconds),
        "Left (est.)": _remaining,
    }
)
_NUMBERS = ("Done", "Elapsed", "Left (est.)")
_LAYOUTS = (  # widest first
    ("DR Region", "Copy", "File system", "Source backup", "Progress", *_NUMBERS),
    ("DR Region", "Copy", "File system", "Source backup", *_NUMBERS),
    ("DR Region", "Copy", "File system", *_NUMBERS),
    ("DR Region", "Copy", *_NUMBERS),
)


@dataclass(frozen=True, slots=True)
class Poll:
    """The running copies, oldest first in each Region, and the errors of Regions that did not answer."""

    time: datetime
    copies: Sequence[Progress] = ()
    unreachable: Mapping[str, str] = field(default_factory=dict)

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """Show as much of each copy as fits into one line."""
        if self.copies:
            yield Text(f"Running copies at {self.time:%H:%M:%S} UTC")
            yield formatting.first_that_fits([self._table(columns) for columns in _LAYOUTS], options.max_width)
        else:
            yield Text("No copy is running.")
        yield Group(*(Text(f"{region}: {why}", style="yellow") for region, why in self.unreachable.items()))

    def _table(self, columns: Sequence[str]) -> RenderableType:
        table = formatting.table(columns)
        for copy in self.copies:
            table.add_row(*(_CELLS[column](copy) for column in columns))
        return table


@click.command(short_help="Show the progress of running copies.")
@outputs_options
@repeatable(
    "--region",
    "regions",
    metavar="REGION",
    type=Region(),
    help="DR Region to watch. Default: the DR Regions in the stack's outputs.",
)
@click.option(
    "--every",
    metavar="SECONDS",
    type=PositiveNumber(),
    default=15,
    envvar=POLL_SECONDS_VARIABLE,
    help=f"Polling interval. Default: 15, or the environment variable {POLL_SECONDS_VARIABLE}.",
)
@click.option("--once", is_flag=True, help="Poll once and exit. Fail if a Region does not answer.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each poll, each on one line.")
@click.pass_context
def watch(  # noqa: PLR0913  # one for each option
    ctx: click.Context,
    outputs: Sequence[StackOutputs],
    /,
    regions: tuple[str, ...],
    every: float,
    *,
    once: bool,
    as_json: bool,
) -> None:
    """Show the progress of all running copies until they finish.

    It includes copies that others started, because they take copy slots.

    \b
    Examples:
      fsx-dr watch --stack prod
      fsx-dr watch --region eu-west-1 --region eu-north-1 --every 60
      fsx-dr watch --region eu-west-1 --once --json

    \b
    Exit codes:
      0    No copy is running, or --once is given.
      2    A Region could not be read.
      130  The command was interrupted.
    """  # noqa: D301  # click reads \b, the backspace character
    context = ctx.ensure_object(CliContext)
    watched = unique(regions) or _regions_of(outputs, context.now)
    with ExitStack() as stack:
        show = _printer(stack, as_json=as_json)
        while True:
            poll = _poll(context, watched, is_strict=once)
            show(poll)
            if once or not (poll.copies or poll.unreachable):
                return
            context.clock.sleep(every)


def running(backups: Iterable[Backup], now: datetime) -> list[Progress]:
    """Return the progress of the running copies among the backups, oldest first."""
    copies = sorted((b for b in backups if b.is_running_copy), key=lambda b: (b.creation_time, b.id))
    return [_progress(copy, now) for copy in copies]


def _progress(copy: Backup, now: datetime) -> Progress:
    done, elapsed = copy.progress_percent, max((now - copy.creation_time).total_seconds(), 0.0)
    return Progress(
        region=copy.region,
        backup_id=copy.id,
        source_backup_id=copy.source_backup_id or "",
        file_system_id=copy.file_system_id,
        percent=done,
        elapsed_seconds=elapsed,
        remaining_seconds=elapsed * (100 - done) / done if done else None,
    )


def _poll(context: CliContext, regions: Iterable[str], *, is_strict: bool) -> Poll:
    copies: list[Progress] = []
    unreachable: dict[str, str] = {}
    for region in regions:
        try:
            copies += running(context.region(region).backups(), context.now)
        except TransientError as error:
            if is_strict:
                raise
            unreachable[region] = str(error)
    return Poll(context.now, copies, unreachable)


def _regions_of(outputs: Iterable[StackOutputs], now: datetime) -> list[str]:
    found = unique(row["region"] for stack in outputs for row in rows_of(stack.name, stack.read(), now))
    if not found:
        raise InvalidSettingsError("The stack's outputs do not contain a DR Region. Give one with --region.")
    return found


def _printer(stack: ExitStack, *, as_json: bool) -> Callable[[Poll], None]:
    if as_json:
        return lambda poll: echo_json({**asdict(poll), "time": poll.time.isoformat()}, indent=None)
    console = formatting.plain_console()
    if not console.is_terminal:
        return lambda poll: click.echo(formatting.rendered(poll))
    live = stack.enter_context(Live(console=console, auto_refresh=False))
    return lambda poll: live.update(poll, refresh=True)

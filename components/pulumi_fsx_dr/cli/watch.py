"""`fsx-dr watch`: the running copies, live."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime

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
from .context import CliContext, echo_json, unique
from .options import StackOutputs, outputs_options, repeatable
from .rows import rows_of

_FIGURES = ("Elapsed", "Left, about")
_BAR_WIDTH = 30


@dataclass(frozen=True, slots=True)
class Progress:
    """A running copy.

    Attributes:
        percent: 0 to 100, or None where FSx does not say.
        elapsed_seconds: since FSx accepted the copy.
        remaining_seconds: at the same pace; None if that is not known.
    """

    region: str
    backup_id: str
    source_backup_id: str
    file_system_id: str | None
    percent: int | None
    elapsed_seconds: float
    remaining_seconds: float | None


@dataclass(frozen=True, slots=True)
class Poll:
    """The running copies at one time, oldest first in each Region, and why a Region gave no answer."""

    time: datetime
    copies: Sequence[Progress] = ()
    unreachable: Mapping[str, str] = field(default_factory=dict)

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """Show bars, or in a narrow terminal short ids."""
        if self.copies:
            yield self._table(is_wide=options.max_width >= formatting.WIDE)
        else:
            yield Text("No copy is running.")
        yield Group(*(Text(f"{region}: {why}", style="yellow") for region, why in self.unreachable.items()))

    def _table(self, *, is_wide: bool) -> RenderableType:
        title = f"Running copies at {self.time:%H:%M:%S} UTC"
        if is_wide:
            table = formatting.table(("DR Region", "Copy", "Source", "Progress", "", *_FIGURES), title=title)
        else:
            table = formatting.compact_table(("DR Region", "Copy", "Source", "", *_FIGURES), title=title)
        for copy in self.copies:
            table.add_row(copy.region, *(_wide if is_wide else _narrow)(copy), *_figures(copy))
        return table


@click.command()
@outputs_options
@repeatable("--region", "regions", metavar="REGION", help="DR Region to watch. Default: those of the stack's outputs.")
@click.option(
    "--every",
    type=click.FloatRange(min=0, min_open=True),
    default=15,
    show_default=True,
    envvar=POLL_SECONDS_VARIABLE,
    show_envvar=True,
    help="Polling interval in seconds.",
)
@click.option("--once", is_flag=True, help="Poll once; a Region that does not answer is an error.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each poll.")
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

    Copies that others started are shown, too: they take copy slots.

    \b
    Examples:
      fsx-dr watch --stack prod
      fsx-dr watch --region eu-west-1 --region eu-north-1 --every 60
      fsx-dr watch --region eu-west-1 --once --json

    Exit codes: 0 no copy is running any more (or --once), 2 a Region could not be asked, 130 interrupted.
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


def _wide(copy: Progress) -> Iterable[RenderableType]:
    yield copy.backup_id
    yield f"{copy.source_backup_id} ({copy.file_system_id})" if copy.file_system_id else copy.source_backup_id
    yield ProgressBar(total=100, completed=copy.percent or 0, width=_BAR_WIDTH)


def _narrow(copy: Progress) -> Iterable[str]:
    yield formatting.short_id(copy.backup_id)
    yield formatting.short_id(copy.file_system_id or copy.source_backup_id)


def _figures(copy: Progress) -> Iterable[str]:
    yield formatting.percent(copy.percent)
    yield duration(copy.elapsed_seconds)
    yield formatting.NONE if copy.remaining_seconds is None else duration(copy.remaining_seconds)

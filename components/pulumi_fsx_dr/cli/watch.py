"""`fsx-dr watch`: the running copies, live."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack

import click
from rich.live import Live

from pulumi_fsx_dr.errors import InvalidSettingsError, TransientError
from pulumi_fsx_dr.runtime.provider_runtime import POLL_SECONDS_VARIABLE

from .context import Outside, echo_json, unique
from .progress import Look, Progress, running, shown
from .rows import rows_of
from .stack_options import StackOutputs, outputs_options
from .table_layout import plain_console, rendered


@click.command()
@outputs_options
@click.option(
    "--region",
    "regions",
    metavar="REGION",
    multiple=True,
    help="A DR Region to watch; repeatable. Default: those of the stack's outputs.",
)
@click.option(
    "--every",
    type=click.FloatRange(min=0, min_open=True),
    default=15,
    show_default=True,
    envvar=POLL_SECONDS_VARIABLE,
    show_envvar=True,
    help="Seconds between two looks.",
)
@click.option("--once", is_flag=True, help="Look once; a Region that does not answer is an error.")
@click.option("--json", "as_json", is_flag=True, help="Print each look as one line of JSON.")
@click.pass_context
def watch(  # noqa: PLR0913  # one for each option
    ctx: click.Context,
    given: Sequence[StackOutputs],
    /,
    regions: tuple[str, ...],
    every: float,
    *,
    once: bool,
    as_json: bool,
) -> None:
    """Show how far all running copies are, until none runs any more.

    Copies of others into these Regions are shown as well: they take slots, too.

    \b
    Examples:
      fsx-dr watch --stack prod
      fsx-dr watch --region eu-west-1 --region eu-north-1 --every 60
      fsx-dr watch --region eu-west-1 --once --json

    Exit codes: 0 nothing runs any more (or --once), 2 a Region could not be asked, 130 interrupted.
    """  # noqa: D301  # click reads \b, the backspace character
    outside = ctx.ensure_object(Outside)
    watched = unique(regions) or _read_regions(given, outside)
    with ExitStack() as stack:
        show = _shower(stack, as_json=as_json)
        while True:
            look = take(outside, watched, patient=not once)
            show(look)
            if once or look.is_last:
                return
            outside.clock.sleep(every)


def take(outside: Outside, regions: Iterable[str], *, patient: bool) -> Look:
    """Look at the Regions once.

    Args:
        outside: where time and Regions come from.
        regions: their names.
        patient: whether a Region that does not answer now is asked again by the next look, instead of an error.

    Raises:
        ServiceError: a Region refused, or did not answer though it had to.
    """
    copies: list[Progress] = []
    silent: dict[str, str] = {}
    for region in regions:
        try:
            copies += running(outside.region(region).backups(), outside.now)
        except TransientError as error:
            if not patient:
                raise
            silent[region] = str(error)
    return Look(outside.now, tuple(copies), silent)


def _read_regions(given: Sequence[StackOutputs], outside: Outside) -> list[str]:
    found = unique(row["region"] for stack in given for row in rows_of(stack.name, stack.read(), outside.now))
    if not found:
        raise InvalidSettingsError("The stack's outputs name no DR Region: name one with --region.")
    return found


def _shower(stack: ExitStack, *, as_json: bool) -> Callable[[Look], None]:
    if as_json:
        return lambda look: echo_json(look.document(), indent=None)
    console = plain_console()
    if not console.is_terminal:
        return lambda look: click.echo(rendered(shown(look)))
    live = stack.enter_context(Live(console=console, auto_refresh=False))
    return lambda look: live.update(shown(look), refresh=True)

"""`fsx-dr report`: can each DR Region take over?"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import get_args

import click

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.readiness import Verdict

from .cloudwatch import metrics_by_region
from .context import Outside
from .html_report import page
from .openmetrics import openmetrics
from .rows import ReportRow, are_ready, chosen, rows_of, worst_first
from .stack_options import StackOutputs, outputs_options
from .tables import as_json, markdown, table

_FORMATS: Mapping[str, Callable[[Sequence[ReportRow], datetime], str]] = MappingProxyType(
    {"table": table, "markdown": markdown, "json": as_json, "html": page, "prometheus": openmetrics}
)
_NOTHING = "Nothing is protected: no source and DR Region is left to report on."


@click.command()
@outputs_options
@click.option("--format", "form", type=click.Choice(list(_FORMATS)), default="table", show_default=True)
@click.option("--output", metavar="FILE", help="Write here instead of standard output.")
@click.option("--region", "regions", metavar="REGION", multiple=True, help="Only this DR Region. Repeatable.")
@click.option("--source", "sources", metavar="ID", multiple=True, help="Only this source, by id or name. Repeatable.")
@click.option(
    "--verdict",
    "verdicts",
    type=click.Choice(get_args(Verdict)),
    multiple=True,
    help="Show only these rows; the exit code is still that of all. Repeatable.",
)
@click.option("--cloudwatch", "namespace", metavar="NAMESPACE", help="Publish metrics, too, in each DR Region.")
@click.pass_context
def report(  # noqa: PLR0913  # one for each option
    ctx: click.Context,
    given: Sequence[StackOutputs],
    /,
    *,
    form: str,
    output: str | None,
    regions: tuple[str, ...],
    sources: tuple[str, ...],
    verdicts: tuple[str, ...],
    namespace: str | None,
) -> None:
    """Tell how old the newest copy of each source is in each DR Region, the worst first.

    Ages are those of now, counted from when the source backup was made.

    \b
    Examples:
      fsx-dr report --stack prod --stack staging
      fsx-dr report --format html --output readiness.html
      pulumi stack output --json | fsx-dr report --outputs - --format markdown
      fsx-dr report --stack prod --cloudwatch FsxDr --verdict late --verdict missing

    Exit codes: 0 all are ready, 1 a source is late or missing, or nothing is protected, 2 the report could
    not be made, or lacks a stack.
    """  # noqa: D301  # click reads \b, the backspace character
    outside = ctx.ensure_object(Outside)
    everything, unread = _read(given, outside.now)
    rows = worst_first(chosen(everything, regions, sources))
    shown = [row for row in rows if not verdicts or row["verdict"] in verdicts]
    _write(_FORMATS[form](shown, outside.now), output)
    if not rows:
        click.echo(_NOTHING, err=True)
    for error in unread:
        click.echo(f"Error: {clean(str(error))}", err=True)
    if namespace:
        for region, metrics in metrics_by_region(rows, outside.now).items():
            outside.cloudwatch(region).put(namespace, metrics, outside.now)
    ctx.exit(2 if unread else int(not are_ready(rows)))


def _read(given: Sequence[StackOutputs], now: datetime) -> tuple[list[ReportRow], list[InvalidSettingsError]]:
    """Return the rows of all stacks, and what kept one of several from being read: the others are to be seen."""
    rows: list[ReportRow] = []
    unread: list[InvalidSettingsError] = []
    for stack in given:
        try:
            rows += rows_of(stack.name, stack.read(), now)
        except InvalidSettingsError as error:
            if len(given) == 1:
                raise
            unread.append(error)
    return rows, unread


def _write(text: str, output: str | None) -> None:
    if output is None:
        click.echo(text)
        return
    try:
        Path(output).write_text(click.unstyle(text) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidSettingsError(f"{output} cannot be written: {error.strerror}.") from None

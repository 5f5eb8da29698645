"""`fsx-dr report`: can each DR Region take over?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import get_args

import click

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.readiness import Verdict

from .context import CliContext
from .html_report import html_report
from .metrics import metrics_by_region, openmetrics, prometheus
from .options import StackOutputs, outputs_options, repeatable
from .report_tables import as_json, markdown, terminal_text
from .rows import NOTHING_TO_REPORT, Report, filtered, rows_of, worst_first
from .stack import NotDeployedError

_FORMATS: Mapping[str, Callable[[Report], str]] = MappingProxyType(
    {
        "table": terminal_text,
        "markdown": markdown,
        "json": as_json,
        "html": html_report,
        "prometheus": prometheus,
        "openmetrics": openmetrics,
    }
)


@click.command(short_help="Report the age of the newest copy of each source.")
@outputs_options
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_FORMATS)),
    metavar="FORMAT",
    default="table",
    help=(
        "Format of the report: table, markdown, json, html, prometheus (text format 0.0.4) or openmetrics. "
        "Default: table."
    ),
)
@click.option("--output", metavar="FILE", help="Write the report to this file instead of standard output.")
@repeatable("--region", "regions", metavar="REGION", help="Report only on this DR Region.")
@repeatable("--source", "sources", metavar="ID", help="Report only on this source, given by its id or name.")
@click.option(
    "--verdict",
    "verdicts",
    metavar="VERDICT",
    type=click.Choice(get_args(Verdict)),
    multiple=True,
    help=(
        "Show only rows with this verdict: ready, late or missing. The exit code still depends on all rows. Can be "
        "repeated."
    ),
)
@click.option(
    "--cloudwatch",
    "namespace",
    metavar="NAMESPACE",
    help="Also publish metrics in CloudWatch, in each DR Region, under this namespace.",
)
@click.pass_context
def report(  # noqa: PLR0913  # one for each option
    ctx: click.Context,
    outputs: Sequence[StackOutputs],
    /,
    *,
    form: str,
    output: str | None,
    regions: tuple[str, ...],
    sources: tuple[str, ...],
    verdicts: tuple[str, ...],
    namespace: str | None,
) -> None:
    """Report the age of the newest copy of each source in each DR Region, worst first.

    The age is the time since the source backup was created. A stack that was never deployed has no data yet, which is
    not an error.

    \b
    Examples:
      fsx-dr report --stack prod --stack staging
      fsx-dr report --format html --output readiness.html
      pulumi stack output --json | fsx-dr report --outputs - --format markdown
      fsx-dr report --stack prod --verdict late --verdict missing

    \b
    Exit codes:
      0  All sources are ready, or the stack was never deployed.
      1  A source is late or missing, or there are no sources.
      2  A stack could not be read.
    """  # noqa: D301  # click reads \b, the backspace character
    context = ctx.ensure_object(CliContext)
    read = _read(outputs, context.now)
    judged = replace(read, rows=worst_first(filtered(read.rows, regions, sources)))
    shown = [row for row in judged.rows if not verdicts or row["verdict"] in verdicts]
    _write(_FORMATS[form](replace(judged, rows=shown)), output)
    _explain(judged)
    if namespace:
        for region, metrics in metrics_by_region(judged.rows).items():
            context.cloudwatch(region).put(namespace, metrics, context.now)
    ctx.exit(2 if judged.errors else int(not (judged.is_ready or judged.is_without_data)))


def _read(outputs: Sequence[StackOutputs], now: datetime) -> Report:
    """Read all stacks. If one of several cannot be read, return the rows of the others."""
    read = Report([], now)
    for stack in outputs:
        try:
            read.rows.extend(rows_of(stack.name, stack.read(), now))
        except NotDeployedError as error:
            read.notes.append(str(error))
        except InvalidSettingsError as error:
            if len(outputs) == 1:
                raise
            read.errors.append(str(error))
    return read


def _explain(judged: Report) -> None:
    if not (judged.rows or judged.notes or judged.errors):
        click.echo(NOTHING_TO_REPORT, err=True)
    for kind, messages in (("Note", judged.notes), ("Error", judged.errors)):
        for message in messages:
            click.echo(f"{kind}: {clean(message)}", err=True)


def _write(text: str, output: str | None) -> None:
    if output is None:
        click.echo(text)
        return
    try:
        Path(output).write_text(click.unstyle(text) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidSettingsError(f"{output} cannot be written: {error.strerror}.") from None

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

from .context import CliContext
from .html_report import html_report
from .metrics import metrics_by_region, openmetrics
from .options import StackOutputs, outputs_options, repeatable
from .report_tables import as_json, markdown, terminal_table
from .rows import ReportRow, are_ready, filtered, rows_of, worst_first

_FORMATS: Mapping[str, Callable[[Sequence[ReportRow], datetime], str]] = MappingProxyType(
    {"table": terminal_table, "markdown": markdown, "json": as_json, "html": html_report, "prometheus": openmetrics}
)
_NOTHING = "Nothing is protected: there is no source with a DR Region to report on."


@click.command()
@outputs_options
@click.option("--format", "form", type=click.Choice(list(_FORMATS)), default="table", show_default=True)
@click.option("--output", metavar="FILE", help="Write here instead of standard output.")
@repeatable("--region", "regions", metavar="REGION", help="Only this DR Region.")
@repeatable("--source", "sources", metavar="ID", help="Only this source, by id or name.")
@click.option(
    "--verdict",
    "verdicts",
    type=click.Choice(get_args(Verdict)),
    multiple=True,
    help="Show only these rows; the exit code is that of all. Can be repeated.",
)
@click.option("--cloudwatch", "namespace", metavar="NAMESPACE", help="Also publish metrics in each DR Region.")
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

    The age counts from the creation of the source backup until now.

    \b
    Examples:
      fsx-dr report --stack prod --stack staging
      fsx-dr report --format html --output readiness.html
      pulumi stack output --json | fsx-dr report --outputs - --format markdown
      fsx-dr report --stack prod --cloudwatch FsxDr --verdict late --verdict missing

    Exit codes: 0 all are ready, 1 a source is late or missing, or nothing is protected, 2 the report could
    not be made, or lacks a stack.
    """  # noqa: D301  # click reads \b, the backspace character
    context = ctx.ensure_object(CliContext)
    all_rows, errors = _read(outputs, context.now)
    rows = worst_first(filtered(all_rows, regions, sources))
    shown = [row for row in rows if not verdicts or row["verdict"] in verdicts]
    _write(_FORMATS[form](shown, context.now), output)
    if not rows:
        click.echo(_NOTHING, err=True)
    for error in errors:
        click.echo(f"Error: {clean(str(error))}", err=True)
    if namespace:
        for region, metrics in metrics_by_region(rows, context.now).items():
            context.cloudwatch(region).put(namespace, metrics, context.now)
    ctx.exit(2 if errors else int(not are_ready(rows)))


def _read(outputs: Sequence[StackOutputs], now: datetime) -> tuple[list[ReportRow], list[InvalidSettingsError]]:
    """Return the rows of all stacks, and an error for each of several stacks that cannot be read."""
    rows: list[ReportRow] = []
    errors: list[InvalidSettingsError] = []
    for stack in outputs:
        try:
            rows += rows_of(stack.name, stack.read(), now)
        except InvalidSettingsError as error:
            if len(outputs) == 1:
                raise
            errors.append(error)
    return rows, errors


def _write(text: str, output: str | None) -> None:
    if output is None:
        click.echo(text)
        return
    try:
        Path(output).write_text(click.unstyle(text) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidSettingsError(f"{output} cannot be written: {error.strerror}.") from None

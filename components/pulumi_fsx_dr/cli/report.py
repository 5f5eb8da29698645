"""`fsx-dr report`: can each DR Region take over?"""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import click

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.readiness import ReadinessRow

from .outside import Outside
from .page import page
from .stack_options import ReadOutputs, outputs_options, readiness_rows
from .tables import as_json, markdown, table

_FORMATS: Mapping[str, Callable[[list[ReadinessRow], datetime], str]] = MappingProxyType(
    {"table": table, "markdown": markdown, "json": as_json, "html": page}
)


@click.command()
@outputs_options
@click.option("--format", "form", type=click.Choice(list(_FORMATS)), default="table", show_default=True)
@click.option("--output", metavar="FILE", help="Write here instead of standard output.")
@click.pass_context
def report(ctx: click.Context, read_outputs: ReadOutputs, /, form: str, output: str | None) -> None:
    """Tell how old the newest copy of each source is in each DR Region.

    Ages are those of now, counted from when the source backup was made.

    \b
    Examples:
      fsx-dr report --stack prod
      fsx-dr report --format html --output readiness.html
      pulumi stack output --json | fsx-dr report --outputs - --format markdown

    Exit codes: 0 all are ready, 1 a source is late or missing, 2 the report could not be made.
    """  # noqa: D301  # click reads \b, the backspace character
    outside = ctx.ensure_object(Outside)
    rows = readiness_rows(read_outputs(), outside.now)
    text = _FORMATS[form](rows, outside.now)
    _write(text, output)
    ctx.exit(int(any(row["verdict"] != "ready" for row in rows)))


def _write(text: str, output: str | None) -> None:
    if output is None:
        click.echo(text)
        return
    try:
        Path(output).write_text(click.unstyle(text) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidSettingsError(f"{output} cannot be written: {error.strerror}.") from None

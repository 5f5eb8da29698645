"""`fsx-dr check`: may this pull request be merged?"""

import click

from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.rules.preview_check import totals, violations

from .documents import echo_json, read_document
from .options import json_option, repeatable

_LONGEST = 4000  # characters of a violation, which names copies


def _keys(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    for region, _, key in pairs:
        if not (region and key):
            raise click.BadParameter(f"{region!r} is not of the form REGION=KEY.")
    return {region: key for region, _, key in pairs}


@click.command()
@click.argument("preview", default="-")
@repeatable(
    "--require-key",
    "keys",
    metavar="REGION=KEY",
    callback=_keys,
    help="Require a copy in REGION that is encrypted with KEY (id or ARN).",
)
@repeatable("--require-region", "regions", metavar="REGION", help="Require a copy in REGION.")
@click.option(
    "--max-full-copies",
    type=click.IntRange(min=0),
    metavar="N",
    help="Fail if more than N new copies would be full copies.",
)
@json_option
@click.pass_context
def check(  # noqa: PLR0913  # one for each option
    ctx: click.Context,
    preview: str,
    keys: dict[str, str],
    regions: tuple[str, ...],
    max_full_copies: int | None,
    *,
    as_json: bool,
) -> None:
    """Fail if a change would leave a DR Region without a copy, or make too many full copies.

    PREVIEW is the output of 'pulumi preview --json --show-sames', - or nothing for standard input.

    \b
    Examples:
      pulumi preview --json --show-sames | fsx-dr check
      fsx-dr check preview.json --require-region eu-west-1
      fsx-dr check preview.json --max-full-copies 0
      fsx-dr check preview.json --require-key eu-west-1=mrk-0123456789abcdef0123456789abcdef

    Exit codes: 0 the change may be made, 1 it may not, 2 the preview could not be read.
    """  # noqa: D301  # click reads \b, the backspace character
    # The author of a pull request chooses names and Regions, so they are cleaned before they are shown.
    document = read_document(preview)
    found = [clean(text, _LONGEST) for text in violations(document, keys, regions, max_full_copies)]
    copies = [clean(text, _LONGEST) for text in totals(document)]
    if as_json:
        echo_json({"violations": found, "copies": copies})
    else:
        judged = [f"✗ {violation}" for violation in found] or ["✓ Every DR Region keeps a copy."]
        click.echo("\n".join([*judged, *copies]))
    ctx.exit(int(bool(found)))

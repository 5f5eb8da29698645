"""`fsx-dr check`: does a change keep the copies?"""

import click

from pulumi_fsx_dr.fsx.kms import KeyName
from pulumi_fsx_dr.fsx.partitions import require_fsx_region
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.rules.preview_check import totals, violations

from .documents import echo_json, read_document
from .options import Region, WholeNumber, json_option, repeatable

_LONGEST = 4000  # characters of a violation, which may list many copies


def _keys(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    for region, _, key in pairs:
        if not (region and key):
            raise click.BadParameter(f"{region!r} does not have the form REGION=KEY.")
        require_fsx_region(region, f"--require-key {region!r}")
        name = KeyName.parse(key)
        if name is None or name.is_alias or name.region not in (None, region):
            raise click.BadParameter(f"{key!r} is not the id or ARN of a KMS key in {region}. An alias can change.")
    return {region: key for region, _, key in pairs}


@click.command(short_help="Fail if a change would leave a DR Region without a copy.")
@click.argument("preview", default="-")
@repeatable(
    "--require-key",
    "keys",
    metavar="REGION=KEY",
    callback=_keys,
    help="Fail if REGION would not have a copy that is encrypted with KEY (id or ARN).",
)
@repeatable(
    "--require-region", "regions", metavar="REGION", type=Region(), help="Fail if REGION would not have a copy."
)
@click.option(
    "--max-full-copies",
    type=WholeNumber(min=0),
    metavar="N",
    help="Fail if more than N of the new copies would be full copies. N is at least 0.",
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
    """Fail if a change would leave a DR Region without a copy, or would make too many full copies.

    PREVIEW is a file with the output of 'pulumi preview --json --show-sames'. Without it, or with -, the command reads
    standard input.

    \b
    Examples:
      pulumi preview --json --show-sames | fsx-dr check
      fsx-dr check preview.json --require-region eu-west-1
      fsx-dr check preview.json --max-full-copies 0
      fsx-dr check preview.json \\
        --require-key eu-west-1=mrk-0123456789abcdef0123456789abcdef

    \b
    Exit codes:
      0  The change passes.
      1  The change does not pass.
      2  The preview could not be read.
    """  # noqa: D301  # click reads \b, the backspace character
    # Names and Regions are chosen by the author of a pull request, who may not be trusted.
    document = read_document(preview)
    found = [clean(text, _LONGEST) for text in violations(document, keys, regions, max_full_copies)]
    copies = [clean(text, _LONGEST) for text in totals(document)]
    if as_json:
        echo_json({"violations": found, "copies": copies})
    else:
        judged = [f"✗ {violation}" for violation in found] or ["✓ Every DR Region keeps a copy."]
        click.echo("\n".join([*judged, *copies]))
    ctx.exit(int(bool(found)))

"""`fsx-dr coverage`: which file systems and ONTAP volumes have no copy?"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from pulumi_fsx_dr.errors import AwsConfigError, CredentialsError, ServiceError
from pulumi_fsx_dr.fsx.credentials import Credentials, default_region
from pulumi_fsx_dr.fsx.partitions import regions_with_fsx
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.rules.coverage import CoverageRow, CoverageStatus, DeclaredCopies, RegionContents
from pulumi_fsx_dr.rules.coverage import coverage as find_coverage

from . import formatting
from .context import CliContext, unique
from .documents import echo_json
from .options import Region, cwd_option, exported, json_option, repeatable, stack_option, state_option

_HEADINGS = ("File system or volume", "Name", "Type", "Region", "Status")
_EXCLUDED = re.compile(r"fs(vol)?-[0-9a-f]{8,18}")
_PARALLEL_REGIONS = 16


def _ids(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _EXCLUDED.fullmatch(value):
            raise click.BadParameter(f"{value!r} is not the id of a file system (fs-...) or a volume (fsvol-...).")
    return values


@click.command(short_help="List file systems and volumes without a copy.")
@stack_option
@state_option
@repeatable(
    "--region",
    "regions",
    metavar="REGION",
    type=Region(),
    help="Region to search. Default: all Regions that have FSx.",
)
@repeatable(
    "--exclude", "excluded", metavar="ID", callback=_ids, help="File system or volume that does not need a copy."
)
@click.option("--all", "show_all", is_flag=True, help="Also show the file systems and volumes that have a copy.")
@cwd_option
@json_option
@click.pass_context
def coverage(  # noqa: PLR0913  # one for each option
    ctx: click.Context,
    *,
    stacks: tuple[str, ...],
    states: tuple[str, ...],
    regions: tuple[str, ...],
    excluded: tuple[str, ...],
    cwd: Path | None,
    show_all: bool,
    as_json: bool,
) -> None:
    """List the file systems and ONTAP volumes of the account that have no copy in another Region.

    The command compares what FSx has in each Region with the states of the given stacks. Give all stacks that
    make copies. It reads with fsx:DescribeFileSystems and fsx:DescribeVolumes, and changes nothing.

    \b
    Examples:
      fsx-dr coverage --stack prod --stack staging
      fsx-dr coverage --stack prod --exclude fs-0123456789abcdef0
      pulumi stack export | fsx-dr coverage --state - --json

    \b
    Exit codes:
      0  Everything that can have a copy has one.
      1  A copy is missing.
      2  A state or a Region could not be read.
    """  # noqa: D301  # click reads \b, the backspace character
    context = ctx.ensure_object(CliContext)
    declared = DeclaredCopies.of(exported(states, unique(stacks) if states or stacks else [None], cwd))
    found, errors = _search(context, unique(regions) or _all_regions(declared))
    rows = [row for row in find_coverage(found, declared) if not {row.id, row.file_system_id} & {*excluded}]
    uncovered = [row for row in rows if row.status is not CoverageStatus.COVERED]
    if as_json:
        echo_json(_document(rows, found, errors, context.now))
    else:
        if shown := rows if show_all else uncovered:
            click.echo(_table(shown))
        if found:
            click.echo(_summary(rows))
    for note in _notes(declared, errors):
        click.echo(note, err=True)
    is_missing = any(row.status in (CoverageStatus.MISSING, CoverageStatus.WAITING) for row in rows)
    ctx.exit(2 if errors else int(is_missing))


def _all_regions(declared: DeclaredCopies) -> list[str]:
    """Return all Regions with FSx in the partition of the copies, or else of the configured Region."""
    return regions_with_fsx(declared.a_region or default_region(Credentials()) or "us-east-1")


def _search(context: CliContext, regions: Sequence[str]) -> tuple[list[RegionContents], dict[str, ServiceError]]:
    """Return what the Regions contain, and the errors of those that cannot be read."""
    with ThreadPoolExecutor(_PARALLEL_REGIONS) as pool:
        answers = dict(zip(regions, pool.map(lambda region: _contents(context, region), regions), strict=True))
    found = [answer for answer in answers.values() if isinstance(answer, RegionContents)]
    errors = {region: answer for region, answer in answers.items() if isinstance(answer, ServiceError)}
    if found:
        # One Region accepts the credentials. A Region that rejects them is not enabled for the account.
        errors = {region: error for region, error in errors.items() if not isinstance(error, CredentialsError)}
    return found, errors


def _contents(context: CliContext, name: str) -> RegionContents | ServiceError:
    region = context.region(name)
    try:
        file_systems = region.file_systems().values()
        is_ontap = any(each.type == "ONTAP" for each in file_systems)
        return RegionContents(name, file_systems, region.volumes() if is_ontap else ())
    except AwsConfigError:  # no Region can be read
        raise
    except ServiceError as error:
        return error


def _table(rows: Iterable[CoverageRow]) -> str:
    table = formatting.table(_HEADINGS, wrapped=_HEADINGS[1:])
    for row in rows:
        # As texts, because names may look like rich's markup.
        table.add_row(*map(Text, (row.id, clean(row.name), row.type, row.region, row.reason)))
    return formatting.rendered(table)


def _summary(rows: Sequence[CoverageRow]) -> str:
    if not rows:
        return "No file systems were found in these Regions."
    number = Counter(row.status for row in rows)
    text = f"{number[CoverageStatus.COVERED]} of {len(rows)} file systems and volumes have a copy in another Region."
    if without := number[CoverageStatus.MISSING] + number[CoverageStatus.WAITING]:
        text += f" Without a copy: {without}."
    if impossible := number[CoverageStatus.NOT_POSSIBLE]:
        text += f" FSx cannot copy {impossible}."
    return text


def _notes(declared: DeclaredCopies, errors: Mapping[str, ServiceError]) -> Iterator[str]:
    if declared.unmatched:
        yield (
            f"Note: the states do not show the file system of {declared.unmatched} copies, because it is a secret or "
            "FSx does not return it. The file systems of these copies may be listed as missing."
        )
    if errors:
        first, listed = next(iter(errors.values())), ", ".join(errors)
        yield f"Error: {listed} could not be read. Give the Regions that you use with --region. {clean(str(first))}"


def _document(
    rows: Iterable[CoverageRow], found: Iterable[RegionContents], errors: Mapping[str, ServiceError], now: datetime
) -> dict[str, Any]:
    return {
        "time": now.isoformat(),
        "regions": sorted(each.region for each in found),
        "errors": {region: clean(str(error)) for region, error in errors.items()},
        "coverage": [row.as_json() for row in rows],
    }

"""`fsx-dr doctor`: what would fail in the first `pulumi up`?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from pulumi_fsx_dr.doctor.collect import Configuration, survey, with_selected
from pulumi_fsx_dr.doctor.evaluate import Diagnosis, Verdict, diagnose
from pulumi_fsx_dr.doctor.first_run import FirstRun
from pulumi_fsx_dr.doctor.prices import LOOKED_UP
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.fsx.diagnostics import RegionDiagnostics
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.rules.copy_size import Range
from pulumi_fsx_dr.rules.dr_arguments import KEEP, DrRegionArgs, Source, require_valid

from .context import Outside, echo_json
from .stack_settings import read_settings
from .table_layout import grid, rendered

_LONGEST = 4000  # characters of a finding, which may name many actions or file systems
_MARKS: dict[Verdict, str] = {"ok": "✓ ok", "note": "i note", "fails": "✗ fails", "unknown": "? unknown"}
_STYLES: dict[Verdict, str] = {"ok": "green", "note": "cyan", "fails": "bold red", "unknown": "bold yellow"}


def _sources(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[Source]:
    return [_source(value) for value in values]


def _source(value: str) -> Source:
    name, _, region = value.partition("@")
    if name.startswith("backup-"):
        return {"backup_id": name, "region": region}
    return {"file_system_id": name, "region": region}


def _regions(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[DrRegionArgs]:
    pairs = [value.partition("=") for value in values]
    return [
        {"region": region, "sources": [], "kms_key_id": key} if key else {"region": region, "sources": []}
        for region, _, key in pairs
    ]


@click.command()
@click.option(
    "--source",
    "sources",
    metavar="ID@REGION",
    multiple=True,
    callback=_sources,
    help="A file system, or one backup, and where it is. Repeatable.",
)
@click.option(
    "--dr-region",
    "regions",
    metavar="REGION[=KEY]",
    multiple=True,
    callback=_regions,
    help="Where to copy to, and with which KMS key. Repeatable.",
)
@click.option(
    "--keep", type=click.IntRange(min=1), default=KEEP, show_default=True, help="Backups of each file system."
)
@click.option("--stack", metavar="NAME", help="Read Pulumi.NAME.yaml instead.")
@click.option("--config", "file", type=click.Path(path_type=Path), help="Read this file of a stack instead.")
@click.option("--cwd", type=click.Path(file_okay=False, path_type=Path), default=".", help="Where Pulumi.NAME.yaml is.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
@click.pass_context
def doctor(  # noqa: PLR0913  # one for each option
    ctx: click.Context,
    *,
    sources: list[Source],
    regions: list[DrRegionArgs],
    keep: int,
    stack: str | None,
    file: Path | None,
    cwd: Path,
    as_json: bool,
) -> None:
    """Tell what would fail, and what would be copied, before the first pulumi up.

    It asks AWS with the stack's credentials, all Regions at once, and changes nothing.

    \b
    Examples:
      fsx-dr doctor --stack prod
      fsx-dr doctor --source fs-0123456789abcdef0@eu-central-1 --dr-region eu-west-1=alias/fsx-dr
      fsx-dr doctor --config Pulumi.prod.yaml --json

    Exit codes: 0 nothing stands in the way, 1 something would fail, 2 something could not be asked.
    """  # noqa: D301  # click reads \b, the backspace character
    outside = ctx.ensure_object(Outside)
    if stack:
        file = cwd / f"Pulumi.{stack.rpartition('/')[2]}.yaml"
    configuration, credentials = _read_file(file) if file else (_of_options(sources, regions, keep), Credentials())
    _require_something(configuration)

    def examined(name: str) -> RegionDiagnostics:
        return outside.examined(name, credentials)

    configuration = with_selected(configuration, examined)
    found = diagnose(configuration, survey(configuration, examined))
    if as_json:
        echo_json({"time": outside.now.isoformat(), **_document(found)})
    else:
        click.echo(_table(found))
    ctx.exit(found.exit_code)


def _read_file(file: Path) -> tuple[Configuration, Credentials]:
    settings, credentials = read_settings(file)
    for name, args in settings.regions.items():
        require_valid(name, args)
    regions = {args["region"]: args for args in settings.regions.values()}
    return Configuration(sources=settings.sources, regions=regions), credentials


def _of_options(sources: list[Source], regions: list[DrRegionArgs], keep: int) -> Configuration:
    declared: dict[str, DrRegionArgs] = {args["region"]: {**args, "sources": sources, "keep": keep} for args in regions}
    for region, args in declared.items():
        require_valid(region, args)
    return Configuration(sources=sources, regions=declared)


def _require_something(configuration: Configuration) -> None:
    if not configuration.sources or not configuration.regions:
        raise InvalidSettingsError(
            "There is nothing to copy, or nowhere to copy it to: give a --source and a --dr-region, or a stack with "
            "fsx-dr:sources and fsx-dr:regions."
        )


def _table(found: Diagnosis) -> str:
    shown = grid(("Verdict", "About", "Finding"))
    for finding in found.findings:
        mark = Text(_MARKS[finding.verdict], style=_STYLES[finding.verdict])
        shown.add_row(mark, Text(clean(finding.about)), Text(clean(finding.said, _LONGEST)))
    return "\n".join([rendered(shown), *map(_sentence, found.runs)])


def _sentence(run: FirstRun) -> str:
    if not run.backups:
        return f"\nThe first run copies nothing into {run.region}."
    kinds = f"{run.full} in full and {run.incremental} that can be incremental"
    return (
        f"\nThe first run makes {len(run.backups)} copies in {run.region}, {kinds}: {_gigabytes(run)}.\n"
        f"Storage {_dollars(run.monthly)} a month, transfer {_dollars(run.transfer)} once; "
        f"list prices as of {LOOKED_UP:%Y-%m-%d}, no quotation."
    )


def _gigabytes(run: FirstRun) -> str:
    known = f"{run.gigabytes.least:.1f} to {run.gigabytes.most:.1f} GB"
    return f"{known}, and {run.of_unknown_size} of unknown size" if run.of_unknown_size else known


def _dollars(cost: Range | None) -> str:
    if cost is None:
        return "of unknown price"
    return f"about ${cost.least:.2f}" if cost.least == cost.most else f"about ${cost.least:.2f} to ${cost.most:.2f}"


def _document(found: Diagnosis) -> dict[str, Any]:
    return {
        "exit_code": found.exit_code,
        "findings": [
            {"verdict": finding.verdict, "about": clean(finding.about), "said": clean(finding.said, _LONGEST)}
            for finding in found.findings
        ],
        "first_run": [_described(run) for run in found.runs],
        "prices_as_of": LOOKED_UP.isoformat(),
    }


def _described(run: FirstRun) -> dict[str, Any]:
    return {
        "region": run.region,
        "source_backup_ids": [backup.id for backup in run.backups],
        "full": run.full,
        "incremental": run.incremental,
        "gigabytes": _bounds(run.gigabytes),
        "of_unknown_size": run.of_unknown_size,
        "storage_usd_a_month": _bounds(run.monthly),
        "transfer_usd_once": _bounds(run.transfer),
    }


def _bounds(figure: Range | None) -> Sequence[float] | None:
    return None if figure is None else [round(figure.least, 2), round(figure.most, 2)]

"""`fsx-dr doctor`: what would fail in the first `pulumi up`?"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from pulumi_fsx_dr.doctor.collect import Configuration, collect
from pulumi_fsx_dr.doctor.evaluate import Finding, Level, evaluate
from pulumi_fsx_dr.doctor.first_run import FirstRun, first_runs
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.rules.dr_arguments import KEEP, DrRegionArgs, Source, require_valid

from .context import CliContext
from .documents import echo_json
from .formatting import rendered, table
from .options import json_option, repeatable
from .stack_settings import read_settings

_PRICES = "https://aws.amazon.com/fsx/{}/pricing/"
_PAGES = {"WINDOWS": "windows", "LUSTRE": "lustre", "OPENZFS": "openzfs", "ONTAP": "netapp-ontap"}
_LONGEST = 4000  # characters of a finding, which may name many actions or file systems
_LEVELS: dict[Level, tuple[str, str]] = {
    "ok": ("✓ ok", "green"),
    "note": ("i note", "cyan"),
    "fails": ("✗ fails", "bold red"),
    "unknown": ("? unknown", "bold yellow"),
}


def _sources(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[Source]:
    pairs = [value.partition("@") for value in values]
    return [
        {"backup_id": name, "region": region}
        if name.startswith("backup-")
        else {"file_system_id": name, "region": region}
        for name, _, region in pairs
    ]


def _regions(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[DrRegionArgs]:
    pairs = [value.partition("=") for value in values]
    return [
        {"region": region, "sources": [], "kms_key_id": key} if key else {"region": region, "sources": []}
        for region, _, key in pairs
    ]


@click.command()
@repeatable(
    "--source", "sources", metavar="ID@REGION", callback=_sources, help="File system or backup id and its Region."
)
@repeatable(
    "--dr-region", "regions", metavar="REGION[=KEY]", callback=_regions, help="DR Region and the KMS key of its copies."
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=KEEP,
    show_default=True,
    help="Number of backups to keep per file system.",
)
@click.option("--stack", metavar="NAME", help="Read the settings from Pulumi.NAME.yaml instead.")
@click.option("--config", "file", type=click.Path(path_type=Path), help="Read the settings from this file instead.")
@click.option("--cwd", type=click.Path(file_okay=False, path_type=Path), default=".", help="Where Pulumi.NAME.yaml is.")
@json_option
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
    """Check what would fail, and what would be copied, before the first pulumi up.

    It asks AWS with the stack's credentials, all Regions at once, and changes nothing.

    \b
    Examples:
      fsx-dr doctor --stack prod
      fsx-dr doctor --source fs-0123456789abcdef0@eu-central-1 --dr-region eu-west-1=alias/fsx-dr
      fsx-dr doctor --config Pulumi.prod.yaml --json

    Exit codes: 0 no problems, 1 something would fail, 2 some checks could not be made.
    """  # noqa: D301  # click reads \b, the backspace character
    context = ctx.ensure_object(CliContext)
    if stack:
        file = cwd / f"Pulumi.{stack.rpartition('/')[2]}.yaml"
    configuration, credentials = _from_file(file) if file else (_from_options(sources, regions, keep), Credentials())
    facts = collect(configuration, lambda name: context.examined(name, credentials))
    findings, runs = evaluate(facts), first_runs(facts)
    levels = {finding.level for finding in findings}
    exit_code = 1 if "fails" in levels else 2 if "unknown" in levels else 0
    if as_json:
        described = {"findings": list(map(_finding, findings)), "first_run": list(map(_first_run, runs))}
        echo_json({"time": context.now.isoformat(), "exit_code": exit_code, **described})
    else:
        click.echo("\n\n".join([_table(findings), *map(_summary, runs)]))
    ctx.exit(exit_code)


def _from_file(file: Path) -> tuple[Configuration, Credentials]:
    settings, credentials = read_settings(file)
    for name, args in settings.regions.items():
        require_valid(name, args)
    return _configuration(settings.sources, settings.regions.values()), credentials


def _from_options(sources: Sequence[Source], regions: Iterable[DrRegionArgs], keep: int) -> Configuration:
    declared: list[DrRegionArgs] = [{**args, "sources": sources, "keep": keep} for args in regions]
    for args in declared:
        require_valid(args["region"], args)
    return _configuration(sources, declared)


def _configuration(sources: Sequence[Source], regions: Iterable[DrRegionArgs]) -> Configuration:
    by_region = {args["region"]: args for args in regions}
    if not sources or not by_region:
        raise InvalidSettingsError(
            "There is nothing to check. Give --source and --dr-region, or a stack that sets fsx-dr:sources and "
            "fsx-dr:regions."
        )
    return Configuration(sources=sources, regions=by_region)


def _table(findings: Iterable[Finding]) -> str:
    shown = table(("Result", "About", "Finding"))
    for finding in findings:
        mark = Text(*_LEVELS[finding.level])
        shown.add_row(mark, Text(clean(finding.about)), Text(clean(finding.message, _LONGEST)))
    return rendered(shown)


def _summary(run: FirstRun) -> str:
    if not run.backups:
        return f"First run: nothing to copy to {run.region}."
    least, most = (f"{bound:.1f}" for bound in (run.gigabytes.least, run.gigabytes.most))
    gigabytes = f"{most} GB" if least == most else f"{least} to {most} GB"
    unknown = f" Backups of unknown size: {run.unknown_sizes}." if run.unknown_sizes else ""
    pages = sorted({_PRICES.format(page) for one in run.backups if (page := _PAGES.get(one.file_system_type or ""))})
    return (
        f"First run to {run.region}: {run.full} full and {run.incremental} incremental copies.\n"
        f"To move once, and to keep: {gigabytes}.{unknown}\n{' '.join(['Prices:', *pages])}"
    )


def _finding(finding: Finding) -> dict[str, str]:
    return {name: clean(value, _LONGEST) for name, value in asdict(finding).items()}


def _first_run(run: FirstRun) -> dict[str, Any]:
    return {
        "region": run.region,
        "source_backup_ids": [backup.id for backup in run.backups],
        "full": run.full,
        "incremental": run.incremental,
        "gigabytes": [round(run.gigabytes.least, 2), round(run.gigabytes.most, 2)],
        "unknown_sizes": run.unknown_sizes,
    }

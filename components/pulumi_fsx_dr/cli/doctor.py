"""`fsx-dr doctor`: what would fail in the first `pulumi up`?"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import click

from pulumi_fsx_dr.copies.arguments import problems_of
from pulumi_fsx_dr.doctor.collect import Configuration, collect
from pulumi_fsx_dr.doctor.evaluate import Finding, Level, evaluate
from pulumi_fsx_dr.doctor.first_run import FirstRun, first_runs
from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID, FILE_SYSTEM_ID
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.fsx.partitions import partition_of, require_fsx_region
from pulumi_fsx_dr.fsx.text import clean
from pulumi_fsx_dr.rules.copy_size import gigabytes_text
from pulumi_fsx_dr.rules.dr_arguments import KEEP, DrRegionArgs, Source

from . import formatting
from .context import CliContext, unique
from .declared import declared_by_settings, declared_by_stack
from .documents import echo_json
from .options import WholeNumber, cwd_option, json_option, repeatable
from .stack import Stack
from .stack_settings import Declared

_PRICES = "https://aws.amazon.com/fsx/{}/pricing/"
_PAGES = {"WINDOWS": "windows", "LUSTRE": "lustre", "OPENZFS": "openzfs", "ONTAP": "netapp-ontap"}
_LONGEST = 4000  # characters of a finding, which may list many actions or file systems
_LEVELS: dict[Level, tuple[str, str]] = {
    "ok": ("✓ ok", "green"),
    "note": ("i note", "cyan"),
    "fails": ("✗ fails", "red"),
    "unknown": ("? unknown", "yellow"),
}
_INDENT = 11  # of the lines below a level


def _sources(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[Source]:
    pairs = [value.partition("@") for value in unique(values)]
    for name, _, region in pairs:
        if not (region and (FILE_SYSTEM_ID.fullmatch(name) or BACKUP_ID.fullmatch(name))):
            raise InvalidSettingsError("Give --source as ID@REGION, such as fs-0123456789abcdef0@eu-central-1.")
        require_fsx_region(region, f"{region!r} in --source")
    return [
        {"backup_id": name, "region": region}
        if name.startswith("backup-")
        else {"file_system_id": name, "region": region}
        for name, _, region in pairs
    ]


def _regions(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[DrRegionArgs]:
    pairs = [value.partition("=") for value in unique(values)]
    for region, _, key in pairs:
        require_fsx_region(region, f"--dr-region {region!r}")
        for problem in problems_of("kms_key_id", key or None, {"region": region}):
            raise InvalidSettingsError(f"--dr-region {region}: {problem}")
    return [
        {"region": region, "sources": [], "kms_key_id": key} if key else {"region": region, "sources": []}
        for region, _, key in pairs
    ]


@click.command(short_help="Check what would fail in the first pulumi up.")
@repeatable(
    "--source",
    "sources",
    metavar="ID@REGION",
    callback=_sources,
    help="File system or backup to copy, and its Region.",
)
@repeatable(
    "--dr-region",
    "regions",
    metavar="REGION[=KEY]",
    callback=_regions,
    help="DR Region, and the KMS key of its copies.",
)
@click.option(
    "--keep",
    metavar="N",
    type=WholeNumber(min=1),
    default=KEEP,
    help=f"Number of backups to copy per file system, at least 1. Default: {KEEP}.",
)
@click.option(
    "--stack",
    metavar="NAME",
    help="Check what this stack declares: its fsx-dr settings, or else the DrRegions of its program.",
)
@click.option(
    "--config", "file", metavar="FILE", type=click.Path(path_type=Path), help="Check the settings in this file."
)
@cwd_option
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
    cwd: Path | None,
    as_json: bool,
) -> None:
    """Report the problems of the first pulumi up, and the copies that it would make.

    The command reads all Regions in parallel, with the credentials of the stack. It does not change anything. With
    --stack, it runs 'pulumi preview' if the stack does not have fsx-dr settings.

    \b
    Examples:
      fsx-dr doctor --stack dev
      fsx-dr doctor --config Pulumi.prod.yaml --json
      fsx-dr doctor --source fs-0123456789abcdef0@eu-central-1 \\
        --dr-region eu-west-1=alias/fsx-dr

    \b
    Exit codes:
      0  There are no problems.
      1  Something would fail.
      2  Some checks could not be made.
    """  # noqa: D301  # click reads \b, the backspace character
    context = ctx.ensure_object(CliContext)
    if stack:
        declared = declared_by_stack(Stack(stack, cwd))
    elif file:
        declared = declared_by_settings(file)
    else:
        declared = _declared_by_options(sources, regions, keep)
    facts = collect(_configuration(declared), lambda name: context.examined(name, declared.credentials))
    findings, runs = [*declared.findings, *evaluate(facts)], first_runs(facts)
    levels = {finding.level for finding in findings}
    exit_code = 1 if "fails" in levels else 2 if "unknown" in levels else 0
    if as_json:
        described = {"findings": list(map(_described_finding, findings)), "first_run": list(map(_described_run, runs))}
        echo_json({"time": context.now.isoformat(), "exit_code": exit_code, **described})
    else:
        click.echo("\n\n".join(["\n".join(map(_entry, findings)), *map(_summary, runs)]))
    ctx.exit(exit_code)


def _declared_by_options(sources: Sequence[Source], regions: Iterable[DrRegionArgs], keep: int) -> Declared:
    declared: list[DrRegionArgs] = [{**args, "sources": sources, "keep": keep} for args in regions]
    for dr_region, source in product(regions, sources):
        if partition_of(source["region"]) != partition_of(dr_region["region"]):
            raise InvalidSettingsError(
                f"{source['region']} and {dr_region['region']} are in different AWS partitions. FSx copies only within "
                "a partition."
            )
    return Declared(declared, Credentials())


def _configuration(declared: Declared) -> Configuration:
    configuration = Configuration.of(declared.dr_regions)
    if not configuration.sources:
        raise InvalidSettingsError(
            "There is nothing to check. Give --source and --dr-region, or the --stack of a program that declares a "
            "DrRegion with sources."
        )
    return configuration


def _entry(finding: Finding) -> str:
    """Return a finding as a few lines."""
    mark, color = _LEVELS[finding.level]
    message = formatting.paragraph(clean(finding.message, _LONGEST), indent=_INDENT)
    return f"{click.style(mark.ljust(_INDENT), fg=color)}{clean(finding.about)}\n{message}"


def _summary(run: FirstRun) -> str:
    if not run.backups:
        return f"The first run does not copy anything to {run.region}."
    unknown = f" The size of {run.unknown_sizes} backups is unknown." if run.unknown_sizes else ""
    pages = sorted({_PRICES.format(page) for one in run.backups if (page := _PAGES.get(one.file_system_type or ""))})
    return (
        f"The first run makes {run.full} full and {run.incremental} incremental copies in {run.region}.\n"
        f"It transfers and then stores {gigabytes_text(run.gigabytes)}.{unknown}\n{' '.join(['Prices:', *pages])}"
    )


def _described_finding(finding: Finding) -> dict[str, str]:
    return {name: clean(value, _LONGEST) for name, value in asdict(finding).items()}


def _described_run(run: FirstRun) -> dict[str, Any]:
    return {
        "region": run.region,
        "source_backup_ids": [backup.id for backup in run.backups],
        "full": run.full,
        "incremental": run.incremental,
        "gigabytes": [round(run.gigabytes.least, 2), round(run.gigabytes.most, 2)],
        "unknown_sizes": run.unknown_sizes,
    }

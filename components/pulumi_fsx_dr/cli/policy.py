"""`fsx-dr policy`: IAM policies for the identities of a stack, and for the protection of its copies."""

from collections import defaultdict
from collections.abc import Mapping

import click

from pulumi_fsx_dr.fsx.kms import KeyName
from pulumi_fsx_dr.fsx.partitions import require_fsx_region
from pulumi_fsx_dr.rules.iam_policy import NAMESPACE, Purpose, protection
from pulumi_fsx_dr.rules.iam_policy import policy as least_policy

from .documents import echo_json
from .options import Region, repeatable


def _account(_ctx: click.Context, _parameter: click.Parameter, account: str) -> str:
    if not (len(account) == 12 and account.isdecimal()):  # noqa: PLR2004  # AWS account ids have twelve digits
        raise click.BadParameter(f"{account!r} is not a 12-digit AWS account id.")
    return account


def _by_region(_ctx: click.Context, _parameter: click.Parameter, arns: tuple[str, ...]) -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for arn in arns:
        name = KeyName.parse(arn)
        if name is None or name.region is None or name.is_alias:
            raise click.BadParameter(f"{arn!r} is not the ARN of a KMS key.")
        require_fsx_region(name.region, f"The Region of {arn!r}")
        found[name.region].append(arn)
    return found


@click.command(short_help="Print an IAM policy.")
@click.option("--account", metavar="ID", required=True, callback=_account, help="AWS account id of twelve digits.")
@repeatable(
    "--source-region",
    "sources",
    metavar="REGION",
    type=Region(),
    help="Region of the source backups. Required for the purposes preview and up.",
)
@repeatable(
    "--dr-region",
    "destinations",
    metavar="REGION",
    type=Region(),
    help="Region of the copies. Not needed for coverage.",
)
@repeatable(
    "--key",
    "keys",
    metavar="ARN",
    callback=_by_region,
    help="KMS key of source backups or copies. Not needed for the key aws/fsx.",
)
@click.option(
    "--for",
    "purpose",
    metavar="PURPOSE",
    type=click.Choice([*Purpose], case_sensitive=False),
    default=Purpose.UP,
    help=(
        "Purpose of the identity: 'preview' allows only previews, 'up' allows all Pulumi commands, 'report' allows "
        "metrics, 'coverage' allows 'fsx-dr coverage', and 'drill' allows the failover drill. Default: up."
    ),
)
@click.option(
    "--namespace",
    metavar="NAME",
    default=NAMESPACE,
    help=f"Namespace of the metrics of 'report --cloudwatch'. Default: {NAMESPACE}.",
)
@repeatable(
    "--protect",
    "pipelines",
    metavar="ROLE_ARN",
    help="Role that may delete copies. The output is then a service control policy that denies deletion to others.",
)
def policy(  # noqa: PLR0913  # one for each option
    *,
    account: str,
    sources: tuple[str, ...],
    destinations: tuple[str, ...],
    keys: Mapping[str, list[str]],
    purpose: Purpose,
    namespace: str,
    pipelines: tuple[str, ...],
) -> None:
    """Print the minimal IAM policy for an identity, by default the one that runs Pulumi.

    The Regions determine the partition. The command does not call AWS.

    \b
    Examples:
      fsx-dr policy --account 111122223333 --dr-region eu-west-1 \\
        --source-region eu-central-1
      fsx-dr policy --account 111122223333 --dr-region eu-west-1 --for drill
      fsx-dr policy --account 111122223333 --dr-region eu-west-1 \\
        --protect arn:aws:iam::111122223333:role/fsx-dr

    \b
    Exit codes:
      0  The policy was printed.
      2  An argument is not valid.
    """  # noqa: D301  # click reads \b, the backspace character
    if not destinations and (pipelines or purpose is not Purpose.COVERAGE):
        raise click.UsageError("Give --dr-region. Only --for coverage does not need it.")
    if pipelines:
        echo_json(protection(account, pipelines, dr_regions=destinations))
        return
    if not sources and purpose not in (Purpose.COVERAGE, Purpose.DRILL, Purpose.REPORT):
        raise click.UsageError(f"The policy for {purpose} requires --source-region.")
    echo_json(
        least_policy(
            account, purpose, source_regions=sources, dr_regions=destinations, key_arns=keys, namespace=namespace
        )
    )

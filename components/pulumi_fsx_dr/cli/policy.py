"""`fsx-dr policy`: the least that the stack's AWS identities need, and what keeps others from its copies."""

from collections import defaultdict
from collections.abc import Mapping

import click

from pulumi_fsx_dr.fsx.kms import KeyName
from pulumi_fsx_dr.rules.iam_policy import NAMESPACE, Purpose, protection
from pulumi_fsx_dr.rules.iam_policy import policy as least_policy

from .documents import echo_json
from .options import repeatable


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
        found[name.region].append(arn)
    return found


@click.command()
@click.option("--account", metavar="ID", required=True, callback=_account, help="AWS account, twelve digits.")
@repeatable(
    "--source-region",
    "sources",
    metavar="REGION",
    help="Region of the source backups. Needed for preview and up.",
)
@repeatable("--dr-region", "destinations", metavar="REGION", required=True, help="Region of the copies.")
@repeatable(
    "--key",
    "keys",
    metavar="ARN",
    callback=_by_region,
    help="KMS key of sources or copies; not needed for aws/fsx.",
)
@click.option(
    "--for",
    "purpose",
    type=click.Choice([*Purpose], case_sensitive=False),
    default=Purpose.UP,
    show_default=True,
    help="Purpose of the identity: previews only, all commands, metrics of reports, or the failover drill.",
)
@click.option("--namespace", default=NAMESPACE, show_default=True, help="Namespace of 'report --cloudwatch'.")
@repeatable(
    "--protect",
    "pipelines",
    metavar="ROLE_ARN",
    help="Print instead a service control policy that lets only this role delete copies.",
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
    """Print the least IAM policy that the stack needs.

    It is for the identity that runs pulumi; the partition follows from the Regions.

    \b
    Examples:
      fsx-dr policy --account 111122223333 --source-region eu-central-1 --dr-region eu-west-1
      fsx-dr policy --account 111122223333 --source-region eu-central-1 --dr-region eu-west-1 \\
        --key arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f
      fsx-dr policy --for report --account 111122223333 --dr-region eu-west-1
      fsx-dr policy --for drill --account 111122223333 --dr-region eu-west-1
      fsx-dr policy --protect arn:aws:iam::111122223333:role/fsx-dr --account 111122223333 --dr-region eu-west-1

    Exit codes: 0 printed, 2 an argument is not valid.
    """  # noqa: D301  # click reads \b, the backspace character
    if pipelines:
        echo_json(protection(account, pipelines, dr_regions=destinations))
        return
    if not sources and purpose not in (Purpose.DRILL, Purpose.REPORT):
        raise click.UsageError(f"The policy for {purpose} needs a --source-region.")
    echo_json(
        least_policy(
            account, purpose, source_regions=sources, dr_regions=destinations, key_arns=keys, namespace=namespace
        )
    )

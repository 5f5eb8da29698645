"""`python -m simulator`: serve the simulator, add a backup to it, or run the demo."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

_PORT = 8577


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Simulate Amazon FSx on this machine, without an AWS account."""


@main.command(short_help="Serve the APIs of all Regions.")
@click.option(
    "--seed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Start with the file systems, backups and keys in FILE (YAML or JSON).",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    show_default=True,
    help="Listen on this port of 127.0.0.1; 0 chooses a free port.",
)
@click.option(
    "--copy-seconds",
    type=click.FloatRange(min=0),
    default=10,
    show_default=True,
    metavar="SECONDS",
    help="Duration of each copy.",
)
@click.option(
    "--seconds-per-gb",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Duration per GB instead. An incremental copy transfers a tenth of its size.",
)
@click.option("--attached", is_flag=True, hidden=True)  # print only the address, and end when standard input ends
def serve(seed: Path | None, port: int, copy_seconds: float, seconds_per_gb: float | None, *, attached: bool) -> None:
    """Serve FSx, KMS, STS and IAM for all Regions until Ctrl-C.

    All contents are lost when the simulator stops.

    \b
    Example:
      python -m simulator serve --seed simulator/seed.yaml
    """  # noqa: D301  # click reads \b, the backspace character
    from simulator import serving  # noqa: PLC0415 - loading boto3 takes a second, and --help must not wait for it

    settings = {"copy_seconds": copy_seconds, "seconds_per_gb": seconds_per_gb}
    sys.exit(serving.run(seed, port, settings, attached=attached))


@main.command("add-backup", short_help="Add a backup to a running simulator.")
@click.argument("file_system")
@click.argument("region")
@click.option(
    "--endpoint",
    envvar="AWS_ENDPOINT_URL",
    default=f"http://127.0.0.1:{_PORT}",
    show_default=True,
    help="Address of the simulator. The environment variable AWS_ENDPOINT_URL sets it as well.",
)
def add_backup(file_system: str, region: str, endpoint: str) -> None:
    """Add a new automatic backup of FILE_SYSTEM in REGION to a running simulator.

    \b
    Example:
      python -m simulator add-backup fs-0123456789abcdef0 eu-central-1
    """  # noqa: D301  # click reads \b, the backspace character
    from simulator import serving  # noqa: PLC0415 - see above

    if urlsplit(endpoint).hostname not in {"127.0.0.1", "localhost"}:
        raise click.ClickException(
            f"{endpoint} is not a simulator on this machine. Set AWS_ENDPOINT_URL or --endpoint."
        )
    click.echo(f"Added {serving.add_backup(endpoint, region, file_system)} of {file_system} in {region}.")


@main.command(short_help="Run the life of a stack, with checks.")
@click.option("--fake-engine", is_flag=True, help="Use the fake engine even if there is a Pulumi CLI.")
def demo(*, fake_engine: bool) -> None:
    """Run the whole life of a stack on the simulator, and check each step."""
    click.echo("Starting a simulator of Amazon FSx. The demo takes a few minutes.")
    from simulator.demo.demo import demo as run  # noqa: PLC0415 - see above

    sys.exit(run(fake_engine=fake_engine))


if __name__ == "__main__":
    main(prog_name="python -m simulator")

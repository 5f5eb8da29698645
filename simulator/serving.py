"""The commands `serve` and `add-backup` of `python -m simulator`."""

import errno
from pathlib import Path
from typing import Any
from urllib.error import URLError

import click

from simulator.fsx import Control
from simulator.fsx.regions import ACCOUNT_ID
from simulator.fsx.seed_file import SeedFileError, seed_from
from simulator.fsx.server import serve
from simulator.fsx.service import FsxService

_POLL_EACH_SECOND = {"PULUMI_FSX_DR_POLL_SECONDS": "1"}  # copies take seconds here, not hours


def run(seed: Path | None, port: int, settings: dict[str, Any], *, attached: bool) -> int:
    """Serve until Ctrl-C, and return the exit code.

    Raises:
        click.ClickException: If the seed file is wrong, or the port cannot be used.
    """
    service = FsxService(**settings)
    try:
        if seed:
            seed_from(seed, service)
        serve(service, port, click.echo if attached else _introduce, attached=attached)
    except SeedFileError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(_unusable(port, error)) from None
    except KeyboardInterrupt:
        click.echo("\nThe simulator has stopped.")
    return 0


def add_backup(endpoint: str, region: str, file_system: str) -> str:
    """Add an automatic backup to the simulator at `endpoint`, and return the backup's id.

    Raises:
        click.ClickException: If no simulator answers, or it does not have the file system.
    """
    try:
        return Control(endpoint).seed_backup(region, file_system)
    except URLError:
        text = f"No simulator answers at {endpoint}. Start one with: python -m simulator serve"
        raise click.ClickException(text) from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def _introduce(url: str) -> None:
    """Print the lines that let AWS clients in another shell call this address."""
    variables = Control(url).environment() | _POLL_EACH_SECOND
    exports = [f"  export {name}={value}" for name, value in variables.items()]
    lines = [
        f"The simulator listens on {url} for all Regions. The AWS account is {ACCOUNT_ID}.",
        "Paste these lines into the shell where you run pulumi and fsx-dr:",
        "",
        "  unset AWS_PROFILE AWS_SESSION_TOKEN",
        *exports,
        "",
        "Ctrl-C stops the simulator and deletes everything in it.",
    ]
    click.echo("\n".join(lines))


def _unusable(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use. Stop the other program, or choose another port with --port (0: a free one)."
    return f"Port {port} cannot be used: {error.strerror}. Choose another port with --port (0: a free one)."

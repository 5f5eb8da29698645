"""The `fsx-dr` command."""

import sys

from pulumi_fsx_dr.optional import install_command


def main() -> None:
    """Run the command; the exit codes are listed in docs/commands.md."""
    try:
        from .commands import fsx_dr  # noqa: PLC0415  # its packages are an extra that may not be installed
    except ModuleNotFoundError as error:
        sys.stderr.write(f"fsx-dr needs the package {error.name}. Run `{install_command('cli')}`.\n")
        sys.exit(2)
    fsx_dr(prog_name="fsx-dr")

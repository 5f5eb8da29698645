"""The `fsx-dr` command: what there is to know and to check around the copies, from the outside."""

import sys


def main() -> None:
    """Run the command; the exit codes are listed in docs/commands.md."""
    try:
        from .commands import fsx_dr  # noqa: PLC0415  # its packages are an extra that may not be installed
    except ModuleNotFoundError as error:
        sys.stderr.write(f"fsx-dr needs the package {error.name}: pip install 'pulumi-fsx-dr[cli]'.\n")
        sys.exit(2)
    fsx_dr(prog_name="fsx-dr")

"""`python -m rehearsal serve`: run the stand-in for AWS on this machine."""

import argparse
from contextlib import suppress

from rehearsal.fsx.server import serve
from rehearsal.fsx.service import FsxService


def main() -> None:
    """Read the command line and serve until interrupted."""
    options = _parser().parse_args()
    with suppress(KeyboardInterrupt):
        serve(FsxService(copy_seconds=options.copy_seconds), options.port, attached=options.attached)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description=__doc__)
    command = parser.add_subparsers(required=True).add_parser("serve", help="serve FSx, KMS and STS for all Regions")
    command.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 (the default) takes a free one")
    command.add_argument("--copy-seconds", type=float, default=2.0, help="how long a copy takes (default 2)")
    command.add_argument("--attached", action="store_true", help="end when standard input does")
    return parser


if __name__ == "__main__":
    main()

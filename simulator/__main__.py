"""A simulator of Amazon FSx on this machine, and a demo that uses it."""

import argparse
import sys
from contextlib import suppress

from simulator.fsx.server import serve
from simulator.fsx.service import FsxService


def main() -> None:
    """Run a command until it ends or is interrupted."""
    options = _parser().parse_args()
    sys.exit(options.command(options))


def _serve(options: argparse.Namespace) -> None:
    with suppress(KeyboardInterrupt):
        serve(FsxService(copy_seconds=options.copy_seconds), options.port, attached=options.attached)


def _demo(options: argparse.Namespace) -> int:
    from simulator.demo.demo import demo  # noqa: PLC0415 - `serve` need not wait for rich

    return demo(fake_engine=options.fake_engine)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("serve", help="serve FSx, KMS, STS and IAM for all Regions")
    command.set_defaults(command=_serve)
    command.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    command.add_argument("--copy-seconds", type=float, default=2.0, help="duration of a copy in seconds (default: 2)")
    command.add_argument("--attached", action="store_true", help="end when standard input ends")
    command = commands.add_parser("demo", help="run a whole stack lifecycle")
    command.set_defaults(command=_demo)
    command.add_argument("--fake-engine", action="store_true", help="use the fake engine even if there is a Pulumi CLI")
    return parser


if __name__ == "__main__":
    main()

"""`python -m simulator`: the stand-in for AWS on this machine, by itself or in a demonstration."""

import argparse
import sys
from contextlib import suppress

from simulator.fsx.server import serve
from simulator.fsx.service import FsxService


def main() -> None:
    """Read the command line and do what it says until done or interrupted."""
    options = _parser().parse_args()
    sys.exit(options.command(options))


def _serve(options: argparse.Namespace) -> None:
    with suppress(KeyboardInterrupt):
        serve(FsxService(copy_seconds=options.copy_seconds), options.port, attached=options.attached)


def _demo(options: argparse.Namespace) -> int:
    # It takes in rich and boto3, for which `serve` need not wait.
    from simulator.demo.demo import demo  # noqa: PLC0415 - see above

    return demo(fake_engine=options.fake_engine)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("serve", help="serve FSx, KMS and STS for all Regions")
    command.set_defaults(command=_serve)
    command.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 (the default) takes a free one")
    command.add_argument("--copy-seconds", type=float, default=2.0, help="how long a copy takes (default 2)")
    command.add_argument("--attached", action="store_true", help="end when standard input does")
    command = commands.add_parser("demo", help="play the whole life of a stack")
    command.set_defaults(command=_demo)
    command.add_argument("--fake-engine", action="store_true", help="without the Pulumi CLI, even if there is one")
    return parser


if __name__ == "__main__":
    main()

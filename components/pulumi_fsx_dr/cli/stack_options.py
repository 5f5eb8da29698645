"""The options that say where a stack's outputs come from, and what the commands read from them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from pulumi_fsx_dr.errors import InvalidSettingsError
from pulumi_fsx_dr.readiness import ReadinessRow, judged

from .outside import Stack, read_document

_P = ParamSpec("_P")
_R = TypeVar("_R")

ReadOutputs = Callable[[], Mapping[str, Any]]


def outputs_options(command: Callable[Concatenate[ReadOutputs, _P], _R]) -> Callable[_P, _R]:
    """Add the options, and hand the command a way to the outputs as its first argument (after the context)."""

    @wraps(command)
    def with_outputs(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        file, name, cwd = (kwargs.pop(option) for option in ("outputs", "stack", "cwd"))
        read: ReadOutputs = (lambda: read_document(str(file))) if file else Stack(name, cwd).read_outputs  # type: ignore[arg-type]  # click parsed them to these types
        return command(read, *args, **kwargs)

    for option in (
        click.option(
            "--cwd", type=click.Path(file_okay=False, path_type=Path), help="Directory of the Pulumi program."
        ),
        click.option("--stack", metavar="NAME", help="The stack; default: the one selected."),
        click.option(
            "--outputs",
            metavar="FILE",
            help="Outputs as of 'pulumi stack output --json', - for standard input; default: ask Pulumi.",
        ),
    ):
        with_outputs = option(with_outputs)
    return with_outputs


def readiness_rows(outputs: Mapping[str, Any], now: datetime) -> list[ReadinessRow]:
    """Return the stack output `readiness`, judged now.

    Raises:
        InvalidSettingsError: there is no such output, or it holds something else.
    """
    if "readiness" not in outputs:
        raise InvalidSettingsError(
            "The stack has no output 'readiness': run pulumi up, or choose another stack with --stack."
        )
    try:
        return judged(outputs["readiness"], now)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InvalidSettingsError(
            "The stack output 'readiness' does not hold the rows that this version writes: run pulumi up."
        ) from None

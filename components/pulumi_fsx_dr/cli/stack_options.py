"""Where the outputs of stacks come from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from .context import Stack, read_document, unique

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class StackOutputs:
    """The outputs of one stack, which are read when they are needed.

    Attributes:
        name: what a report calls the stack; "" for the one that is selected.
    """

    name: str
    read: Callable[[], Mapping[str, Any]]


def outputs_options(command: Callable[Concatenate[Sequence[StackOutputs], _P], _R]) -> Callable[_P, _R]:
    """Add the options, and hand the command the outputs as its first argument (after the context)."""

    @wraps(command)
    def with_outputs(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        files, names, cwd = (kwargs.pop(option) for option in ("outputs", "stacks", "cwd"))
        return command(_given(files, names, cwd), *args, **kwargs)  # type: ignore[arg-type]  # click parsed them to these types

    for option in (
        click.option(
            "--cwd", type=click.Path(file_okay=False, path_type=Path), help="Directory of the Pulumi program."
        ),
        click.option(
            "--stack", "stacks", metavar="NAME", multiple=True, help="A stack; default: the one selected. Repeatable."
        ),
        click.option(
            "--outputs",
            metavar="FILE",
            multiple=True,
            help="Outputs as of 'pulumi stack output --json', - for standard input; default: ask Pulumi. Repeatable.",
        ),
    ):
        with_outputs = option(with_outputs)
    return with_outputs


def _given(files: Sequence[str], names: Sequence[str], cwd: Path | None) -> list[StackOutputs]:
    given = [*(_of_file(file) for file in unique(files)), *(_of_stack(name, cwd) for name in unique(names))]
    return given or [_of_stack(None, cwd)]


def _of_file(file: str) -> StackOutputs:
    return StackOutputs("" if file == "-" else Path(file).stem, lambda: read_document(file))


def _of_stack(name: str | None, cwd: Path | None) -> StackOutputs:
    return StackOutputs(name or "", Stack(name, cwd).read_outputs)

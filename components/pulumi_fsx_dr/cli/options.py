"""Options that several commands have."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from pulumi_fsx_dr.fsx.partitions import require_fsx_region
from pulumi_fsx_dr.rules.exported_state import resources_of

from .context import unique
from .documents import read_document
from .stack import Stack

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Command = TypeVar("_Command", bound=Callable[..., Any])


def repeatable(*names: str, metavar: str, help: str, **settings: Any) -> Callable[[_Command], _Command]:  # noqa: A002  # as click calls it
    """Return an option that can be given several times; the command gets a tuple."""
    return click.option(*names, metavar=metavar, multiple=True, help=f"{help} Can be repeated.", **settings)


json_option = click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
state_option = repeatable(
    "--state", "states", metavar="FILE", help="File with the output of 'pulumi stack export'; - reads standard input."
)
stack_option = repeatable("--stack", "stacks", metavar="NAME", help="Name of the stack. Default: the selected stack.")
cwd_option = click.option(
    "--cwd",
    metavar="DIRECTORY",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Directory of the Pulumi program. Default: the current directory.",
)


class Region(click.types.StringParamType):
    """The name of a Region with Amazon FSx."""

    name = "region"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        region = super().convert(value, param, ctx)
        require_fsx_region(region, f"{param.opts[0] if param else 'Region'} {region!r}")
        return region


class WholeNumber(click.IntRange):
    """A range of integers that the help text of its option describes in words."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not a whole number of at least {self.min}.", param, ctx)

    def _describe_range(self) -> str:
        return ""


class PositiveNumber(click.FloatRange):
    """A positive number, which the help text of its option describes in words."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True, max=math.inf, max_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not a number greater than 0.", param, ctx)

    def _describe_range(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class StackOutputs:
    """The outputs of one stack, read on demand. `name` is "" for the selected stack."""

    name: str
    read: Callable[[], Mapping[str, Any]]


def outputs_options(command: Callable[Concatenate[Sequence[StackOutputs], _P], _R]) -> Callable[_P, _R]:
    """Add the options that choose stacks; the command gets their outputs as its first argument after the context."""

    @wraps(command)
    def with_outputs(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        files, names, cwd = (kwargs.pop(option) for option in ("outputs", "stacks", "cwd"))
        return command(_stack_outputs(files, names, cwd), *args, **kwargs)  # type: ignore[arg-type]  # click parsed them to these types

    for option in (
        cwd_option,
        stack_option,
        repeatable(
            "--outputs",
            metavar="FILE",
            help="File with the output of 'pulumi stack output --json'; - reads standard input.",
        ),
    ):
        with_outputs = option(with_outputs)
    return with_outputs


def _stack_outputs(files: Sequence[str], names: Sequence[str], cwd: Path | None) -> list[StackOutputs]:
    of_files = [StackOutputs("" if file == "-" else Path(file).stem, _reader(file)) for file in unique(files)]
    of_stacks = [StackOutputs(name, Stack(name, cwd).read_outputs) for name in unique(names)]
    return [*of_files, *of_stacks] or [StackOutputs("", Stack(None, cwd).read_outputs)]


def _reader(file: str) -> Callable[[], Mapping[str, Any]]:
    return lambda: read_document(file)


def exported(files: Sequence[str], stacks: Sequence[str | None], cwd: Path | None) -> list[Mapping[str, Any]]:
    """Return the resources in the states of these files and stacks; None is the selected stack."""
    states = {"standard input" if file == "-" else file: read_document(file) for file in unique(files)}
    states |= {f"stack {name}" if name else "the selected stack": Stack(name, cwd).export() for name in stacks}
    return [resource for origin, state in states.items() for resource in resources_of(state, origin)]

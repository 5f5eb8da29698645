"""Messages as users read them: the text of an error, or of warnings and notes."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import pulumi
from pulumi_fsx_dr.errors import FsxDrError

from simulator.fsx import Control, FsxService, ManualClock, listening

_Subject = TypeVar("_Subject")
Messages = Iterator[tuple[str, str]]
"""Name of the case, and text."""


class Cases(dict[str, Callable[[_Subject], str]]):
    """Cases of one area: functions that return the message for a subject, by name."""

    def add(self, name: str) -> Callable[[Callable[[_Subject], str]], None]:
        """Add the decorated function as a case."""

        def register(message: Callable[[_Subject], str]) -> None:
            self[name] = message

        return register


def refusal(act: Callable[[], object]) -> str:
    """Return the text of the error that an action raises."""
    try:
        act()
    except FsxDrError as error:
        return str(error)
    raise AssertionError("nothing was refused")


def logged(act: Callable[[], object], level: int = logging.WARNING) -> str:
    """Return the log lines of an action and its error, if any."""
    with _recorded(level) as lines:
        try:
            act()
        except FsxDrError as error:
            lines.append(str(error))
    assert lines, "nothing was logged"
    return "\n    ".join(lines)


@contextmanager
def _recorded(level: int) -> Iterator[list[str]]:
    lines: list[str] = []

    class Recorder(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= level and record.name.startswith(("root", "pulumi_fsx_dr")):
                lines.append(record.getMessage())

    root, recorder = logging.getLogger(), Recorder()
    former = root.level
    root.addHandler(recorder)
    root.setLevel(min(level, former))
    try:
        yield lines
    finally:
        root.removeHandler(recorder)
        root.setLevel(former)


@contextmanager
def configured(settings: Mapping[str, str]) -> Iterator[None]:
    """Configure the stack within a block."""
    pulumi.runtime.set_all_config(dict(settings))
    try:
        yield
    finally:
        pulumi.runtime.set_all_config({})


@contextmanager
def simulated(set_variable: Callable[[str, str], Any], **settings: Any) -> Iterator[Control]:
    """Yield a new simulator that this process uses instead of AWS."""
    with listening(FsxService(ManualClock(), **settings)) as url:
        control = Control(url)
        for name, value in control.environment().items():
            set_variable(name, value)
        yield control

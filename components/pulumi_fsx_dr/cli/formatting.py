"""Numbers, verdicts and tables, the same in all commands."""

import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table

MARKS: Mapping[str, str] = MappingProxyType({"ready": "✓", "late": "!", "missing": "✗"})
"""The sign of each verdict."""

NONE = "\N{EN DASH}"
"""Shown for a value that does not exist."""

_LOG_WIDTH = 160  # columns of an output that is not a terminal
_MIN_WIDTH = 40
_ANY_WIDTH = 10_000


def hours(value: float | None) -> str:
    """Return hours as one number with its unit: `40 min`, `18.5 hours`, `3.2 days`."""
    if value is None:
        return NONE
    if round(value * 60) < 60:  # noqa: PLR2004  # minutes of an hour
        return f"{value * 60:.0f} min"
    return _quantity(value, "hour") if value < 2 * 24 else _quantity(value / 24, "day")


def _quantity(value: float, unit: str) -> str:
    number = f"{value:.1f}".removesuffix(".0")
    return f"{number} {unit}{'' if number == '1' else 's'}"


def size(in_bytes: int | None) -> str:
    """Return a size in the largest binary unit that gives 1 or more."""
    if in_bytes is None:
        return NONE
    units = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
    power = min(max(in_bytes.bit_length() - 1, 0) // 10, len(units) - 1)
    return f"{in_bytes / 1024**power:.1f} {units[power]}".replace(".0 ", " ")


def percent(value: int | None) -> str:
    return NONE if value is None else f"{value:.0f}%"


def table(headings: Iterable[str], *, right: Collection[str] = (), wrapped: Collection[str] = ()) -> Table:
    """Return a table without rows. Cells in the columns `wrapped` may be wrapped."""
    made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        made.add_column(
            heading,
            justify="right" if heading in right else "left",
            no_wrap=heading not in wrapped,
            overflow="fold",
        )
    return made


def first_that_fits(candidates: Sequence[RenderableType], columns: int) -> RenderableType:
    """Return the first candidate that fits into these columns, or else the last one."""
    return next((one for one in candidates if _needed(one).maximum <= columns), candidates[-1])


def paragraph(text: str, *, first: str = "", indent: int = 0) -> str:
    """Return a text in lines of the terminal's width, beginning with `first`. Ids and commands are never broken."""
    space = " " * indent
    return textwrap.fill(
        text,
        max(width(), indent + _MIN_WIDTH),
        initial_indent=first.ljust(indent),
        subsequent_indent=space,
        break_long_words=False,
        break_on_hyphens=False,
    )


def plain_console() -> Console:
    """Return a console that does not interpret rich's markup, which names and tags may contain."""
    return Console(markup=False, emoji=False)


def width() -> int:
    console = plain_console()
    return console.width if console.is_terminal else max(console.width, _LOG_WIDTH)


def rendered(renderable: RenderableType) -> str:
    """Return a table or text as a string. It may be wider than the terminal, because ids are never broken."""
    console = plain_console()
    console.width = max(width(), _needed(renderable).minimum)
    with console.capture() as capture:
        console.print(renderable)
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))


def _needed(renderable: RenderableType) -> Measurement:
    console = plain_console()
    return Measurement.get(console, console.options.update_width(_ANY_WIDTH), renderable)

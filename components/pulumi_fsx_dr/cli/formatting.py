"""Figures, verdicts and tables as all commands show them."""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table

MARKS: Mapping[str, str] = MappingProxyType({"ready": "✓", "late": "!", "missing": "✗"})
"""The sign of each verdict."""

NONE = "\N{EN DASH}"
"""What stands for no value."""

WIDE = 140
"""Columns from which whole ids and bars have room; what is not a terminal gets as many."""

_SHORT_DIGITS = 8


def hours(value: float | None) -> str:
    """Return hours as one short figure: `40 min`, `18.5 h`, `3.2 days`."""
    if value is None:
        return NONE
    if value < 1:
        return f"{value * 60:.0f} min"
    return f"{value:.1f} h".replace(".0 ", " ") if value < 2 * 24 else f"{value / 24:.1f} days".replace(".0 ", " ")


def size(in_bytes: int | None) -> str:
    """Return a size in the largest binary unit that leaves a figure of 1 or more."""
    if in_bytes is None:
        return NONE
    units = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
    power = min(max(in_bytes.bit_length() - 1, 0) // 10, len(units) - 1)
    return f"{in_bytes / 1024**power:.1f} {units[power]}".replace(".0 ", " ")


def short_id(name: str) -> str:
    """Return an id without its middle, such as `backup-0d…4a92`."""
    kind, _, digits = name.rpartition("-")
    return f"{kind}-{digits[:2]}…{digits[-4:]}" if len(digits) > _SHORT_DIGITS else name


def percent(value: int | None) -> str:
    """Return a percentage."""
    return NONE if value is None else f"{value:.0f} %"


def table(
    headings: Iterable[str], *, title: str | None = None, right: Collection[str] = (), whole: Collection[str] = ()
) -> Table:
    """Return a table without rows; cells wrap, except in the columns `whole`. `right` names the columns of figures."""
    made = Table(title=title, title_justify="left")
    for heading in headings:
        justify: Literal["left", "right"] = "right" if heading in right else "left"
        made.add_column(heading, justify=justify, overflow="fold", no_wrap=heading in whole)
    return made


def compact_table(headings: Iterable[str], *, title: str) -> Table:
    """Return a table without rows for a narrow terminal: without borders, each row in one line."""
    made = Table(title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0))
    for heading in headings:
        made.add_column(heading, no_wrap=True)
    return made


def plain_console() -> Console:
    """Return a console that shows texts as they are: names of others may contain rich's markup."""
    return Console(markup=False, emoji=False)


def is_narrow() -> bool:
    """Whether there is a terminal without room for whole ids."""
    console = plain_console()
    return console.is_terminal and console.width < WIDE


def rendered(renderable: RenderableType) -> str:
    """Return it as text: as wide as the terminal, or wide enough for a log."""
    console = plain_console()
    if not console.is_terminal:
        console.width = max(console.width, WIDE)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get().rstrip("\n")

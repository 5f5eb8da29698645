"""Tables as every command shows them."""

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table

_PIPED_WIDTH = 140


def grid(headings: Iterable[str], *, title: str | None = None, right: Iterable[str] = ()) -> Table:
    """Return a table without rows, whose long cells go on in the next line.

    Args:
        headings: of the columns.
        title: what stands above it.
        right: the headings of the columns of figures, which end at one line.
    """
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    return table


def compact_grid(headings: Iterable[str], *, title: str) -> Table:
    """Return a table without rows for a narrow terminal: no borders, and each row in one line."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0))
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    return table


def plain_console() -> Console:
    """Return a console that shows texts as they are: names of others may have brackets, which rich takes for styles."""
    return Console(markup=False, emoji=False)


def rendered(renderable: RenderableType) -> str:
    """Return what rich makes of it: as wide as the terminal, or wide enough for a log."""
    console = plain_console()
    if not console.is_terminal:
        console.width = max(console.width, _PIPED_WIDTH)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get().rstrip("\n")

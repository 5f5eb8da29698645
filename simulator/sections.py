"""Generated sections of Markdown pages."""

import re
from pathlib import Path


def write_section(page: Path, name: str, text: str) -> None:
    """Replace the text between `<!-- name -->` and `<!-- end of name -->` in a page.

    Raises:
        ValueError: If the page does not have each of the two comments exactly once.
    """
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    marked = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    written, count = marked.subn(lambda _: f"{begin}\n{text}\n{end}", page.read_text())
    if count != 1:
        raise ValueError(f"{page} must have {begin.strip()} and {end.strip()} exactly once.")
    page.write_text(written)

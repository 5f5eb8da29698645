"""Parts of a Markdown page that programs write."""

import re
from pathlib import Path


def write_section(page: Path, name: str, text: str) -> None:
    """Put a text in place of what stands between a page's marks `<!-- name -->` and `<!-- end of name -->`.

    Raises:
        ValueError: the page has no such marks.
    """
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    marked = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    written, count = marked.subn(lambda _: f"{begin}\n{text}\n{end}", page.read_text())
    if count != 1:
        raise ValueError(f"{page} has not once the mark {begin.strip()} with its end: put it where the text is to go.")
    page.write_text(written)

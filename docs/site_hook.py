"""Changes that MkDocs makes to the pages: links to files outside docs/, and the list of decisions."""

# ruff: noqa: INP001  # MkDocs loads the file by its path

import logging
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"\]\(((?:\.\./)+[^)#\s]+)(#[\w-]+)?\)")
_log = logging.getLogger("mkdocs.hooks.site")


def on_config(config: Any) -> Any:
    """Link the repository in the footer, and list the decisions in the navigation."""
    # Not as `repo_url`: with that, the theme asks GitHub's API for stars on every visit.
    config.extra["social"] = [{"icon": "material/source-repository", "link": _repository(), "name": "Source code"}]
    config.nav = _with_decisions(config.nav)
    return config


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Change links to files outside docs/ into links to the repository."""

    def replacement(link: re.Match[str]) -> str:
        target = (Path(page.file.abs_src_path).parent / link[1]).resolve()
        if target.is_relative_to(ROOT / "docs"):
            return link[0]
        if not target.exists():
            _log.warning("%s links to %s, which does not exist.", page.file.src_path, link[1])
        return f"]({_repository()}/blob/main/{target.relative_to(ROOT)}{link[2] or ''})"

    return _LINK.sub(replacement, markdown)


def _repository() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["urls"]["Repository"])


def _with_decisions(entry: Any) -> Any:
    if isinstance(entry, dict):
        return {title: _with_decisions(pages) for title, pages in entry.items()}
    if isinstance(entry, list):
        return [_with_decisions(page) for page in entry]
    if entry != "decisions/README.md":
        return entry
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    return {"Decisions": [entry, *(f"decisions/{record.name}" for record in records)]}

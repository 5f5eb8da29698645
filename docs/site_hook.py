"""What the site does to the pages: links out of docs/, the tables of settings, and the list of decisions."""

# ruff: noqa: INP001  # MkDocs loads the file by its path

import logging
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pulumi_fsx_dr.fsx.aws_settings import documented

ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"\]\(((?:\.\./)+[^)#\s]+)(#[\w-]+)?\)")
_log = logging.getLogger("mkdocs.hooks.site")


def on_config(config: Any) -> Any:
    """Take the repository's address from pyproject.toml, and list the decisions in the navigation."""
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
    config.repo_url = urls["Repository"]
    config.nav = _with_decisions(config.nav)
    return config


def _with_decisions(entry: Any) -> Any:
    if isinstance(entry, dict):
        return {title: _with_decisions(pages) for title, pages in entry.items()}
    if isinstance(entry, list):
        return [_with_decisions(page) for page in entry]
    if entry != "decisions/README.md":
        return entry
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    return {"Decisions": [entry, *(f"decisions/{record.name}" for record in records)]}


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Lead links to files outside docs/ to the repository, and fill in the tables of settings."""

    def outside(link: re.Match[str]) -> str:
        target = (Path(page.file.abs_src_path).parent / link[1]).resolve()
        if target.is_relative_to(ROOT / "docs"):
            return link[0]
        if not target.exists():
            _log.warning("%s links to %s, which is not there.", page.file.src_path, link[1])
        return f"]({config.repo_url}/blob/main/{target.relative_to(ROOT)}{link[2] or ''})"

    for name, rows in (("settings", _settings()), ("aws settings", _aws_settings())):
        markdown = markdown.replace(f"<!-- {name} -->", "\n".join(rows))
    return _LINK.sub(outside, markdown)


def _settings() -> Iterator[str]:
    yield "| Setting | Type | Default | |"
    yield "| :-- | :-- | :-- | :-- |"
    for name, setting in yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"].items():
        default = yaml.safe_dump(setting.get("default"), default_flow_style=True).removesuffix("\n...\n").strip()
        kind = setting.get("type", "number or object")
        yield f"| `{name}` | {kind} | `{default}` | {setting['description'].strip()} |"


def _aws_settings() -> Iterator[str]:
    yield "| Setting | Value | |"
    yield "| :-- | :-- | :-- |"
    for name, value, description in documented():
        yield f"| `{name}` | {value} | {description} |"

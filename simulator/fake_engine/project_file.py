"""Pulumi.yaml and Pulumi.<stack>.yaml, and the configuration a program gets from them."""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from click import ClickException


class ProjectFile:
    """The project of the folder ``root``."""

    def __init__(self, root: Path) -> None:
        self.root, document = root, _read(root / "Pulumi.yaml")
        if not document:
            raise ClickException(f"{root} has no Pulumi.yaml. Run the command in the folder of a project.")
        self.name: str = document["name"]
        self.declared: dict[str, Any] = document.get("config", {})

    def config(self, stack: str) -> dict[str, str]:
        """Return ``{"namespace:key": text}``: the stack's own values over the declared defaults."""
        values = {key: item.get("default", item.get("value")) for key, item in self.declared.items()}
        values = {self._full(key): value for key, value in values.items()} | self._own(stack).get("config", {})
        for key in (key for key, value in values.items() if value is None):
            raise ClickException(
                f"Stack '{stack}' is missing the configuration value '{key}'. Set it with `config set`."
            )
        return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}

    def set(self, stack: str, key: str, value: str, *, path: bool) -> None:
        """Write a value into Pulumi.<stack>.yaml; with ``path``, a key is like ``sources[0].region``."""
        document = self._own(stack)
        first, *rest = re.findall(r"[^.\[\]]+", key) if path else [key]
        keys = ["config", self._full(first), *rest]
        (self.root / f"Pulumi.{stack}.yaml").write_text(
            yaml.safe_dump(_with(document, keys, yaml.safe_load(value) if path else value))
        )

    def _full(self, key: str) -> str:
        return key if ":" in key else f"{self.name}:{key}"

    def _own(self, stack: str) -> dict[str, Any]:
        return _read(self.root / f"Pulumi.{stack}.yaml")


def _read(file: Path) -> dict[str, Any]:
    return (yaml.safe_load(file.read_text()) or {}) if file.exists() else {}


def _with(holder: Any, keys: list[str], value: Any) -> Any:
    if not keys:
        return value
    key, *rest = keys
    if not key.isdigit():
        return (holder or {}) | {key: _with((holder or {}).get(key), rest, value)}
    items, at = list(holder or []), int(key)
    items[at : at + 1] = [_with(items[at] if at < len(items) else None, rest, value)]
    return items

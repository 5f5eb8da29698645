"""Sources of a DrRegion: a file system, a single backup, or a tag selector."""

from collections.abc import Mapping
from typing import Any, TypeAlias

FileSystems: TypeAlias = Mapping[str, Mapping[str, str] | None]
"""The tags of all file systems of a Region, by id; None if FSx does not return the tags."""


def selected_by(source: Mapping[str, Any], file_systems: FileSystems) -> list[str]:
    return sorted(
        name
        for name, tags in file_systems.items()
        if tags is not None and source["tags"].items() <= tags.items() and name not in source.get("exclude", ())
    )


def as_file_system(source: Mapping[str, Any], name: str) -> Any:
    """Return the source for one file system that a tag selector selects."""
    return {"file_system_id": name, **{key: value for key, value in source.items() if key not in ("tags", "exclude")}}


def source_label(source: Mapping[str, Any]) -> str:
    """Return a source as text: its id, or its tags as `dr=yes, tier=1`."""
    if "tags" in source:
        return ", ".join(f"{key}={value}" for key, value in sorted(source["tags"].items()))
    return str(source.get("file_system_id") or source["backup_id"])

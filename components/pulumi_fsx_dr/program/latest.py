"""The newest copy of each file system of a DrRegion."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any


def point_of(copy: Any) -> dict[str, Any]:
    return {
        "id": copy.id,
        "file_system_id": copy.file_system_id,
        "time": copy.source_creation_time,
        "lifecycle": copy.lifecycle,
    }


def latest_of(points: Iterable[Mapping[str, Any]], gone: Collection[str]) -> dict[str, str]:
    """Return the newest copy that can be restored, by file system. The copies in `gone` no longer exist."""
    oldest_first = sorted(points, key=lambda point: point.get("time") or "")
    return {
        point["file_system_id"]: point["id"]
        for point in oldest_first
        if point.get("file_system_id") and point.get("lifecycle") in (None, "AVAILABLE") and point["id"] not in gone
    }

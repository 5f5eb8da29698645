"""Which tags FSx accepts, and which tags of a copy this package may change."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_fsx_dr.fsx.backup import Backup

from .ownership import MAX_TAG_VALUE, OWNERSHIP_TAG

MAX_TAGS = 50  # FSx API, Tags; the ownership tag is one of them
MAX_TAG_KEY = 128  # FSx API, TagKey
_OURS = OWNERSHIP_TAG.partition(":")[0] + ":"
# FSx API, pattern of TagKey and TagValue. Python's `\s` also matches tabs and line breaks, which FSx refuses.
_FORBIDDEN = re.compile(r"[^\w\s.:/=+\-@]|[\x00-\x1f\x85]")


def problems(tags: Mapping[str, Any]) -> list[str]:
    """Return why FSx would refuse these tags. No message repeats a key or value, because either may be secret.

    The caller leaves out the values that Pulumi does not know yet.
    """
    found = list(dict.fromkeys(problem for key, value in tags.items() if (problem := _problem(key, value))))
    if len(tags) >= MAX_TAGS:
        found.append(
            f"Too many tags ({len(tags)}). Use at most {MAX_TAGS - 1}: FSx allows {MAX_TAGS}, and one is the ownership "
            "tag."
        )
    return found


def is_reserved(key: str) -> bool:
    return key.lower().startswith(("aws:", _OURS))


def visible(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not is_reserved(key)}


def live(wanted: Mapping[str, str], actual: Mapping[str, str]) -> dict[str, str]:
    """Return the actual values of the tags that the program sets."""
    return {key: actual[key] for key in wanted if key in actual}


@dataclass(frozen=True, slots=True)
class TagChange:
    """The tags to add to a copy and to remove from it."""

    added: Mapping[str, str]
    removed: frozenset[str]


def change(old: Mapping[str, str], new: Mapping[str, str], actual: Mapping[str, str]) -> TagChange:
    """Return the change from the former tags of the program to the new ones; tags of others stay."""
    return TagChange(
        added={key: value for key, value in new.items() if actual.get(key) != value},
        # Only tags that the program has set before.
        removed=frozenset((old.keys() - new.keys()) & actual.keys()),
    )


def too_many_tags(source: Backup, wanted: object) -> str | None:
    """Return why FSx cannot copy a source backup together with its tags; None if it can."""
    keys = {*visible(source.tags), *(wanted if isinstance(wanted, dict) else ())}
    if len(keys) < MAX_TAGS:
        return None
    return (
        f"{source.id} in {source.region} cannot be copied together with its tags: the copy would have {len(keys) + 1} "
        f"tags, including the ownership tag, and FSx allows {MAX_TAGS}. Set copy_tags to False, or remove tags from "
        "the backup."
    )


def _problem(key: Any, value: Any) -> str | None:
    if not isinstance(key, str):
        return f"A tag key must be a string (got {type(key).__name__})."
    if is_reserved(key):
        # The key is not shown, because it may be a secret.
        return f"A tag key begins with 'aws:' or '{_OURS}'. These prefixes are reserved. Choose another key."
    if not 1 <= len(key) <= MAX_TAG_KEY or _FORBIDDEN.search(key):
        return f"A tag key is not valid. Use 1 to {MAX_TAG_KEY} letters, digits, spaces or _.:/=+-@."
    if not isinstance(value, str):
        return f"A tag value must be a string (got {type(value).__name__})."
    if len(value) > MAX_TAG_VALUE or _FORBIDDEN.search(value):
        return f"A tag value is not valid. Use up to {MAX_TAG_VALUE} letters, digits, spaces or _.:/=+-@."
    return None

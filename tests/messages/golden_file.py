"""The golden file: one section per area, one entry per case."""

import re
from collections.abc import Iterable
from pathlib import Path

GOLDEN_FILE = Path(__file__).parents[1] / "messages.txt"
_HEAD = """\
Messages as users read them. Only this file asserts whole sentences.
Written by: pytest tests/test_messages.py --write-messages
"""
_TITLE = re.compile(r"^== (.+) ==$", re.MULTILINE)
_MADE_UP_IDS = (
    r"backup-[0-9a-f]{17}\b",
    r"fs-[0-9a-f]{17}\b",
    r"fsvol-[0-9a-f]{17}\b",
    r"key/[0-9a-f-]{36}\b",
)


def section(messages: Iterable[tuple[str, str]]) -> str:
    """Return the section of one area."""
    return "\n\n".join(f"{case}\n    {_without_random_parts(text).strip()}" for case, text in messages)


def sections() -> dict[str, str]:
    """Return the content of the file by section title."""
    _, *parts = _TITLE.split(GOLDEN_FILE.read_text() if GOLDEN_FILE.exists() else "")
    return {title: text.strip("\n") for title, text in zip(parts[::2], parts[1::2], strict=True)}


def write(title: str, text: str, titles: Iterable[str]) -> None:
    """Write one section, and remove sections without an area."""
    known = {**sections(), title: text}
    parts = [f"== {each} ==\n\n{known[each]}" for each in titles if each in known]
    GOLDEN_FILE.write_text("\n\n\n".join([_HEAD.rstrip(), *parts]) + "\n")


def _without_random_parts(text: str) -> str:
    """Replace parts that differ between runs; ids of one kind become A, B, and so on."""
    text = re.sub(r"http://127\.0\.0\.1:\d+", "https://SIMULATOR", text)
    text = re.sub(r"\bafter \d+ (?:s|min)\b", "after TIME", text)
    for pattern in _MADE_UP_IDS:
        found = dict.fromkeys(re.findall(pattern, text))
        for letter, id_ in zip("ABCDEFGHIJ", (i for i in found if "0123456789abcdef" not in i), strict=False):
            kind = re.split("[-/]", id_)[0]
            text = text.replace(id_, id_[: len(kind) + 1] + letter)
    return text

"""Suggestions for unknown names."""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches

from .names import camel_case

_WORDS = {"True": "true", "False": "false", "a dict": "an object"}
_TYPES = {"str": "string", "int": "number", "float": "number"}


def refuse_unknown(what: str, names: Iterable[object], known: Collection[str]) -> str | None:
    """Return a message about unknown names that begins with `what` and suggests near names; None if all are known."""
    unknown = sorted({str(name) for name in names} - set(known))
    if not unknown:
        return None
    near = {name: nearest(name, known) for name in unknown}
    if all(near.values()):
        return f"{what} {', '.join(unknown)}. Did you mean {' and '.join(dict.fromkeys(map(str, near.values())))}?"
    return f"{what} {', '.join(unknown)}. Valid names: {', '.join(known)}."


def in_camel_case(sentence: str, names: Iterable[str]) -> str:
    """Return a sentence for configuration and other languages: these names in camelCase, and no Python words."""
    spelled = "|".join(sorted((name for name in names if "_" in name), key=len, reverse=True))
    sentence = re.sub(rf"\b({spelled})\b", lambda name: camel_case(name[0]), sentence)
    sentence = re.sub(rf"\b({'|'.join(_WORDS)})\b", lambda word: _WORDS[word[0]], sentence)
    sentence = re.sub(rf"(?<=\(got )({'|'.join(_TYPES)})(?=\))", lambda kind: _TYPES[kind[0]], sentence)
    return re.sub(r"\{'(\w+)': ", r"{\1: ", sentence)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the most similar known name, or None; camelCase and snake_case count as equal."""
    by_letters = {_letters(each): each for each in known}
    given = _letters(name)
    longer = [each for each in by_letters if given and each.startswith(given)]
    near = longer or get_close_matches(given, by_letters, n=1)
    return by_letters[near[0]] if near else None


def _letters(name: str) -> str:
    return name.rpartition(":")[2].replace("_", "").lower()

"""Clean text from AWS, tags and the environment before it is shown.

Anyone who can tag a backup can write such text. It appears in terminals, pipeline logs and comments, where it could
hide other lines or run workflow commands. Data such as `tags_all` is not changed.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

LIMIT = 500
"""Maximum length of a message in characters."""

WINDOW = 4000
"""Maximum length of a message before cleaning: AWS names the cause earlier, and regular expressions stay fast."""

NAME_LIMIT = 256
"""Maximum length of a name or tag value in characters (FSx API, TagValue)."""

_ELLIPSIS = "…"
_RAW_FOR_EACH_SHOWN = 8  # raw characters for each one in the result, because white space is collapsed
# GitHub reads `::name::` at the start of a line (actions/runner, ActionCommand.TryParseV2), and lines are wrapped at
# white space. ARNs have two colons within a word.
_COMMAND = re.compile(r"(?<![a-zA-Z0-9_:]):{2,}")
# `##[name]` (older GitHub commands), `##vso[` (Azure Pipelines) and `##teamcity[` work anywhere in a line.
_OTHER_COMMAND = re.compile(r"(?<!#)#{2,}(?=[a-zA-Z]{0,20}\[)")
# The Pulumi CLI reads <{%…%}> as a color, and panics if it does not know the color.
_COLOR = re.compile(r"<\{%+")
_MIN_HIDDEN = 4  # characters; shorter values are part of too many words
_MIN_HIDDEN_IN_WORDS = 8


def clean(text: str, limit: int = LIMIT) -> str:
    """Return a text as one line of visible characters, without workflow commands, cut to the limit."""
    raw = text[: limit * _RAW_FOR_EACH_SHOWN]
    line = _COMMAND.sub(":", _one_line(raw))
    line = _COLOR.sub("<{", _OTHER_COMMAND.sub("#", line))
    if len(line) <= limit and len(raw) == len(text):
        return line
    return line[: limit - 1].rstrip() + _ELLIPSIS


def hide(text: str, values: Iterable[str], placeholder: str) -> str:
    """Return a cleaned text with a placeholder for each value, even if a value is encoded or cut off."""
    forms = {form for value in values for form in _forms(value) if len(form) >= _MIN_HIDDEN}
    if not forms:
        return text
    # Longest first. Otherwise, if one value is part of another, the rest of the longer one would stay readable.
    longest_first = sorted(forms, key=len, reverse=True)
    hidden = re.sub("|".join(map(_pattern, longest_first)), lambda _: placeholder, text)
    return _without_beginning_of(longest_first, hidden, placeholder)


def _one_line(text: str) -> str:
    if not text.isprintable():
        text = "".join(each if each.isprintable() else " " if each.isspace() else "" for each in text)
    return " ".join(text.split())


def _forms(value: str) -> Iterator[str]:
    """Yield a value in the encodings of JSON, HTML and URLs: AWS and proxies quote requests in them."""
    plain = _one_line(value)
    yield plain
    yield clean(value, WINDOW)
    for escaped in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        yield _one_line(escaped[1:-1])
    yield _one_line(html.escape(value))
    yield quote(value)
    yield quote_plus(value)


def _pattern(form: str) -> str:
    escaped = re.escape(form)
    return escaped if len(form) >= _MIN_HIDDEN_IN_WORDS else rf"(?<!\w){escaped}(?!\w)"


def _without_beginning_of(forms: Iterable[str], text: str, placeholder: str) -> str:
    """Hide the beginning of a value at the end of a text that was cut off."""
    if not text.endswith(_ELLIPSIS):
        return text
    body = text.removesuffix(_ELLIPSIS)
    shown = max((_overlap(body, form) for form in forms), default=0)
    return body[: len(body) - shown] + placeholder + _ELLIPSIS if shown else text


def _overlap(body: str, form: str) -> int:
    """Return the length of the longest beginning of the form at the end of the body; 0 if it is too short."""
    lengths = range(min(len(form), len(body)), _MIN_HIDDEN - 1, -1)
    return next((length for length in lengths if body.endswith(form[:length])), 0)

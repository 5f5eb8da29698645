"""Cleaning of text from AWS, tags or the environment before it is shown: one short line that is not a command.

Anyone who may tag a backup chooses such text, and it ends in terminals, logs of pipelines and comments. Everything that
shows it uses this module. Values that stay data, such as `tags_all`, are left as they are.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

LIMIT = 500
"""Characters of a message that are shown."""

WINDOW = 4000
"""Characters of a message that are read at all: AWS names the cause well before, and regular expressions stay fast."""

NAME_LIMIT = 256
"""Characters of a name or tag value that are shown (FSx API, TagValue)."""

_ELLIPSIS = "…"
_RAW_FOR_EACH_SHOWN = 8  # how much longer a text may be than what is shown of it, because white space is collapsed
# GitHub reads `::name::` at the start of a line (actions/runner, ActionCommand.TryParseV2), and lines are wrapped at
# white space. ARNs have two colons within a word.
_COMMAND = re.compile(r"(?<![a-zA-Z0-9_:]):{2,}")
# `##[name]` of GitHub's older form, `##vso[` of Azure Pipelines and `##teamcity[` are read anywhere in a line.
_OTHER_COMMAND = re.compile(r"(?<!#)#{2,}(?=[a-zA-Z]{0,20}\[)")
# The Pulumi CLI takes <{%…%}> for a colour, and panics if it does not know it.
_COLOUR = re.compile(r"<\{%+")
_MIN_HIDDEN = 4  # characters; shorter values are part of too many words
_MIN_HIDDEN_IN_WORDS = 8


def clean(text: str, limit: int = LIMIT) -> str:
    """Return a text as one line of visible characters, without commands of pipelines and within the limit."""
    raw = text[: limit * _RAW_FOR_EACH_SHOWN]
    line = _COMMAND.sub(":", _one_line(raw))
    line = _COLOUR.sub("<{", _OTHER_COMMAND.sub("#", line))
    if len(line) <= limit and len(raw) == len(text):
        return line
    return line[: limit - 1].rstrip() + _ELLIPSIS


def hide(text: str, values: Iterable[str], placeholder: str) -> str:
    """Return a cleaned text without the values, even where it encodes them or breaks off within one."""
    forms = {form for value in values for form in _forms(value) if len(form) >= _MIN_HIDDEN}
    if not forms:
        return text
    # Longest first, because a value may be part of another, of which the rest would stay readable.
    longest_first = sorted(forms, key=len, reverse=True)
    hidden = re.sub("|".join(map(_pattern, longest_first)), lambda _: placeholder, text)
    return _without_beginning_of(longest_first, hidden, placeholder)


def _one_line(text: str) -> str:
    if not text.isprintable():
        text = "".join(each if each.isprintable() else " " if each.isspace() else "" for each in text)
    return " ".join(text.split())


def _forms(value: str) -> Iterator[str]:
    """Yield encodings of a value: AWS repeats requests, which are JSON, and proxies answer in HTML."""
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
    """Return how many characters of a form the body ends with; 0 for too few."""
    lengths = range(min(len(form), len(body)), _MIN_HIDDEN - 1, -1)
    return next((length for length in lengths if body.endswith(form[:length])), 0)

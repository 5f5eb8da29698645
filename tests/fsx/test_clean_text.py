"""Cleaned text: one short line without pipeline commands and without secrets."""

import html
import json
import re
import time
import unicodedata
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_fsx_dr.fsx.text import LIMIT, clean, hide

# Parts of attacks, in addition to random characters.
COMMANDS = ["::error::", "::stop-commands::x", "##[", "##vso[", "##teamcity[", "<{%", "<{%x%}>", *":#[%", "::"]
CHARACTERS = [*" \n\r\t\x00\x85\xa0\xad\u2028\u2029\u200b\u202e…\ud800\ufeff\ufe0fé", "\x1b[31m", "word"]
PIECES = st.sampled_from([*COMMANDS, *CHARACTERS, "arn:aws:iam::1234"])
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join)
LIMITS = st.integers(min_value=1, max_value=60)


@given(TEXTS, LIMITS)
def test_clean_is_idempotent_and_within_limit(text: str, limit: int) -> None:
    cleaned = clean(text, limit)

    assert len(cleaned) <= limit
    assert clean(cleaned, limit) == cleaned


@given(TEXTS, LIMITS)
def test_clean_returns_one_visible_line(text: str, limit: int) -> None:
    cleaned = clean(text, limit)

    assert {unicodedata.category(each) for each in cleaned} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()
    assert cleaned == " ".join(cleaned.split())


@given(TEXTS)
def test_clean_removes_pipeline_commands(text: str) -> None:
    cleaned = clean(text)

    # Each word may start a line, possibly after characters that CI systems ignore.
    assert not any(re.match(r"\W*::", word) for word in re.split(r"\s", cleaned))
    assert not re.search(r"##\w*\[|<\{%", cleaned)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("::error::no", ":error::no"),
        ("a\n  ::stop-commands::x", "a :stop-commands::x"),
        ("\u200b::error::", ":error::"),
        ("\ufe0f::error::", "\ufe0f:error::"),
        ("##[error]x", "#[error]x"),
        ("x ##vso[task.complete]", "x #vso[task.complete]"),
        ("<{%bell%}>", "<{bell%}>"),
        ("\x1b]0;title\x07\x1b[31mred", "]0;title[31mred"),
        ("abc\u202ecba", "abccba"),
        ("role arn:aws:iam::111122223333:role/x of arn:aws:s3:::bucket", None),
        ("The key is disabled (100 %): enable it. Größe 日本 #5 [x] a:b", None),
        ("x" * LIMIT, None),
        ("x" * (LIMIT + 1), "x" * (LIMIT - 1) + "…"),
    ],
)
def test_clean_keeps_plain_text(said: str, shown: str | None) -> None:
    assert clean(said) == (said if shown is None else shown)


@pytest.mark.parametrize("piece", [":", "#", "<{%", " ", "\x00", "::a ", "##a", "\n::"])
def test_clean_of_long_text_is_fast(piece: str) -> None:
    text, started = piece * 3_000_000, time.thread_time()

    clean(text, 100_000)

    assert time.thread_time() - started < 3


SECRETS = [
    "hunter22",
    "two  spaces",
    "non\u00a0breaking",
    "\u00a0edges ",
    "Zürich/2 + 3",
    'a"b<c>&d',
    "::start",
    "tab\tbed",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "spelled",
    [
        *(str, json.dumps, html.escape, quote, quote_plus),
        *(lambda s: " ".join(s.split()), lambda s: json.dumps(s, ensure_ascii=False)),
        *(lambda s: f"'{s}'", lambda s: s.replace(" ", "\n")),
    ],
)
def test_hide_replaces_every_spelling_of_value(secret: str, spelled: "type[str]") -> None:
    shown = hide(clean(f"Value {spelled(secret)} is wrong."), [secret, "of"], "[tag value]")

    assert "[tag value]" in shown
    assert not any(word in shown for word in re.split(r"\W+", secret) if len(word) > 3)


def test_hide_replaces_value_at_cut() -> None:
    secret = "0123456789" * 10
    for start in range(LIMIT - 100, LIMIT - 5):
        shown = hide(clean("x" * start + secret), [secret], "[tag value]")

        assert "01234" not in shown


def test_hide_keeps_placeholder() -> None:
    assert hide("hunter22 value", ["hunter22", "value", "tag value"], "[tag value]") == "[tag value] [tag value]"


def test_hide_keeps_short_values_inside_words() -> None:
    assert hide("latest test te", ["test", "te"], "[tag value]") == "latest [tag value] te"

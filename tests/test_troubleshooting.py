"""docs/troubleshooting.md quotes messages that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
MESSAGES = [line.strip() for line in (ROOT / "tests" / "messages.txt").read_text().splitlines()]
OF_OTHERS = "## Messages of Pulumi"


def _quotes() -> Iterator[str]:
    """Yield the beginnings of our messages; `…` in them stands for any text."""
    ours = (ROOT / "docs" / "troubleshooting.md").read_text().partition(OF_OTHERS)[0]
    for quotes in re.findall(r"^- ((?:`[^`]+`(?:, )?)+): ", ours, re.MULTILINE):
        yield from re.findall(r"`([^`]+)`", quotes)


def _exists(quote: str) -> bool:
    pattern = ".+".join(map(re.escape, quote.split("…")))
    return any(re.match(f"(Error: )?{pattern}", message) for message in MESSAGES)


def test_troubleshooting_quotes_messages_that_exist() -> None:
    quotes = list(_quotes())

    assert len(quotes) > 20
    assert [quote for quote in quotes if not _exists(quote)] == []

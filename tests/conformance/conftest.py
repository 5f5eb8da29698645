"""The run on a real account: refused unless the environment asks for it, announced with its cost, and cleaned up."""

import os
from collections.abc import Iterator

import pytest

from tests.conformance.account import Account, Asked, RefusedError
from tests.conformance.notebook import Notebook


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have nothing of this folder run unless it was asked for by name."""
    if "conformance" not in (config.option.markexpr or "").replace("not conformance", ""):
        skipped = pytest.mark.skip(reason="make conformance runs these")
        for item in items:
            if item.get_closest_marker("conformance"):
                item.add_marker(skipped)


@pytest.fixture(scope="session")
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    """Yield the account, and delete what the run made there."""
    try:
        made = Account(Asked.of(os.environ))
        announce = made.cost_class
    except RefusedError as refusal:
        pytest.exit(str(refusal), returncode=2)
    _say(request.config, announce)
    try:
        yield made
    finally:
        left = made.clean_up()
        _say(request.config, f"Left behind: {', '.join(left) or 'nothing'}.")


def _say(config: pytest.Config, line: str) -> None:
    """Print a line at once, although pytest keeps what tests print."""
    plugin = config.pluginmanager.getplugin
    with plugin("capturemanager").global_and_fixture_disabled():
        plugin("terminalreporter").write_line(f"\n{line}")


@pytest.fixture(scope="session")
def notebook(account: Account) -> Iterator[Notebook]:
    """Yield the notebook, and write the page at the end, whatever came of the run."""
    kept = Notebook(account)
    yield kept
    kept.write()

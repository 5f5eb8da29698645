"""The run in a real account: requires variables, announces its cost, and cleans up."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from simulator.fsx.settings import Settings
from simulator.sections import write_section
from tests.conformance.account import Account, Options, RefusedError

Observations = dict[str, object]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip these tests unless `-m conformance` selects them."""
    if "conformance" not in (config.option.markexpr or "").replace("not conformance", ""):
        skipped = pytest.mark.skip(reason="make conformance runs these")
        for item in items:
            if item.get_closest_marker("conformance"):
                item.add_marker(skipped)


@pytest.fixture(scope="session")
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    """Yield the account, and delete the run's copies."""
    try:
        account = Account(Options.of(os.environ))
        cost = account.cost
    except RefusedError as refusal:
        pytest.exit(str(refusal), returncode=2)
    _print(request.config, cost)
    try:
        yield account
    finally:
        left = account.clean_up()
        _print(request.config, f"Not deleted: {', '.join(left) or 'nothing'}.")


def _print(config: pytest.Config, line: str) -> None:
    """Print a line immediately; pytest would print it at the end."""
    plugin = config.pluginmanager.getplugin
    with plugin("capturemanager").global_and_fixture_disabled():
        plugin("terminalreporter").write_line(f"\n{line}")


@pytest.fixture(scope="session")
def observed(account: Account) -> Iterator[Observations]:
    """Yield the observations by behavior, and write them into the page, even after a failure."""
    observed: Observations = {}
    yield observed
    options, file_system = account.options, account.source.get("FileSystem", {})
    who = "AWS" if account.is_aws else "the simulator (`AWS_ENDPOINT_URL` was set)"
    kind = file_system.get("FileSystemType") or "ONTAP (a volume)"
    when, where = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", f"from {options.home} to {options.away}"
    lines = [
        f"Observed on {when}: {who}, source backup of type {kind}, {where}.",
        "",
        "| Behavior | Default of the simulator | Observed |",
        "| :-- | :-- | :-- |",
    ]
    for behavior, value in observed.items():
        shown = f"{value:.1f}" if isinstance(value, float) else value
        lines.append(f"| `{behavior}` | {getattr(Settings(), behavior, 'none')} | {shown} |")
    write_section(options.page, "observed", "\n".join(lines))

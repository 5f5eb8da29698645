"""Options, marks and fixtures for all tests."""

import asyncio
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from hypothesis import settings

from simulator.fsx import Control, FsxService, listening
from tests.sequence_table import Sequences

# The first example of a property also loads modules, so examples have no deadline.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-reliability", action="store_true", help="write tests/faults/results.md again")
    parser.addoption("--write-messages", action="store_true", help="write tests/messages.txt again")
    parser.addoption("--write-line-links", action="store_true", help="correct the line numbers of links to code")
    parser.addoption("--write-languages", action="store_true", help="write docs/languages.md again")
    parser.addoption("--write-reference", action="store_true", help="write the lists in docs/reference/ again")


def pytest_configure(config: pytest.Config) -> None:
    # Shells ignore Ctrl-C in background processes, and processes that tests start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Outputs need an event loop. Pulumi's language host creates one; since Python 3.12 it is not created implicitly.
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(ignore_unread_outputs)
    asyncio.set_event_loop(loop)
    if config.getoption("--write-reliability") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Sequences())


def ignore_unread_outputs(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keep the outputs of failed programs out of the log: asyncio may report them during any later test."""
    if context["message"] != "Future exception was never retrieved":
        loop.default_exception_handler(context)


@pytest.hookimpl(tryfirst=True)  # before -m selects tests by mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run each behavior once by default: smoke tests on the CLI if there is one, all others on the fake engine."""
    has_cli = shutil.which("pulumi") is not None
    for item in items:
        is_smoke = item.get_closest_marker("smoke") is not None
        on_cli = item.get_closest_marker("pulumi_cli") is not None
        if on_cli and not has_cli:
            item.add_marker(pytest.mark.skip(reason="there is no Pulumi CLI on PATH"))
        if (on_cli and not is_smoke) or (has_cli and is_smoke and not on_cli):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def no_former_program() -> None:
    """Forget the configuration and the mocks of former tests."""
    pulumi.runtime.set_all_config({})
    pulumi.runtime.reset_options()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    """Yield a simulator that this process uses instead of AWS."""
    # In a thread, because starting a process takes a second.
    with listening(FsxService()) as url:
        control = Control(url)
        for name, value in control.environment().items():
            monkeypatch.setenv(name, value)
        yield control

"""Fixtures for the results of fault injection."""

from collections.abc import Iterator

import pytest

from tests.faults.reliability import Page


@pytest.fixture(scope="session")
def whole_page() -> Page:
    return Page()


@pytest.fixture
def page(whole_page: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield the results, and write them into tests/faults/results.md with --write-reliability."""
    yield whole_page
    if request.config.getoption("--write-reliability", default=False):
        whole_page.write()

"""Fixtures of the page with the results of fault injection."""

from collections.abc import Iterator

import pytest

from tests.faults.reliability import Page


@pytest.fixture(scope="session")
def whole_page() -> Page:
    return Page()


@pytest.fixture
def page(whole_page: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield the results, which are written into docs/reliability.md if that was asked for."""
    yield whole_page
    if request.config.getoption("--write-reliability", default=False):
        whole_page.write()

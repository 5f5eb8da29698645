"""The page that tells what came of the faults that were played."""

from collections.abc import Iterator

import pytest

from tests.faults.reliability import Page


@pytest.fixture(scope="session")
def whole_page() -> Page:
    return Page()


@pytest.fixture
def page(whole_page: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield what comes to stand in docs/reliability.md, if that was asked for."""
    yield whole_page
    if request.config.getoption("--write-reliability", default=False):
        whole_page.write()

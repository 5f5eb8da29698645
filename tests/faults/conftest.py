"""Where faults are played, and the page that tells what came of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.fsx import running
from tests.faults.playing import Theatre
from tests.faults.reliability import Page


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-reliability", action="store_true", help="write docs/reliability.md anew")


@pytest.fixture(scope="session")
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield what comes to stand in docs/reliability.md, if that was asked for."""
    page = Page()
    yield page
    if request.config.getoption("--write-reliability", default=False):
        page.write()


@pytest.fixture
def theatre(tmp_path: Path) -> Iterator[Theatre]:
    with running(copy_seconds=2) as aws:
        yield Theatre.built(aws, tmp_path)


@pytest.fixture
def theatres(theatre: Theatre, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Theatre, Theatre]]:
    """Yield two, since there are more faults than Regions."""
    with running(copy_seconds=2) as aws:
        yield theatre, Theatre.built(aws, tmp_path_factory.mktemp("second"))

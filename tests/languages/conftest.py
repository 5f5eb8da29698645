"""The simulator with the resources of the examples, and a checkout."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.fsx import Control, running

from .examples import copy_repository, seed
from .page import Recorder


@pytest.fixture
def aws() -> Iterator[Control]:
    with running(copy_seconds=0.5) as control:
        seed(control)
        yield control


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout; the CLI creates a virtual environment in its plugin folder."""
    return copy_repository(tmp_path_factory.mktemp("repository"))


@pytest.fixture
def recorder(request: pytest.FixtureRequest) -> Recorder:
    return Recorder(writes=bool(request.config.getoption("--write-languages")))

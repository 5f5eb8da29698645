"""The simulator with what the examples name, and a checkout."""

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
    """A checkout, in whose plugin folder the CLI makes a virtual environment."""
    return copy_repository(tmp_path_factory.mktemp("repository"))


@pytest.fixture
def recorder(request: pytest.FixtureRequest) -> Recorder:
    return Recorder(writes=bool(request.config.getoption("--write-languages")))

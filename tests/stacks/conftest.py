"""Fixtures for the tests of whole stacks."""

import pytest

from tests.provider.conftest import no_aws_settings, own_process
from tests.stacks.oracle import Simulation

__all__ = ["no_aws_settings", "own_process"]


@pytest.fixture
def sim() -> Simulation:
    """Return a simulation in which the first file system has two backups."""
    sim = Simulation()
    for _ in range(2):
        sim.new_backup(0)
    return sim

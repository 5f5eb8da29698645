"""What holds for all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from rehearsal.fsx import Control, running

# The first example of a property also pays for what is loaded once, so an example has no deadline.
settings.register_profile("specification", deadline=None)
settings.load_profile("specification")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    """Yield a stand-in for AWS that this process uses in its place."""
    with running() as control:
        for name, value in control.environment().items():
            monkeypatch.setenv(name, value)
        yield control

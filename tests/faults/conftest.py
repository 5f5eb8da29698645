"""Where faults are played."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.fsx import running
from tests.faults.playing import Theatre


@pytest.fixture
def theatre(tmp_path: Path) -> Iterator[Theatre]:
    with running(copy_seconds=2) as aws:
        yield Theatre.built(aws, tmp_path)

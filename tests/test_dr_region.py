"""What a DrRegion tells its program."""

from typing import Any

import pytest
from pulumi_fsx_dr import DrRegion
from pulumi_fsx_dr.errors import InvalidSettingsError

from rehearsal.fsx.fixtures import AWAY
from tests.recording import RecordingEngine


@pytest.mark.parametrize("args", [{"region": AWAY}, {"region": AWAY, "sources": "fs-0123456789abcdef0"}])
def test_sources_that_are_no_list_are_refused_in_a_sentence(args: Any) -> None:
    with pytest.raises(InvalidSettingsError, match="DrRegion dr needs its sources as a list, which may be empty"):
        RecordingEngine().run(lambda: DrRegion("dr", args))

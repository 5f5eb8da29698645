"""The engines that faults and interruptions are played on."""

from typing import Any

import pytest

from tests.end_to_end.engines import HAS_CLI
from tests.faults.on_the_cli import CliTheatre, NativeTheatre
from tests.faults.on_the_host import HostTheatre
from tests.faults.playing import Theatre

ENGINES: tuple[type[Theatre], ...] = (CliTheatre, HostTheatre, NativeTheatre)
_NEEDS_CLI = [pytest.mark.pulumi_cli, pytest.mark.skipif(not HAS_CLI, reason="there is no Pulumi CLI on PATH")]


def on(kind: type[Theatre], *args: Any, name: str = "", slow: bool = False) -> Any:
    """Return the parameters of a test that is played on an engine."""
    marks = [*(_NEEDS_CLI if issubclass(kind, CliTheatre) else []), *([pytest.mark.slow] if slow else [])]
    return pytest.param(kind, *args, id=f"{kind.engine}-{name}".rstrip("-"), marks=marks)

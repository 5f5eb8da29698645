"""The engines that faults and interruptions are played on."""

from typing import Any

import pytest

from tests.faults.on_the_cli import CliTheatre, NativeTheatre
from tests.faults.on_the_host import HostTheatre
from tests.faults.playing import Theatre

ENGINES: tuple[type[Theatre], ...] = (CliTheatre, HostTheatre, NativeTheatre)


def on(kind: type[Theatre], *args: Any, name: str = "", slow: bool = False) -> Any:
    """Return the parameters of a test that is played on an engine."""
    marks = [*([pytest.mark.pulumi_cli] if issubclass(kind, CliTheatre) else []), *([pytest.mark.slow] if slow else [])]
    return pytest.param(kind, *args, id=f"{kind.engine}-{name}".rstrip("-"), marks=marks)

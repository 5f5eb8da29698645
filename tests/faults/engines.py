"""The engines that run the matrices."""

from typing import Any

import pytest

from tests.faults.cli_harness import CliHarness, NativeHarness
from tests.faults.harness import Harness
from tests.faults.host_harness import HostHarness

ENGINES: tuple[type[Harness], ...] = (CliHarness, HostHarness, NativeHarness)


def on(kind: type[Harness], *args: Any, name: str = "", slow: bool = False) -> Any:
    """Return the parameters of a test on an engine."""
    marks = [*([pytest.mark.pulumi_cli] if issubclass(kind, CliHarness) else []), *([pytest.mark.slow] if slow else [])]
    return pytest.param(kind, *args, id=f"{kind.engine}-{name}".rstrip("-"), marks=marks)

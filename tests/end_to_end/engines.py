"""The engines that scenarios run on."""

import shutil

import pytest

from rehearsal.engine import DOUBLE

HAS_CLI = shutil.which("pulumi") is not None
CLI = pytest.param(
    ["pulumi"],
    id="pulumi",
    marks=[pytest.mark.pulumi_cli, pytest.mark.skipif(not HAS_CLI, reason="there is no Pulumi CLI on PATH")],
)
ENGINES = [
    CLI,
    # Where there is the real engine, the double is left to those who ask for the slow tests.
    pytest.param(DOUBLE, id="double", marks=[pytest.mark.slow] if HAS_CLI else []),
]

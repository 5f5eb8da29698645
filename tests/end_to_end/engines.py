"""The engines that scenarios run on."""

import shutil

import pytest

from rehearsal.engine import DOUBLE

HAS_CLI = shutil.which("pulumi") is not None
_NEEDS_CLI = [pytest.mark.pulumi_cli, pytest.mark.skipif(not HAS_CLI, reason="there is no Pulumi CLI on PATH")]
CLI = pytest.param(["pulumi"], id="pulumi", marks=_NEEDS_CLI)
NATIVE = pytest.param("native", id="native", marks=_NEEDS_CLI)  # copies of the plugin, on the CLI
ENGINES = [
    CLI,
    # Where there is the real engine, the double is left to those who ask for the slow tests.
    pytest.param(DOUBLE, id="double", marks=[pytest.mark.slow] if HAS_CLI else []),
]
ON_BOTH_HOSTS = pytest.mark.parametrize("project", [*ENGINES, NATIVE], indirect=True)

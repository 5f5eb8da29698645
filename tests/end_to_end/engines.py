"""Engines of the scenarios: the fake engine by default, and also the CLI with `-m "slow or not slow"`."""

import pytest

from simulator.fake_engine import FAKE_ENGINE

CLI = pytest.param(["pulumi"], id="pulumi", marks=pytest.mark.pulumi_cli)
NATIVE = pytest.param("native", id="native", marks=pytest.mark.pulumi_cli)  # copies of the plugin, on the CLI
ENGINES = [pytest.param(FAKE_ENGINE, id="fake-engine"), CLI]
ON_BOTH_HOSTS = pytest.mark.parametrize("project", [*ENGINES, NATIVE], indirect=True)

"""The engines that scenarios run on: by default the fake engine, and with `-m "slow or not slow"` the CLI, too."""

import pytest

from simulator.fake_engine import FAKE_ENGINE

CLI = pytest.param(["pulumi"], id="pulumi", marks=pytest.mark.pulumi_cli)
NATIVE = pytest.param("native", id="native", marks=pytest.mark.pulumi_cli)  # copies of the plugin, on the CLI
ENGINES = [pytest.param(FAKE_ENGINE, id="fake-engine"), CLI]
ON_BOTH_HOSTS = pytest.mark.parametrize("project", [*ENGINES, NATIVE], indirect=True)

"""What the specifications of the plugin start from: those of the provider, on this host."""

import pytest

from tests.provider.conftest import key, no_aws_settings, own_process, service, source, wire
from tests.provider.deploying import Wire
from tests.provider.plugin_stack import PluginStack

__all__ = ["key", "no_aws_settings", "own_process", "service", "source", "wire"]


@pytest.fixture
def stack(wire: Wire) -> PluginStack:
    """Return an empty stack."""
    return PluginStack(wire)

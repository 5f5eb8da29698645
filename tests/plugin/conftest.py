"""What the specifications of the plugin start from: those of the provider, on this host."""

import pytest

from tests.engine.plugin_stack import PluginStack
from tests.engine.wire import Wire
from tests.provider.conftest import key, no_aws_settings, own_process, service, source, wire

__all__ = ["key", "no_aws_settings", "own_process", "service", "source", "wire"]


@pytest.fixture
def stack(wire: Wire) -> PluginStack:
    """Return an empty stack."""
    return PluginStack(wire)

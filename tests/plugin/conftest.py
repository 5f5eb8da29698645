"""Fixtures of the provider tests, with a stack on the plugin."""

import pytest

from tests.engine.plugin_stack import PluginStack
from tests.engine.wire import Wire
from tests.provider.conftest import key, no_aws_settings, own_process, service, source, wire

__all__ = ["key", "no_aws_settings", "own_process", "service", "source", "wire"]


@pytest.fixture
def stack(wire: Wire) -> PluginStack:
    return PluginStack(wire)

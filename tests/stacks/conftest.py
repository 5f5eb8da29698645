"""Fixtures for the tests of whole stacks."""

from tests.provider.conftest import no_aws_settings, own_process

__all__ = ["no_aws_settings", "own_process"]

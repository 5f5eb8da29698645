"""Fixtures for the tests of fsx/."""

from tests.provider.conftest import no_aws_settings

__all__ = ["no_aws_settings"]

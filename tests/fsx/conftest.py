"""What the tests of fsx/ start from."""

from tests.provider.conftest import no_aws_settings

__all__ = ["no_aws_settings"]

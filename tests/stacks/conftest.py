"""What every specification of whole stacks starts from."""

from tests.provider.conftest import no_aws_settings, own_process

__all__ = ["no_aws_settings", "own_process"]

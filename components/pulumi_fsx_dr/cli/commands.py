"""All commands together, and how they end."""

from typing import Any

import click

from pulumi_fsx_dr.errors import FsxDrError
from pulumi_fsx_dr.fsx.text import clean

from .check import check
from .coverage import coverage
from .doctor import doctor
from .orphans import orphans
from .policy import policy
from .report import report
from .watch import watch

_LONGEST = 4000  # characters of an error, which may name many resources
_INTERRUPTED = 130  # what shells make of Ctrl-C


class _Failure(click.ClickException):
    exit_code = 2


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FsxDrError as error:
            raise _Failure(clean(str(error), _LONGEST)) from None
        except KeyboardInterrupt:
            ctx.exit(_INTERRUPTED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="pulumi-fsx-dr")
def fsx_dr() -> None:
    """Inspect FSx backup copies that Pulumi manages.

    AWS credentials and endpoints come the ordinary ways: environment, profile, instance role.

    Exit codes: 0 success, 1 findings, 2 error.
    """


for _command in (doctor, report, watch, coverage, orphans, policy, check):
    fsx_dr.add_command(_command)

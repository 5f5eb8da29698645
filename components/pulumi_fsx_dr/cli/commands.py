"""All commands, and their exit codes."""

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

_LONGEST = 4000  # characters of an error, which may list many resources
_INTERRUPTED = 130  # the exit code that shells use for Ctrl-C


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

    The commands find AWS credentials like the AWS CLI: in the environment, a profile or an instance role.

    Exit codes: 0 success, 1 findings, 2 error. Each command lists its own.
    """


for _command in (doctor, report, watch, coverage, orphans, policy, check):
    fsx_dr.add_command(_command)

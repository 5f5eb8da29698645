"""The clock and the AWS clients of the commands."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.cloudwatch import CloudWatch
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.fsx.diagnostics import RegionDiagnostics
from pulumi_fsx_dr.runtime.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class CliContext:
    """The clock and the AWS clients of a command."""

    clock: Clock = field(default_factory=SystemClock)
    # Impatient, because a Region that is unreachable must not delay the answers of the other Regions by minutes.
    region: Callable[[str], FsxRegion] = lambda name: FsxRegion(name, Credentials(), impatient=True)
    examined: Callable[[str, Credentials], RegionDiagnostics] = lambda name, credentials: RegionDiagnostics(
        name, credentials, impatient=True
    )
    cloudwatch: Callable[[str], CloudWatch] = lambda name: CloudWatch(name, Credentials())

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), UTC)


def unique(names: Iterable[str]) -> list[str]:
    """Return the names without repetitions, in order."""
    return list(dict.fromkeys(names))

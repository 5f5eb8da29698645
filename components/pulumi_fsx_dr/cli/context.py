"""The clock and the AWS clients of the commands."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.cloudwatch import CloudWatch
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.fsx.diagnostics import RegionDiagnostics
from pulumi_fsx_dr.runtime.clock import Clock, SystemClock


def _region(name: str) -> FsxRegion:
    # Impatient, because a Region that is unreachable must not delay the answers of the other Regions by minutes.
    return FsxRegion(name, Credentials(), impatient=True)


def _examined(name: str, credentials: Credentials) -> RegionDiagnostics:
    return RegionDiagnostics(name, credentials, impatient=True)


def _cloudwatch(name: str) -> CloudWatch:
    return CloudWatch(name, Credentials())


@dataclass(frozen=True, slots=True)
class CliContext:
    """The clock and the AWS clients of a command."""

    clock: Clock = field(default_factory=SystemClock)
    region: Callable[[str], FsxRegion] = _region
    examined: Callable[[str, Credentials], RegionDiagnostics] = _examined
    cloudwatch: Callable[[str], CloudWatch] = _cloudwatch

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.fromtimestamp(self.clock.now(), UTC)


def unique(names: Iterable[str]) -> list[str]:
    """Return the names without repetitions, in order."""
    return list(dict.fromkeys(names))

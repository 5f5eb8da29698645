"""An FSx service for rehearsals: all Regions behind one endpoint, with faults on demand."""

from rehearsal.fsx.clock import Clock, ManualClock, SystemClock
from rehearsal.fsx.control import Control, running
from rehearsal.fsx.local import in_process
from rehearsal.fsx.server import listening
from rehearsal.fsx.service import FsxService
from rehearsal.fsx.stage import Stage

__all__ = [
    "Clock",
    "Control",
    "FsxService",
    "ManualClock",
    "Stage",
    "SystemClock",
    "in_process",
    "listening",
    "running",
]

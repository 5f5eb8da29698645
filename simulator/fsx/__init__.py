"""A simulator of the FSx API: all Regions at one endpoint, with KMS, STS and IAM, and with injected faults."""

from simulator.fsx.base_control import BaseControl
from simulator.fsx.clock import Clock, ManualClock, SystemClock
from simulator.fsx.control import Control, running
from simulator.fsx.local import in_process
from simulator.fsx.server import listening
from simulator.fsx.service import FsxService

__all__ = [
    "BaseControl",
    "Clock",
    "Control",
    "FsxService",
    "ManualClock",
    "SystemClock",
    "in_process",
    "listening",
    "running",
]

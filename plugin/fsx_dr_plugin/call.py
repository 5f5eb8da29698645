"""A call for one native BackupCopy, as the core sees it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi_fsx_dr.engine.grpc_call import EngineCall
from pulumi_fsx_dr.program.secret_outputs import outputs_that_say

from .names import spoken
from .values import Properties


@dataclass(slots=True)
class NativeCall(EngineCall):
    """A call that this plugin serves.

    Attributes:
        inputs: its arguments; what is secret of them is secret in the answer.
        ending: set once the user cancels the deployment.
    """

    inputs: Properties = field(default_factory=Properties)
    ending: threading.Event = field(default_factory=threading.Event)

    @property
    def is_deployment_cancelled(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self.ending.is_set()

    def status(self, message: str, seconds: float = 2) -> None:
        """Show a passing message in the resource's own row."""
        EngineCall.status(self, spoken(message), seconds=seconds)

    def warn(self, message: str) -> None:
        """Leave a lasting warning under the resource."""
        EngineCall.warn(self, spoken(message))

    def save_partially(self, backup_id: str, outputs: Mapping[str, Any], reason: str) -> None:
        """Have the engine keep a copy although its create or update fails."""
        self.fail_partially(backup_id, self.sent(outputs), spoken(reason))

    def sent(self, outputs: Mapping[str, Any]) -> Struct:
        """Return outputs as they go into the state."""
        return self.inputs.sent(outputs, outputs_that_say(self.inputs.secrets))

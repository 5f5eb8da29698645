"""A call of the engine for one BackupCopy."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi_fsx_dr.engine.grpc_call import EngineCall
from pulumi_fsx_dr.program.secret_outputs import outputs_repeating

from .names import for_all_languages
from .values import Properties


@dataclass(slots=True)
class NativeCall(EngineCall):
    """A call of the engine to this plugin. `ending` is set when the user cancels the deployment."""

    inputs: Properties = field(default_factory=Properties)
    ending: threading.Event = field(default_factory=threading.Event)

    @property
    def is_deployment_cancelled(self) -> bool:
        return self.ending.is_set()

    def status(self, message: str, seconds: float = 2) -> None:
        EngineCall.status(self, for_all_languages(message), seconds=seconds)

    def warn(self, message: str) -> None:
        EngineCall.warn(self, for_all_languages(message))

    def save_partially(self, backup_id: str, outputs: Mapping[str, Any], reason: str) -> None:
        """Write a copy into the state although its create or update failed."""
        self.fail_partially(backup_id, self.sent(outputs), for_all_languages(reason))

    def sent(self, outputs: Mapping[str, Any]) -> Struct:
        return self.inputs.sent(outputs, outputs_repeating(self.inputs.secrets))

"""Calls from the provider to the simulator in this process; a run can be killed at each call."""

import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal

import pytest
from botocore.config import Config
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.runtime import region
from pulumi_fsx_dr.runtime.copy_order import QueuedCopy
from pulumi_fsx_dr.runtime.copy_queue import CopyQueue, SlotRequest
from pulumi_fsx_dr.runtime.poller import Poller, PollResult, Watch

from simulator.fsx import Clock, FsxService, ManualClock, in_process
from simulator.fsx.calls import Answer, Request, action_of, object_in, signed_scope
from simulator.fsx.fixtures import AWAY, new_session

When = Literal["before", "after"]
_ONE_TRY = Config(retries={"total_max_attempts": 1})  # botocore would wait in real time before a retry


class SharedClock(ManualClock):
    """A manual clock that yields to other threads while one sleeps."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        time.sleep(0.0003)


class _StepPoller(Poller):
    """Polls only in a thread that waits, once for each wait, so that the clock does not outrun this thread."""

    def watch(self, backup_id: str, on_result: Callable[[PollResult], None] | None = None) -> Watch:
        watch = _StepWatch(backup_id, on_result, poller=self)
        self._watches.add(watch)
        return watch

    def step(self) -> None:
        self._clock.sleep(self._poll_seconds)
        self._poll()


@dataclass(slots=True, eq=False, kw_only=True)
class _StepWatch(Watch):
    poller: _StepPoller

    def next_result(self, seconds: float) -> PollResult:  # noqa: ARG002  # the poll comes first
        self.poller.step()
        return self.result


class _StepQueue(CopyQueue):
    """Grants the first slots before a create waits, so that this wait does not move the clock."""

    def slot(self, copy: QueuedCopy) -> SlotRequest:
        slot = super().slot(copy)
        assert self._gathering
        self._gathering.join()
        return slot


def poll_only_while_waiting(patch: pytest.MonkeyPatch) -> None:
    """Let new runs, with one create at a time, poll without another thread.

    While a busy machine does not run the thread of the create, that thread would move the clock by minutes or hours.
    """
    patch.setattr(region, "Poller", _StepPoller)
    patch.setattr(region, "CopyQueue", _StepQueue)
    patch.setattr(SlotRequest, "wait", lambda slot, seconds: slot._queue._poller.step())  # noqa: ARG005, SLF001  # as above


class Killed(BaseException):
    """The provider process was killed during a call."""


class _Clients:
    """A session and its clients. Making them takes most of a short test, so wires use the same ones in turn."""

    unused: ClassVar[list["_Clients"]] = []

    def __init__(self) -> None:
        self._session = new_session()
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self.wire: Callable[[], Wire | None] = lambda: None
        in_process(self._session, self)  # type: ignore[arg-type]  # in_process needs only `answer` and `clock`

    @classmethod
    def of(cls, wire: "Wire") -> "_Clients":
        """Return clients that call this wire until it is deleted."""
        clients = cls.unused.pop() if cls.unused else cls()
        clients.wire = weakref.ref(wire)
        weakref.finalize(wire, cls.unused.append, clients)
        return clients

    @property
    def clock(self) -> Clock:
        return self._wire.clock

    def answer(self, request: Request) -> Answer:
        return self._wire.answer(request)

    def client(self, service: str, region: str) -> Any:
        make: Any = self._session.client
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = make(service, region_name=region, config=_ONE_TRY)
            return self._clients[service, region]

    @property
    def _wire(self) -> "Wire":
        wire = self.wire()
        assert wire
        return wire


class Wire:
    """Passes calls to the service, and runs callbacks just before or after them.

    Attributes:
        at_call: callbacks for the next call of an action; each runs once.
        deleting: called with Region and id before each DeleteBackup.
    """

    def __init__(self, service: FsxService) -> None:
        self.service = service
        self.clock = service.clock
        self.at_call: dict[tuple[str, When], Callable[[], object]] = {}
        self.deleting: Callable[[str, str], object] = lambda _region, _id: None
        self._clients = _Clients.of(self)

    def client(self, service: str, region: str) -> Any:
        return self._clients.client(service, region)

    def answer(self, request: Request) -> Answer:
        action = action_of(request)
        if action == "DeleteBackup":
            self.deleting(signed_scope(request)[1], str((object_in(request.body) or {})["BackupId"]))
        self._happens(action, "before")
        answer = self.service.answer(request)
        self._happens(action, "after")
        return answer

    def after_calls(self, count: int, action: str, when: When, happens: Callable[[], object]) -> None:
        """Run a callback at a later call of an action, after `count` other calls."""
        then = (lambda: self.after_calls(count - 1, action, when, happens)) if count else happens
        self.at_call[action, when] = then

    def _happens(self, action: str, when: When) -> None:
        if happens := self.at_call.pop((action, when), None):
            happens()


@cache
def key_named(name: str) -> str:
    """Return the ARN of a KMS key in `AWAY` with the alias `alias/NAME`.

    Creating a key in moto is slow, and keys exist until the process ends, so all tests share it.
    """
    wire = Wire(FsxService())
    kms = wire.client("kms", AWAY)
    arn: str = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=arn)
    return arn


class WiredRegion(FsxRegion):
    """A Region behind a `Wire`."""

    def __init__(self, name: str, wire: Wire) -> None:
        super().__init__(name, Credentials())
        self._wire = wire

    def _client(self, service: str) -> Any:
        return self._wire.client(service, self.name)

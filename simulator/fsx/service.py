"""The simulator: all Regions of FSx at one endpoint, with KMS, STS and IAM."""

from typing import Any

from simulator.fsx import moto, policy_simulator, wire
from simulator.fsx.authorizing import authorize
from simulator.fsx.base_control import BaseControl, run_action
from simulator.fsx.calls import Answer, Call, Request, action_of, object_in, signed_scope
from simulator.fsx.clock import Clock, SystemClock
from simulator.fsx.errors import FsxError
from simulator.fsx.faults import Fault, take_fault
from simulator.fsx.records import Entry
from simulator.fsx.state import State


class NoAnswerError(Exception):
    """The caller gets no answer, because of `fault`."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"No answer because of fault {fault.number} ({fault.kind}).")
        self.fault = fault


class FsxService(BaseControl):
    """A simulator with its own clock and with `settings.Settings`."""

    def __init__(self, clock: Clock | None = None, **settings: Any) -> None:
        self._state = State(clock or SystemClock())
        self._state.configure(settings)

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        return self._state.clock

    def answer(self, request: Request) -> Answer:
        """Answer one request to any service of any Region.

        Raises:
            NoAnswerError: If a fault prevents the answer.
        """
        call = _call(request)
        entry, fault = self._record(call)
        kind = fault.kind if fault else None
        if fault and kind in {"refuse", "hang"}:
            raise NoAnswerError(fault)
        try:
            if fault and kind not in {"lost", "malformed"}:
                raise fault.error(call)
            answer = self._perform(call, request, entry)
        except FsxError as error:
            entry["error"] = error.code
            answer = wire.error_answer(error, call.service)
        if fault and kind == "lost":
            raise NoAnswerError(fault)
        return wire.cut_in_half(answer) if kind == "malformed" else answer

    def run(self, name: str, args: Any, kwargs: Any) -> Any:
        """Run an action of the control; see `base_control.run_action`."""
        return run_action(self._state, name, args, kwargs)

    def _record(self, call: Call) -> tuple[Entry, Fault | None]:
        """Add the call to the journal, and return its entry and the fault that affects it."""
        with self._state.lock:
            now = self._state.clock.now()
            fault = take_fault(self._state.faults, call, now)
            entry: Entry = {
                "time": now,
                "service": call.service,
                "region": call.region,
                "action": call.action,
                "token": call.parameters.get("ClientRequestToken"),
                "ids": call.ids,
                "made": None,
                "error": fault.kind if fault else None,
                "access_key": call.access_key,
                "parameters": call.parameters,
            }
            self._state.journal.append(entry)
        return entry, fault

    def _perform(self, call: Call, request: Request, entry: Entry) -> Answer:
        if not wire.is_fsx(request):
            authorize(self._state, call)
            if call.action == policy_simulator.ACTION:
                return policy_simulator.simulate(self._state, call, request)
            return moto.answer(request)
        if not call.region:
            raise FsxError("MissingAuthenticationTokenException", "The request is not signed.")
        body = wire.perform(self._state, call)
        if call.action == "CopyBackup":
            entry["made"] = body["Backup"]["BackupId"]
        return wire.success(body)


def _call(request: Request) -> Call:
    access_key, region, service = signed_scope(request)
    return Call(region, service, action_of(request), access_key, moto.account_of(access_key), object_in(request.body))

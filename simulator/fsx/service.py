"""The FSx service: every Region of one endpoint, and KMS and STS beside it."""

from typing import Any

from simulator.fsx import moto, simulating, wire
from simulator.fsx.authorizing import authorize
from simulator.fsx.base_control import BaseControl, run_action
from simulator.fsx.calls import Answer, Call, Request, action_of, object_in, signed_scope
from simulator.fsx.clock import Clock, SystemClock
from simulator.fsx.errors import FsxError
from simulator.fsx.faults import Fault
from simulator.fsx.journal import Entry
from simulator.fsx.records import Description
from simulator.fsx.service_state import ServiceState


class NoAnswerError(Exception):
    """The caller is to get no answer, because of `fault`."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"Fault {fault.number} ({fault.kind}) leaves the call without an answer.")
        self.fault = fault


class FsxService(BaseControl):
    """A service whose backups and copies move with `clock`.

    Args:
        clock: where the time comes from.
        **settings: changes to `settings.Settings`.
    """

    def __init__(self, clock: Clock | None = None, **settings: Any) -> None:
        self._world = ServiceState(clock or SystemClock())
        self._world.configure(settings)

    @property
    def clock(self) -> Clock:
        """Return where the time comes from."""
        return self._world.clock

    def answer(self, request: Request) -> Answer:
        """Answer one request to any service of any Region.

        Raises:
            NoAnswerError: a fault keeps the answer from the caller.
        """
        call = _call(request)
        entry, fault = self._begin(call)
        if fault and fault.kind in {"refuse", "hang"}:
            raise NoAnswerError(fault)
        try:
            if fault and fault.kind not in {"lost", "malformed"}:
                raise fault.error(call)
            answer = self._work(call, request, entry)
        except FsxError as error:
            entry["error"] = error.code
            answer = wire.refusal(error, service=call.service)
        return _spoilt(answer, fault)

    def run(self, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Run an action by name, for whoever controls the service from outside; see `base_control.run_action`."""
        return run_action(self._world, name, args, kwargs)

    def _run(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return run_action(self._world, name, args, kwargs)

    def _begin(self, call: Call) -> tuple[Entry, Fault | None]:
        with self._world.lock:
            now = self._world.clock.now()
            fault = self._world.faults.take(call, now)
            entry = _entry(call, now, fault)
            self._world.journal.entries.append(entry)
        return entry, fault

    def _work(self, call: Call, request: Request, entry: Entry) -> Answer:
        if not wire.is_fsx(request):
            authorize(self._world, call)
            if call.action == simulating.ACTION:
                return simulating.simulate(self._world, call, request)
            return moto.answer(request)
        if not call.region:
            raise FsxError("MissingAuthenticationTokenException", "The request is not signed.")
        body = wire.perform(self._world, call)
        entry["made"] = _made(call, body)
        return wire.success(body)


def _spoilt(answer: Answer, fault: Fault | None) -> Answer:
    if fault and fault.kind == "lost":
        raise NoAnswerError(fault)
    return wire.half(answer) if fault and fault.kind == "malformed" else answer


def _call(request: Request) -> Call:
    access_key, region, service = signed_scope(request)
    return Call(region, service, action_of(request), access_key, moto.account_of(access_key), object_in(request.body))


def _entry(call: Call, now: float, fault: Fault | None) -> Entry:
    return {
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


def _made(call: Call, body: Description) -> str | None:
    if call.action in {"CopyBackup", "CreateBackup"}:
        return str(body["Backup"]["BackupId"])
    return str(body["FileSystem"]["FileSystemId"]) if call.action == "CreateFileSystemFromBackup" else None

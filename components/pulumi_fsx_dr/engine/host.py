"""Read the current call from the stack frames of Pulumi's Python plugin host; no other module does.

The host does not pass URN, timeout and engine to the methods of a provider, but the calling frame has all three.
Without that frame, for example in a unit test, the `Call` has no URN, cannot be cancelled and shows no messages.
"""

import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any, ParamSpec, TypeVar

from google.protobuf import struct_pb2
from pulumi.runtime.proto import engine_pb2_grpc

from pulumi_fsx_dr.errors import FsxDrError
from pulumi_fsx_dr.runtime.call import Call

from .grpc_call import EngineCall, end_with_the_engine, engine_at

PROVIDER_KEY = "__provider"  # pulumi.dynamic: the property with the pickled provider

_CALLS = frozenset({"Check", "Diff", "Create", "Read", "Update", "Delete"})
_POOL_SIZE = 1024  # more concurrent calls than the engine makes; threads start only when needed
_POOL_INTERNALS = ("_max_workers", "_work_queue", "_adjust_thread_count")  # of ThreadPoolExecutor
_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(slots=True)
class HostCall(EngineCall):
    """A call in the plugin host; `pickle` is the pickled provider from the state."""

    pickle: str = ""

    def save_partially(self, backup_id: str, outputs: Mapping[str, Any], reason: str) -> None:
        """Have the engine save id and outputs in the state, although the call fails afterwards (partial failure)."""
        # The host loads the provider from the outputs of the resource, so a later update or delete needs it there.
        self.fail_partially(backup_id, _struct({**outputs, PROVIDER_KEY: self.pickle}), reason)

    def show_without_traceback(self, message: str) -> None:
        """Have the host's `abort` show a message instead of a traceback."""
        abort = self.context.abort
        self.context.abort = lambda code, _traceback: abort(code, message)


def current_call() -> Call:
    """Return the current call from the frame of the host; an empty `Call` without that frame."""
    # `issubset`, because from Python 3.13 on, f_locals is a proxy with a list of keys instead of a set.
    frame = _frame(lambda f: f.f_code.co_name in _CALLS and {"request", "context"}.issubset(f.f_locals))
    if frame is None:
        return Call()
    request = frame.f_locals["request"]
    # The host has the properties in `news` if there are old ones, too, otherwise in `props`. Both contain the provider.
    sent = (frame.f_locals[name] for name in ("news", "props") if name in frame.f_locals)
    properties: Mapping[str, Any] = next(sent, {})
    return HostCall(
        urn=str(getattr(request, "urn", "")),
        timeout=float(getattr(request, "timeout", 0) or 0),
        preview=bool(getattr(request, "preview", False)),
        context=frame.f_locals["context"],
        engine=_engine(),
        pickle=properties.get(PROVIDER_KEY, ""),
    )


def entry_point(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Decorate a provider method: errors are shown without traceback, and `SystemExit` does not hang the engine."""

    @functools.wraps(method)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return method(*args, **kwargs)
        except FsxDrError as error:
            call = current_call()
            if isinstance(call, HostCall):
                call.show_without_traceback(str(error))
            raise error.with_traceback(None) from None
        except (SystemExit, KeyboardInterrupt) as error:
            raise FsxDrError(
                f"The {method.__name__} was interrupted ({type(error).__name__}). Run `pulumi up` again."
            ) from None

    return guarded


def prepare() -> None:
    """Prepare the host for calls that take hours: serve more than four concurrently, and end with the engine."""
    # Only in the plugin host: tests and programs must not be ended.
    if _widen_pool() and len(sys.argv) > 1:
        end_with_the_engine(sys.argv[1])


def _widen_pool() -> bool:
    worker = _frame(lambda f: f.f_code.co_name == "_worker" and "executor_reference" in f.f_locals)
    executor: Any = worker.f_locals["executor_reference"]() if worker else None
    if executor is None or not all(hasattr(executor, name) for name in _POOL_INTERNALS):
        return False
    executor._max_workers = max(executor._max_workers, _POOL_SIZE)  # noqa: SLF001  # has no public interface
    for _ in range(executor._work_queue.qsize()):  # noqa: SLF001  # start threads for the calls that wait already
        executor._adjust_thread_count()  # noqa: SLF001  # as above
    return True


def _engine() -> engine_pb2_grpc.EngineStub | None:
    return engine_at(sys.argv[1]) if len(sys.argv) > 1 else None


def _frame(wanted: Callable[[FrameType], bool]) -> FrameType | None:
    return next(filter(wanted, _frames()), None)


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # the only access to the variables of the host
    while frame is not None:
        yield frame
        frame = frame.f_back


def _struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update({key: value for key, value in properties.items() if value is not None})
    return struct

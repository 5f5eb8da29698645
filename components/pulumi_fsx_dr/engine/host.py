"""What Pulumi's Python plugin host knows of the call under way; the only module that reads its stack frames.

The host passes a provider's methods neither URN, timeout nor engine, but the frame that calls them has all three.
Without that frame (another host, a unit test) the `Call` knows nothing, cannot be cancelled and shows nothing.
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
_POOL_SIZE = 1024  # more than the engine's --parallel ever asks for; threads start only when needed
_POOL_INTERNALS = ("_max_workers", "_work_queue", "_adjust_thread_count")  # of ThreadPoolExecutor
_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(slots=True)
class HostCall(EngineCall):
    """A call that the plugin host serves; `pickle` is the provider as it is in the state."""

    pickle: str = ""

    def keep(self, backup_id: str, outputs: Mapping[str, Any], reason: str) -> None:
        """Turn the error that follows into a partial failure."""
        # The host finds the provider in a resource's outputs: without it the copy could be neither updated nor deleted.
        self.fail_partially(backup_id, _struct({**outputs, PROVIDER_KEY: self.pickle}), reason)

    def show_without_traceback(self, message: str) -> None:
        """Have the host's abort show a message in place of a traceback."""
        abort = self.context.abort
        self.context.abort = lambda code, _traceback: abort(code, message)


def call_under_way() -> Call:
    """Return what the host's frame above this one knows, or an empty `Call`."""
    # With issubset, because f_locals is a proxy from Python 3.13 on, whose keys() are a list and not a set.
    frame = _frame(lambda f: f.f_code.co_name in _CALLS and {"request", "context"}.issubset(f.f_locals))
    if frame is None:
        return Call()
    request = frame.f_locals["request"]
    # The host keeps the properties in `props`, or in `news` where it has the old ones, too. Each contains the provider.
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
    """Guard a provider's method: errors reach the user without traceback, and `SystemExit` does not hang the engine."""

    @functools.wraps(method)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return method(*args, **kwargs)
        except FsxDrError as error:
            call = call_under_way()
            if isinstance(call, HostCall):
                call.show_without_traceback(str(error))
            raise error.with_traceback(None) from None
        except (SystemExit, KeyboardInterrupt) as error:
            raise FsxDrError(f"{method.__name__} was interrupted ({error!r}); run pulumi up again.") from None

    return guarded


def prepare() -> None:
    """Fit the host for calls of hours: it serves four at once, and does not end when the engine is killed."""
    # Only in the plugin host: a test or a program must not be ended because some address does not answer.
    if _widen_pool() and len(sys.argv) > 1:
        end_with_the_engine(sys.argv[1])


def _widen_pool() -> bool:
    worker = _frame(lambda f: f.f_code.co_name == "_worker" and "executor_reference" in f.f_locals)
    executor: Any = worker.f_locals["executor_reference"]() if worker else None
    if executor is None or not all(hasattr(executor, name) for name in _POOL_INTERNALS):
        return False
    executor._max_workers = max(executor._max_workers, _POOL_SIZE)  # noqa: SLF001  # there is no public way
    for _ in range(executor._work_queue.qsize()):  # noqa: SLF001  # calls that came before get their threads now
        executor._adjust_thread_count()  # noqa: SLF001  # as above
    return True


def _engine() -> engine_pb2_grpc.EngineStub | None:
    return engine_at(sys.argv[1]) if len(sys.argv) > 1 else None


def _frame(wanted: Callable[[FrameType], bool]) -> FrameType | None:
    return next(filter(wanted, _frames()), None)


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # the only way to the host's own variables
    while frame is not None:
        yield frame
        frame = frame.f_back


def _struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update({key: value for key, value in properties.items() if value is not None})
    return struct

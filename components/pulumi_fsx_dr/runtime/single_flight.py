"""An answer that many ask for at once."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

_T = TypeVar("_T")


class SingleFlight(Generic[_T]):
    """Asks once; those who come meanwhile share the answer, or its failure, which is not kept."""

    def __init__(self, ask: Callable[[], _T]) -> None:
        self._ask = ask
        self._answer: Future[_T] | None = None
        self._lock = threading.Lock()

    def get(self, *, fresh: bool = False) -> _T:
        """Return the answer; a fresh one is asked for again, unless somebody is asking just now."""
        with self._lock:
            is_first = self._answer is None or (fresh and self._answer.done())
            answer = self._answer = Future() if is_first or self._answer is None else self._answer
        if is_first:
            try:
                answer.set_result(self._ask())
            except BaseException as error:  # noqa: BLE001  # whatever it is, everybody who waits must get it
                # Forgotten before those who wait are told, so that whoever asks again starts a new try.
                with self._lock:
                    self._answer = None
                answer.set_exception(error)
        return answer.result()

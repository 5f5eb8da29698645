"""An answer that many ask for at once."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Shared(Generic[_T]):
    """Asks once; those who come meanwhile share the answer, or its failure, which is not kept."""

    def __init__(self, ask: Callable[[], _T]) -> None:
        self._ask = ask
        self._answer: Future[_T] | None = None
        self._lock = threading.Lock()

    def get(self, *, fresh: bool = False) -> _T:
        """Return the answer.

        Args:
            fresh: ask again, unless somebody is asking just now.
        """
        answer, leads = self._to_use(fresh=fresh)
        if leads:
            self._fill(answer)
        return answer.result()

    def _to_use(self, *, fresh: bool) -> tuple["Future[_T]", bool]:
        with self._lock:
            if self._answer is None or (fresh and self._answer.done()):
                self._answer = Future()
                return self._answer, True
            return self._answer, False

    def _fill(self, answer: "Future[_T]") -> None:
        try:
            answer.set_result(self._ask())
        except BaseException as error:  # noqa: BLE001  # whatever it is, every asker must get it
            # Forgotten before those who wait are told, so that whoever asks again starts a new try.
            with self._lock:
                self._answer = None
            answer.set_exception(error)

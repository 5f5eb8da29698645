"""Points in a run at which an event is injected, such as the end of the process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hypothesis import strategies as st

from .stack import Stack
from .wire import When

Moment = tuple[str, When, int]  # action, before or after the call, and number of earlier calls
_SAVING = "the engine's write"
_WHEN: tuple[When, ...] = ("before", "after")
moments: st.SearchStrategy[Moment] = st.tuples(
    st.sampled_from(["CopyBackup", "DescribeBackups", "TagResource", "DeleteBackup", "UntagResource", _SAVING]),
    st.sampled_from(_WHEN),
    st.integers(0, 3),
)


@contextmanager
def at_moment(stack: Stack, moment: Moment, happens: Callable[[], object]) -> Iterator[None]:
    """Inject an event at a moment, if the run in the body reaches it."""
    action, when, count = moment
    if action == _SAVING:
        stack.before_writing = happens
    else:
        stack.wire.after_calls(count, action, when, happens)
    yield
    stack.before_writing = None
    stack.wire.at_call.clear()

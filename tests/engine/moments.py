"""Moments of a run at which something happens, such as the end of its process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hypothesis import strategies as st

from .stack import Stack
from .wire import When

Moment = tuple[str, When, int]  # action, and how many such calls come before
_SAVING = "the engine's write"
_WHEN: tuple[When, ...] = ("before", "after")
moments: st.SearchStrategy[Moment] = st.tuples(
    st.sampled_from(["CopyBackup", "DescribeBackups", "TagResource", "DeleteBackup", "UntagResource", _SAVING]),
    st.sampled_from(_WHEN),
    st.integers(0, 3),
)


@contextmanager
def at_moment(stack: Stack, moment: Moment, happens: Callable[[], object]) -> Iterator[None]:
    """Let something happen in the body, if that moment comes."""
    action, when, count = moment
    if action == _SAVING:
        stack.before_writing = happens
    else:
        stack.wire.after_calls(count, action, when, happens)
    yield
    stack.before_writing = None
    stack.wire.at_call.clear()

"""The control of a simulator: the same methods for one in this process and for one behind HTTP."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from simulator.fsx import actions, authorizing, views
from simulator.fsx.state import State

P = ParamSpec("P")
R = TypeVar("R")
_ACTIONS: dict[str, Callable[..., Any]] = {}


def _action(function: Callable[Concatenate[State, P], R]) -> "Callable[Concatenate[BaseControl, P], R]":
    """Make a method of a function of the state."""
    _ACTIONS[function.__name__] = function

    @wraps(function)
    def method(control: "BaseControl", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return cast("R", control.run(function.__name__, args, kwargs))

    return method


def run_action(state: State, name: str, args: Any, kwargs: Any) -> Any:
    """Run an action by name.

    Raises:
        LookupError: there is no such action.
        TypeError: the arguments do not fit.
        ValueError: the action cannot be done; the message says why.
    """
    with state.lock:
        return _ACTIONS[name](state, *args, **kwargs)


class BaseControl(ABC):
    """Prepares a simulator and reports what happened in it; see `actions` and `views` for each method."""

    seed_file_system = _action(actions.seed_file_system)
    seed_volume = _action(actions.seed_volume)
    seed_backup = _action(actions.seed_backup)
    seed_key = _action(actions.seed_key)
    remove_file_system = _action(actions.remove_file_system)
    remove_backup = _action(actions.remove_backup)
    set_tags = _action(actions.set_tags)
    set_key = _action(actions.set_key)
    set_lifecycle = _action(actions.set_lifecycle)
    mark_restoring = _action(actions.mark_restoring)
    set_copy_seconds = _action(actions.set_copy_seconds)
    fail_copies = _action(actions.fail_copies)
    finish_copies = _action(actions.finish_copies)
    configure = _action(actions.configure)
    add_fault = _action(actions.add_fault)
    make_unreachable = _action(actions.make_unreachable)
    lift_fault = _action(actions.lift_fault)
    attach_policies = _action(authorizing.attach_policies)
    clear_journal = _action(actions.clear_journal)
    backups = _action(views.backups)
    backup = _action(views.backup)
    file_systems = _action(views.file_systems)
    running_copies = _action(views.running_copies)
    max_running = _action(views.max_running)
    journal = _action(views.journal)
    counts = _action(views.counts)
    now = _action(views.now)

    @abstractmethod
    def run(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run an action where the simulator is; see `run_action`."""

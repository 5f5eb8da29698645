"""The control of a simulator, with the same methods in this process and over HTTP."""

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
    """Turn a function of the state into a method."""
    _ACTIONS[function.__name__] = function

    @wraps(function)
    def method(control: "BaseControl", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return cast("R", control.run(function.__name__, args, kwargs))

    return method


def run_action(state: State, name: str, args: Any, kwargs: Any) -> Any:
    """Run an action by name.

    Raises:
        LookupError: If the action is unknown.
        TypeError: If the arguments are wrong.
        ValueError: If the action is impossible; the message says why.
    """
    with state.lock:
        return _ACTIONS[name](state, *args, **kwargs)


class BaseControl(ABC):
    """Prepares a simulator and reads its state; `actions` and `views` document the methods."""

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
        """Run an action in the simulator; see `run_action`."""

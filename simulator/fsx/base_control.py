"""The control of a simulator: the same methods for a service in this process and for one behind HTTP."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache, wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec, TypeVar, cast, get_type_hints

from simulator.fsx import actions, authorizing, views
from simulator.fsx.service_state import ServiceState
from simulator.fsx.typed import refuse_unfit

P = ParamSpec("P")
R = TypeVar("R")
_ACTIONS: dict[str, Callable[..., Any]] = {}


def _action(play: Callable[Concatenate[ServiceState, P], R]) -> "Callable[Concatenate[BaseControl, P], R]":
    _ACTIONS[play.__name__] = play

    @wraps(play)
    def method(control: "BaseControl", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return cast("R", control._run(play.__name__, args, kwargs))  # noqa: SLF001 - the method is part of the class

    return method


def run_action(world: ServiceState, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
    """Play a scene by name.

    Raises:
        TypeError: the arguments do not fit it.
        ValueError: there is no such scene, or it cannot be played; the message says why.
    """
    if name not in _ACTIONS:
        raise ValueError(f"There is no scene {name}.")
    given = signature(_ACTIONS[name]).bind(world, *args, **kwargs)
    for parameter, value in list(given.arguments.items())[1:]:
        _refuse_unfit(name, parameter, value)
    with world.lock:
        return _ACTIONS[name](*given.args, **given.kwargs)


def _refuse_unfit(name: str, parameter: str, value: object) -> None:
    # What `**changes: Any` collects is for the scene to judge.
    if parameter != "changes":
        refuse_unfit(parameter, value, _hints(name)[parameter])


@cache
def _hints(name: str) -> dict[str, Any]:
    return get_type_hints(_ACTIONS[name])


class BaseControl(ABC):
    """Sets the scene, and tells what happened; the methods are documented in `actions` and `views`."""

    seed_file_system = _action(actions.seed_file_system)
    seed_volume = _action(actions.seed_volume)
    seed_backup = _action(actions.seed_backup)
    remove_file_system = _action(actions.remove_file_system)
    remove_volume = _action(actions.remove_volume)
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
    state = _action(views.state)
    backups = _action(views.backups)
    backup = _action(views.backup)
    file_systems = _action(views.file_systems)
    max_running = _action(views.max_running)
    journal = _action(views.journal)
    counts = _action(views.counts)
    now = _action(views.now)

    @abstractmethod
    def _run(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Play a scene wherever the service is."""

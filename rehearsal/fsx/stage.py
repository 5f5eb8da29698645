"""The control of a rehearsal: the same methods for a service in this process and for one behind HTTP."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache, wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec, TypeVar, cast, get_type_hints

from rehearsal.fsx import authorizing, scenes, views
from rehearsal.fsx.typed import refuse_unfit
from rehearsal.fsx.world import World

P = ParamSpec("P")
R = TypeVar("R")
_PLAYS: dict[str, Callable[..., Any]] = {}


def _scene(play: Callable[Concatenate[World, P], R]) -> "Callable[Concatenate[Stage, P], R]":
    _PLAYS[play.__name__] = play

    @wraps(play)
    def method(stage: "Stage", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return cast("R", stage._play(play.__name__, args, kwargs))  # noqa: SLF001 - the method is part of the class

    return method


def play(world: World, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
    """Play a scene by name.

    Raises:
        TypeError: the arguments do not fit it.
        ValueError: there is no such scene, or it cannot be played; the message says why.
    """
    if name not in _PLAYS:
        raise ValueError(f"There is no scene {name}.")
    given = signature(_PLAYS[name]).bind(world, *args, **kwargs)
    for parameter, value in list(given.arguments.items())[1:]:
        _refuse_unfit(name, parameter, value)
    with world.lock:
        return _PLAYS[name](*given.args, **given.kwargs)


def _refuse_unfit(name: str, parameter: str, value: object) -> None:
    # What `**changes: Any` collects is for the scene to judge.
    if parameter != "changes":
        refuse_unfit(parameter, value, _hints(name)[parameter])


@cache
def _hints(name: str) -> dict[str, Any]:
    return get_type_hints(_PLAYS[name])


class Stage(ABC):
    """Sets the scene, and tells what happened; the methods are documented in `scenes` and `views`."""

    seed_file_system = _scene(scenes.seed_file_system)
    seed_volume = _scene(scenes.seed_volume)
    seed_backup = _scene(scenes.seed_backup)
    remove_file_system = _scene(scenes.remove_file_system)
    remove_volume = _scene(scenes.remove_volume)
    remove_backup = _scene(scenes.remove_backup)
    set_tags = _scene(scenes.set_tags)
    set_key = _scene(scenes.set_key)
    set_lifecycle = _scene(scenes.set_lifecycle)
    mark_restoring = _scene(scenes.mark_restoring)
    set_copy_seconds = _scene(scenes.set_copy_seconds)
    fail_copies = _scene(scenes.fail_copies)
    finish_copies = _scene(scenes.finish_copies)
    configure = _scene(scenes.configure)
    add_fault = _scene(scenes.add_fault)
    darken = _scene(scenes.darken)
    lift_fault = _scene(scenes.lift_fault)
    attach_policies = _scene(authorizing.attach_policies)
    clear_journal = _scene(scenes.clear_journal)
    state = _scene(views.state)
    backups = _scene(views.backups)
    backup = _scene(views.backup)
    file_systems = _scene(views.file_systems)
    max_running = _scene(views.max_running)
    journal = _scene(views.journal)
    counts = _scene(views.counts)
    now = _scene(views.now)

    @abstractmethod
    def _play(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Play a scene wherever the service is."""

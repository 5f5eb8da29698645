"""The arguments of a resource: a dict, or keywords."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from .errors import InvalidSettingsError

_Args = TypeVar("_Args", bound=Mapping[str, Any])


def args_or_keywords(resource: str, args: _Args | None, keywords: Mapping[str, Any]) -> _Args:
    """Return the arguments of a resource, from wherever the program gave them.

    The overloads of the resources hold the keywords to the type of `args`.
    """
    if args is not None and keywords:
        raise InvalidSettingsError(
            f"{resource} got arguments in a dict and, as keywords, {', '.join(keywords)}: give all in one of the ways."
        )
    given: Any = keywords if args is None else args
    if not isinstance(given, Mapping):
        raise InvalidSettingsError(
            f"{resource} needs its arguments in a dict or as keywords, not as {type(given).__name__}."
        )
    if not given:
        raise InvalidSettingsError(f"{resource} needs its arguments: give them in a dict or as keywords.")
    return cast("_Args", given)


def require_complete(resource: str, args: Mapping[str, Any], typed: Any) -> None:
    """Refuse arguments that are not in a TypedDict, and a lack of those that it requires."""
    if unknown := args.keys() - typed.__annotations__.keys():
        raise InvalidSettingsError(f"{resource} has no argument {', '.join(sorted(unknown))}.")
    required = [name for name in typed.__annotations__ if name in typed.__required_keys__]
    if missing := [name for name in required if args.get(name) is None]:
        raise InvalidSettingsError(f"{resource} needs its {' and '.join(missing)}: add what is missing.")

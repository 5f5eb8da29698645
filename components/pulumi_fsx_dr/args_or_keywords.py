"""The arguments of a resource, as a dict or as keywords."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import pulumi

from .copies.near_names import refuse_unknown
from .errors import InvalidSettingsError

_Args = TypeVar("_Args", bound=Mapping[str, Any])
# The engine parses timeouts with Go's time.ParseDuration, which does not know days.
_TIMEOUT = re.compile(r"0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+")


def require_declarable(kind: str, name: object, opts: object) -> None:
    """Refuse a wrong name and wrong resource options."""
    if not isinstance(name, str) or not name:
        raise InvalidSettingsError(f"The first argument of {kind} must be its name, a string that is not empty.")
    if not isinstance(opts, pulumi.ResourceOptions | None):
        raise InvalidSettingsError(f"opts of {kind} {name} must be pulumi.ResourceOptions (got {type(opts).__name__}).")
    timeouts = opts.custom_timeouts if opts else None
    if not isinstance(timeouts, pulumi.CustomTimeouts | None):
        raise InvalidSettingsError(
            f"custom_timeouts in opts of {kind} {name} must be pulumi.CustomTimeouts (got {type(timeouts).__name__})."
        )
    for action in ("create", "update", "delete"):
        timeout = getattr(timeouts, action, None)
        if timeout is not None and not (isinstance(timeout, str) and _TIMEOUT.fullmatch(timeout)):
            raise InvalidSettingsError(
                f"{action} in custom_timeouts of {kind} {name} must be a duration in hours (h), minutes (m) and "
                "seconds (s), such as 24h or 1h30m. Write 1 day as 24h."
            )


def args_or_keywords(resource: str, args: _Args | None, keywords: Mapping[str, Any]) -> _Args:
    """Return the arguments of a resource without those that are None.

    Args:
        resource: begins the messages, such as `DrRegion dr`.
        keywords: the arguments as keywords; the overloads of the resources give them the types of `args`.
    """
    if args is not None and keywords:
        raise InvalidSettingsError(
            f"{resource}: pass the arguments either as a dict or as keywords, not both (got {', '.join(keywords)})."
        )
    given: Any = keywords if args is None else args
    if not isinstance(given, Mapping):
        raise InvalidSettingsError(f"{resource}: the arguments must be a dict (got {type(given).__name__}).")
    if not given:
        raise InvalidSettingsError(f"{resource} has no arguments. Pass them as a dict or as keywords.")
    return cast("_Args", {name: value for name, value in given.items() if value is not None})


def require_complete(resource: str, args: Mapping[str, Any], typed: Any) -> None:
    """Refuse unknown arguments, and require those that a TypedDict requires."""
    if unknown := refuse_unknown(f"Unknown argument of {resource}:", args, typed.__annotations__):
        raise InvalidSettingsError(unknown)
    required = [name for name in typed.__annotations__ if name in typed.__required_keys__]
    if missing := [name for name in required if args.get(name) is None]:
        raise InvalidSettingsError(f"{resource} needs {' and '.join(missing)}.")

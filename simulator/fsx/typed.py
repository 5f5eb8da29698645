"""Values from outside, held against the annotations of what takes them."""

import types
from typing import Any, Literal, Union, get_args, get_origin

_UNIONS = {Union, types.UnionType}


def refuse_unfit(name: str, value: object, hint: Any) -> None:
    """Raise if `value` is not of the type `hint`.

    Raises:
        ValueError: it is not; the message names what is allowed.
    """
    if not fits(value, hint):
        raise ValueError(f"{name} cannot be {value!r}; it takes {_allowed(hint)}.")


def fits(value: object, hint: Any) -> bool:
    """Tell whether `value`, parsed from JSON or given by a program, may stand where `hint` is annotated."""
    if hint is Any:
        return True
    inner = get_args(hint)
    match get_origin(hint):
        case None:
            return _is_plainly(value, hint)
        case origin if origin is Literal:
            return value in inner
        case origin if origin in _UNIONS:
            return any(fits(value, one) for one in inner)
        case origin if origin is dict:
            return isinstance(value, dict) and all(fits(k, inner[0]) and fits(v, inner[1]) for k, v in value.items())
    # JSON has no tuples.
    return isinstance(value, list | tuple) and all(fits(item, inner[0]) for item in value)


def _is_plainly(value: object, hint: Any) -> bool:
    if hint in {int, float}:
        # In Python a bool is an int; nobody who says True means 1.
        return isinstance(value, int if hint is int else int | float) and not isinstance(value, bool)
    return value is None if hint is type(None) else isinstance(value, hint)


def _allowed(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(repr, get_args(hint)))
    return hint.__name__ if isinstance(hint, type) else str(hint)

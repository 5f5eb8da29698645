"""Arguments as programs give them, in a dict or as keywords, and what `help` says of them."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from typing import Any, TypeVar

import pulumi

from .errors import InvalidSettingsError

_Args = TypeVar("_Args", bound=Mapping[str, Any])
_Resource = TypeVar("_Resource", bound=pulumi.Resource)


def given(resource: str, args: _Args | None, keywords: Mapping[str, Any]) -> _Args:
    """Return the arguments of a resource, however the program gave them.

    Args:
        resource: kind and name, such as `DrRegion dr`.
        args: all of them.
        keywords: the same one by one, in place of `args`.

    Raises:
        InvalidSettingsError: they were given in two ways, or in none.
    """
    if args is not None and keywords:
        raise InvalidSettingsError(
            f"{resource} got arguments in a dict and, as keywords, {', '.join(keywords)}: give all in one of the ways."
        )
    asked: Any = keywords if args is None else args
    if not isinstance(asked, Mapping):
        raise InvalidSettingsError(
            f"{resource} needs its arguments in a dict or as keywords, not as {type(asked).__name__}."
        )
    if not asked:
        raise InvalidSettingsError(f"{resource} needs its arguments: give them in a dict or as keywords.")
    found: _Args = asked  # type: ignore[assignment]  # the overloads of the resources hold keywords to the same type
    return found


def require_complete(resource: str, args: Mapping[str, Any], typed: Any) -> None:
    """Refuse arguments that a resource does not know, and those without one that it needs.

    Args:
        resource: kind and name.
        args: the arguments.
        typed: the TypedDict of them.

    Raises:
        InvalidSettingsError: as above.
    """
    if unknown := args.keys() - typed.__annotations__.keys():
        raise InvalidSettingsError(f"{resource} has no argument {', '.join(sorted(unknown))}.")
    if missing := [name for name in typed.__annotations__ if _is_missing(name, args, typed.__required_keys__)]:
        raise InvalidSettingsError(f"{resource} needs its {' and '.join(missing)}: add what is missing.")


def documents(args: type) -> Callable[[type[_Resource]], type[_Resource]]:
    """Have `help` list the arguments of a resource, in the words that stand at them in the class of its arguments."""

    def documented(resource: type[_Resource]) -> type[_Resource]:
        init: Any = resource.__init__
        listed = "\n".join(f"    {name}: {doc}" for name, doc in docs_of(args).items())
        # Python's option -OO takes docstrings out, and a package in a zip file has no source to read them from.
        if init.__doc__ and listed:
            init.__doc__ = f"{inspect.cleandoc(init.__doc__)}\n\nArguments, in `args` or as keywords:\n{listed}"
        return resource

    return documented


def docs_of(described: type) -> dict[str, str]:
    """Return the docstrings that follow the annotations of a class."""
    try:
        source = ast.parse(textwrap.dedent(inspect.getsource(described)))
    # Python 3.11 may fail to parse while another thread shows a traceback: python/cpython#106905.
    except (OSError, SystemError):
        return {}
    (body,) = (node.body for node in source.body if isinstance(node, ast.ClassDef))
    return {
        field.target.id: " ".join(doc.value.value.split())
        for field, doc in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(doc, ast.Expr)
        and isinstance(doc.value, ast.Constant)
        and isinstance(doc.value.value, str)
    }


def _is_missing(name: str, args: Mapping[str, Any], required: Collection[str]) -> bool:
    return name in required and args.get(name) is None

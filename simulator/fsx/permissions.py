"""Evaluation of the parts of IAM policy documents that this project uses; other parts are refused.

Source: IAM user guide, *IAM JSON policy elements*, *Condition operators*, *Policy evaluation logic*.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

Verdict = Literal["allowed", "denied", "not allowed"]
Values = Sequence[str]
_Test = Callable[[Values, Values], bool]

_ELEMENTS = {"Sid", "Effect", "Action", "Resource", "Condition"}


class UnknownElementError(ValueError):
    """This module cannot evaluate an element of a policy document."""


@dataclass(frozen=True)
class Access:
    """An action, the ARN of a resource (`*` for actions without resource types), and the values of condition keys."""

    action: str
    resource: str
    context: Mapping[str, Values] = field(default_factory=dict)

    def values(self, key: str) -> Values | None:
        """Return the values of a condition key, ignoring case, or None if it is absent."""
        return next((values for name, values in self.context.items() if name.lower() == key.lower()), None)


def verdict(documents: Iterable[Mapping[str, Any]], access: Access) -> Verdict:
    """Evaluate all policies of an identity: Deny takes precedence over Allow, and the default is a refusal.

    Raises:
        UnknownElementError: If a document cannot be evaluated.
    """
    statements = [statement for document in documents for statement in _listed(document["Statement"])]
    effects = {statement["Effect"] for statement in statements if _applies(_known(statement), access)}
    if "Deny" in effects:
        return "denied"
    return "allowed" if "Allow" in effects else "not allowed"


def refuse_unknown(document: Mapping[str, Any]) -> None:
    """Refuse a document that cannot be evaluated.

    Raises:
        UnknownElementError: If it cannot be evaluated.
    """
    for statement in _listed(document["Statement"]):
        _known(statement)


def _known(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = [*statement.keys() - _ELEMENTS, *statement.get("Condition", {}).keys() - _OPERATORS.keys()]
    unknown += re.findall(r"\$\{.*?\}", str(statement))
    if unknown or statement["Effect"] not in {"Allow", "Deny"}:
        raise UnknownElementError(f"Statement {statement.get('Sid')!r} has {unknown or statement['Effect']!r}.")
    return statement


def _applies(statement: Mapping[str, Any], access: Access) -> bool:
    named = any(_like(pattern.lower(), access.action.lower()) for pattern in _listed(statement["Action"]))
    covered = any(_like(pattern, access.resource) for pattern in _listed(statement["Resource"]))
    return named and covered and all(_hold(access, *condition) for condition in statement.get("Condition", {}).items())


def _hold(access: Access, operator: str, keys: Mapping[str, Any]) -> bool:
    test, if_absent = _OPERATORS[operator]
    values = ((access.values(key), _listed(wanted)) for key, wanted in keys.items())
    return all(if_absent if have is None else test(have, wanted) for have, wanted in values)


def _single(matches: Callable[[str, str], bool]) -> _Test:
    """Return a test of a key with one value, which must match one of the wanted values."""
    return lambda have, wanted: any(matches(one, have[0]) for one in wanted)


def _any(matches: Callable[[str, str], bool]) -> _Test:
    """Return a test of a key with several values: one of them must match one of the wanted values."""
    return lambda have, wanted: any(matches(one, value) for one in wanted for value in have)


def _equal(wanted: str, have: str) -> bool:
    return wanted == have


def _same_but_for_case(wanted: str, have: str) -> bool:
    return wanted.lower() == have.lower()


def _like(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(letter, re.escape(letter)) for letter in pattern), re.DOTALL)


# Each operator's test, and its result if the request has no such key.
_OPERATORS: dict[str, tuple[_Test, bool]] = {
    "StringEquals": (_single(_equal), False),
    "StringLike": (_single(_like), False),
    "Bool": (_single(_same_but_for_case), False),
    "ArnNotEquals": (lambda have, wanted: not _single(_like)(have, wanted), True),
    "ForAnyValue:StringEquals": (_any(_equal), False),
    "ForAnyValue:StringEqualsIgnoreCase": (_any(_same_but_for_case), False),
}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

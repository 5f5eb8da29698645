"""What to ask IAM's simulator, so that its answers tell whether an identity may do all that a policy allows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pulumi_fsx_dr.rules.iam_policy import Document

_WHOLE = {"kms:ReEncrypt*": ("kms:ReEncryptFrom", "kms:ReEncryptTo")}  # the simulator takes no wildcards
_ANY_ID = "00000000000000000"
_REQUESTED_REGION = "aws:RequestedRegion"


@dataclass(frozen=True, slots=True)
class Question:
    """Actions on resources in one Region, as one call to the simulator; `context` holds the condition keys."""

    region: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: Mapping[str, str]


def questions(document: Document) -> list[Question]:
    """Return what to ask about a policy of `iam_policy.policy`: each statement, in each Region that it is about."""
    return [question for statement in document["Statement"] for question in _asked(statement)]


def _asked(statement: Mapping[str, Any]) -> Iterator[Question]:
    actions = tuple(whole for action in statement["Action"] for whole in _WHOLE.get(action, (action,)))
    conditions = {key: values for tests in statement["Condition"].values() for key, values in tests.items()}
    for region, resources in _by_region(statement["Resource"], conditions.get(_REQUESTED_REGION, [])):
        context = {key: _value(values, region) for key, values in conditions.items()}
        yield Question(region, actions, tuple(resources), context | {_REQUESTED_REGION: region})


def _by_region(resources: list[str], requested: list[str]) -> Iterator[tuple[str, list[str]]]:
    if resources == ["*"]:
        yield from ((region, ["*"]) for region in requested)
        return
    named = [arn.removesuffix("*") + _ANY_ID if arn.endswith("*") else arn for arn in resources]
    yield from ((region, list(arns)) for region, arns in groupby(sorted(named, key=_region), _region))


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _value(values: list[str] | str, region: str) -> str:
    """Return a value that a condition takes; where it takes one for each Region, that of this one."""
    listed = [values] if isinstance(values, str) else values
    of_region = [value for value in listed if f".{region}." in value]
    return (of_region or listed)[0].replace("*", "any").replace("?", "0")

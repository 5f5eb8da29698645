"""Requests to IAM's policy simulator for each statement of a policy."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from pulumi_fsx_dr.rules.iam_policy import Document

_WHOLE = {"kms:ReEncrypt*": ("kms:ReEncryptFrom", "kms:ReEncryptTo")}  # the simulator does not accept wildcards
_ANY_ID = "00000000000000000"
_REQUESTED_REGION = "aws:RequestedRegion"


class SimulationRequest(NamedTuple):
    """Actions on resources in one Region; `context` has the values of the condition keys."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: Mapping[str, str]


def simulation_requests(document: Document) -> list[SimulationRequest]:
    """Return a request for each statement of an `iam_policy.policy` in each of its Regions."""
    return [request for statement in document["Statement"] for request in _requests(statement)]


def _requests(statement: Mapping[str, Any]) -> Iterator[SimulationRequest]:
    actions = tuple(whole for action in statement["Action"] for whole in _WHOLE.get(action, (action,)))
    conditions = {key: values for tests in statement["Condition"].values() for key, values in tests.items()}
    for region, resources in _by_region(statement["Resource"], conditions.get(_REQUESTED_REGION, [])):
        context = {key: _value(values, region) for key, values in conditions.items()}
        yield SimulationRequest(actions, resources, context | {_REQUESTED_REGION: region})


def _by_region(resources: list[str], requested: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if resources == ["*"]:
        yield from ((region, ("*",)) for region in requested)
        return
    named = [arn.removesuffix("*") + _ANY_ID if arn.endswith("*") else arn for arn in resources]
    yield from ((region, tuple(arns)) for region, arns in groupby(sorted(named, key=_region), _region))


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _value(values: list[str] | str, region: str) -> str:
    """Return a value that a condition accepts, preferably for this Region."""
    listed = [values] if isinstance(values, str) else values
    of_region = [value for value in listed if f".{region}." in value]
    return (of_region or listed)[0].replace("*", "any").replace("?", "0")

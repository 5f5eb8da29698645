"""Responses to Diff, and the outputs that a preview of an update knows."""

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi.runtime.proto import provider_pb2
from pulumi_fsx_dr.copies.arguments import ARGUMENTS
from pulumi_fsx_dr.copies.names import camel_case
from pulumi_fsx_dr.copies.outputs import OUTPUTS
from pulumi_fsx_dr.lifecycle.diff import DiffResult

from .values import UNKNOWN, Properties

_Kind = provider_pb2.PropertyDiff.Kind


def response(
    found: DiffResult, old_inputs: Properties, outputs: Properties, news: Properties
) -> provider_pb2.DiffResponse:
    """Return the response to Diff. An argument that became secret is also a change, so that the state encrypts it."""
    changed = dict.fromkeys([*found.replaced, *found.updated, *_become_secret(outputs, news)])
    return provider_pb2.DiffResponse(
        changes=any_of(changed),
        replaces=[camel_case(name) for name in found.replaced],
        diffs=[camel_case(name) for name in changed],
        detailedDiff={
            camel_case(name): _detail(name, old_inputs.values, news.values, replaces=name in found.replaced)
            for name in changed
        },
        hasDetailedDiff=True,
    )


def any_of(changes: object) -> provider_pb2.DiffResponse.DiffChanges.ValueType:
    return provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE


def foreseen(olds: Properties, news: Properties) -> dict[str, Any]:
    """Return the outputs after an update. Unknown ones are `UNKNOWN`."""
    outputs = {name: olds.values.get(name) for name in OUTPUTS} | news.values
    if outputs.get("tags") != olds.values.get("tags"):
        outputs["tags_all"] = UNKNOWN
    if outputs.get("lifecycle") != "AVAILABLE":
        outputs["lifecycle"] = UNKNOWN
    return outputs


def _become_secret(outputs: Properties, news: Properties) -> Iterable[str]:
    return [name for name in ARGUMENTS if name in news.secrets and name in outputs.values.keys() - outputs.secrets]


def _detail(
    name: str, old_inputs: Mapping[str, Any], news: Mapping[str, Any], *, replaces: bool
) -> provider_pb2.PropertyDiff:
    is_argument = name in ARGUMENTS
    change = "UPDATE"
    if is_argument and name not in old_inputs:
        change = "ADD"
    elif is_argument and name not in news:
        change = "DELETE"
    kind = _Kind.Value(f"{change}_REPLACE" if replaces else change)
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=is_argument)

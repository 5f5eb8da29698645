"""The check of a copy's arguments, before anything is changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.output import contains_unknowns

from pulumi_fsx_dr.copies import arguments
from pulumi_fsx_dr.copies.copy import CopySpec
from pulumi_fsx_dr.errors import CopyError, FsxDrError, ServiceError
from pulumi_fsx_dr.runtime.call import Call
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime, poll_seconds
from pulumi_fsx_dr.runtime.work import ONE_TRY, Work

from .adopt import name_owner, require_adoptable


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The arguments with all defaults, and their problems: the name of an argument, or "", and a sentence."""

    inputs: dict[str, Any]
    problems: list[tuple[str, str]] = field(default_factory=list)


def check(call: Call, runtime: ProviderRuntime, olds: Mapping[str, Any], news: Mapping[str, Any]) -> CheckResult:
    """Fill in defaults and refuse what FSx would refuse.

    Args:
        call: the engine's call.
        runtime: shared by the calls of this process.
        olds: the checked arguments of the copy that exists; empty if one is to be made.
        news: the arguments as the program wrote them.
    """
    if olds:
        runtime.checked.olds[call.urn] = olds
    else:
        # Until the file system of its source backup is known, all deletes of the stack wait for it.
        runtime.creates.started(call.urn)
    result = _checked(call, runtime, olds, news)
    if result.problems:
        # A refused copy is neither made nor replaced, and deletes must know of it.
        runtime.creates.failed(call.urn)
    return result


def _checked(call: Call, runtime: ProviderRuntime, olds: Mapping[str, Any], news: Mapping[str, Any]) -> CheckResult:
    # The second check of a replacement comes without olds, and with `--replace` it is the only one. Without the former
    # Region a default could move the new copy elsewhere.
    former = olds or runtime.checked.olds.get(call.urn) or _in_state(call)
    try:
        # Only to refuse a wrong value before anything is changed.
        poll_seconds()
        inputs = arguments.with_defaults(news, former, lambda: runtime.default_region(former))
    except FsxDrError as error:
        return CheckResult(dict(news), [("", str(error))])
    problems = arguments.problems(inputs)
    if not (former or problems or contains_unknowns(inputs)):
        problems += _problems_of_adoption(call, runtime, inputs)
    return CheckResult(inputs, problems)


def _in_state(call: Call) -> Mapping[str, Any]:
    """Return the Regions of the state entry, if the call has it: with `--replace` the engine passes no olds."""
    entry = call.state_entry
    return {"region": entry.region, "source_region": entry.source_region} if entry else {}


def _problems_of_adoption(call: Call, runtime: ProviderRuntime, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return why a copy cannot be adopted, and warn of its present owner."""
    if not (backup_id := inputs.get("adopt_backup_id")):
        return []
    spec = CopySpec.of(inputs)
    work = Work(call=call, runtime=runtime, region=runtime.region(spec.region), patience=ONE_TRY)
    try:
        backup = require_adoptable(work, spec, backup_id)
    except ServiceError:
        return []  # create checks again
    except CopyError as error:
        return [("", str(error))]
    name_owner(call, backup)
    return []

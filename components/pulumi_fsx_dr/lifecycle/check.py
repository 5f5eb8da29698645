"""Check the arguments of a copy before anything is changed."""

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

from .adopt import require_adoptable, warn_of_former_owner


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The arguments with all defaults, and their problems as pairs of an argument's name (or "") and a message."""

    inputs: dict[str, Any]
    problems: list[tuple[str, str]] = field(default_factory=list)


def check(call: Call, runtime: ProviderRuntime, olds: Mapping[str, Any], news: Mapping[str, Any]) -> CheckResult:
    """Fill in defaults and find values that are not valid."""
    if olds:
        runtime.checked.olds[call.urn] = olds
    else:
        # The file system is not known yet, so the new copy blocks all deletes of the stack.
        runtime.creates.started(call.urn)
    result = _checked(call, runtime, olds, news)
    if result.problems:
        # The copy will not be created, so copies of the same file system must not be deleted.
        runtime.creates.failed(call.urn)
    return result


def _checked(call: Call, runtime: ProviderRuntime, olds: Mapping[str, Any], news: Mapping[str, Any]) -> CheckResult:
    # For a replacement, the engine calls Check a second time without olds; with `--replace` it calls Check only once,
    # without olds. Without the former Region, the default could move the new copy to another Region.
    former = olds or runtime.checked.olds.get(call.urn) or _former_regions(call)
    try:
        poll_seconds()  # fails if the environment variable is not valid
        inputs = arguments.with_defaults(news, former, lambda: runtime.default_region(former))
    except FsxDrError as error:
        return CheckResult(dict(news), [("", str(error))])
    problems = arguments.problems(inputs)
    if not (former or problems or contains_unknowns(inputs)):
        problems += _problems_of_adoption(call, runtime, inputs)
    return CheckResult(inputs, problems)


def _former_regions(call: Call) -> Mapping[str, Any]:
    """Return the Regions in the state entry of the resource, if the hints contain it."""
    entry = call.state_entry
    return {"region": entry.region, "source_region": entry.source_region} if entry else {}


def _problems_of_adoption(call: Call, runtime: ProviderRuntime, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return why the copy in adopt_backup_id cannot be adopted, and warn of its former owner."""
    if not (backup_id := inputs.get("adopt_backup_id")):
        return []
    spec = CopySpec.of(inputs)
    work = Work(call=call, runtime=runtime, region=runtime.region(spec.region), patience=ONE_TRY)
    try:
        backup = require_adoptable(work, spec, backup_id)
    except ServiceError:
        return []  # create checks it again
    except CopyError as error:
        return [("", str(error))]
    warn_of_former_owner(call, backup)
    return []

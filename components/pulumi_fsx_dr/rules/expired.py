"""Add the copies that retention deletes to each planned copy of the same file system, as hints for the provider."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .points import Action, SourcePoint
from .reasons import Deleted
from .region_plan import RegionPlan
from .specs import DrRegionSpec

_OTHERS = 3  # the number of kept copies in the hints; the provider needs one that is AVAILABLE
_Group = tuple[str, str]  # URN of the DrRegion, and volume or file system


def add_expired(
    plans: Mapping[str, RegionPlan], regions: Sequence[DrRegionSpec], points: Sequence[SourcePoint]
) -> None:
    groups: dict[_Group, list[SourcePoint]] = defaultdict(list)
    for one in sorted(points, key=lambda point: point.time):
        groups[_group(one)].append(one)
    # A copy that may belong to an output is decided on later, so no create may delete it.
    with_outputs = {dr.region for dr in regions if dr.has_outputs}
    for dr in regions:
        plan = plans[dr.urn]
        declared = {point.source_backup_id: point for point in points if point.source.dr is dr and point.is_declared}
        for number, planned in enumerate(plan.copies):
            point = declared.get(planned.args.get("source_backup_id", ""))
            if point is None or not point.volume_or_file_system:
                continue
            group = groups[_group(point)]
            expired = [other.state for other in group if other.state and _is_expired(other)]
            stay = [other.state for other in group if other.state and other.copy and other.is_declared]
            may_delete = expired and point.action is Action.CREATE and dr.region not in with_outputs
            plan.copies[number] = replace(
                planned,
                expired=tuple(state.id for state in expired),
                siblings=(*expired, *stay[-_OTHERS:]) if may_delete else (),
            )


def _group(point: SourcePoint) -> _Group:
    return point.source.dr.urn, point.volume_or_file_system


def _is_expired(point: SourcePoint) -> bool:
    return point.decision is not None and point.decision.reason is Deleted.EXPIRED

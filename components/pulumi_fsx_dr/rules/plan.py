"""Plan which copies the DrRegions of a program declare, from the sources, the state and AWS.

A copy in the state is matched with a source by its Region and source backup, never by tags. If its URN has changed, the
former URN becomes an alias.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pulumi_fsx_dr.copies.state_copy import StateCopy

from . import plan_messages as messages
from .aws_view import AwsView
from .decide import Situation, SourceCopies, SourcePlan, decide_source, decide_unmatched, without_replacement
from .existing import ExistingCopies, find_existing
from .expired import add_expired
from .leftovers import leftovers
from .matching import Matches, match
from .naming import assign_names
from .observed import ObservedCopy, observe
from .order import ranks, refused
from .points import Action, SourcePoint
from .preview_notes import quota_warnings, too_frequent
from .region_plan import PlannedCopy, RegionPlan, Removal, Undecided
from .source_warnings import source_warnings
from .specs import DrRegionSpec, SourceSpec
from .tag_selection import SourceSelection, select_sources


@dataclass(frozen=True, slots=True)
class _Inputs:
    """The inputs of a plan.

    Attributes:
        copies: the copies in the state.
        selection: the sources.
        matches: the sources with their copies in the state.
        existing: the copies that are not in the state.
    """

    regions: Sequence[DrRegionSpec]
    copies: Sequence[ObservedCopy]
    selection: SourceSelection
    matches: Matches
    existing: ExistingCopies


def plan_copies(regions: Sequence[DrRegionSpec], copies: Iterable[StateCopy], aws: AwsView) -> dict[str, RegionPlan]:
    """Return the plan of each DrRegion, by its URN."""
    observed = observe(list(copies), {dr.region for dr in regions}, aws)
    selection = select_sources(regions, observed, aws)
    matches = match(observed, selection.specs)
    inputs = _Inputs(regions, observed, selection, matches, find_existing(regions, aws))
    source_plans = list(_decide_sources(inputs))
    # After the sources: a copy in a removed DR Region is deleted only if another DR Region has or gets a copy.
    unmatched = list(_decide_unmatched(inputs, source_plans))

    plans = {dr.urn: RegionPlan() for dr in regions}
    for dr, message in selection.warnings:
        plans[dr.urn].warnings.append(message)
    for source_plan in source_plans:
        _add_source(plans, source_plan)
    for dr, source in selection.empty:
        plans[dr.urn].sources.append(source)
    points = [*(point for source_plan in source_plans for point in source_plan.points), *unmatched]
    decided = _leave_to_outputs(plans, inputs, points)
    _add_copies(plans, inputs, decided)
    add_expired(plans, regions, points)
    for dr, warning in (*source_warnings(selection.specs), *_quota_warnings(inputs, points)):
        plans[dr.urn].preview_warnings.append(warning)
    for dr, message in leftovers(regions, plans, inputs.existing, matches):
        plans[dr.urn].warnings.append(message)
    _drop_repeated_warnings(plans.values())
    return plans


def _decide_sources(inputs: _Inputs) -> Iterator[SourcePlan]:
    matches, existing = inputs.matches, inputs.existing
    taken: set[str] = set()  # ids of copies that a source resumes or adopts
    for source in inputs.selection.specs:
        found = SourceCopies(source, matches.by_source.get(source, ()), existing.offers(source, taken))
        plan = decide_source(found, existing.aws)
        taken |= {copy.id for point in plan.points if point.is_declared and (copy := point.resumed or point.adopted)}
        yield plan


def _decide_unmatched(inputs: _Inputs, source_plans: Iterable[SourcePlan]) -> Iterator[SourcePoint]:
    """Decide on the copies that belong to no source, because the source or the DR Region was removed."""
    protected = _protected_regions(source_plans)
    excluded: dict[tuple[str, str], set[str]] = defaultdict(set)
    for dr in inputs.regions:
        for source in dr.sources:
            for file_system_id in source.get("exclude", ()):
                excluded[source["region"], file_system_id].add(dr.region)
    for copy in inputs.matches.unmatched:
        protected_in = protected.get(copy.file_system_id, set()) | protected.get(copy.source_backup_id, set())
        excluded_in = excluded.get((copy.state.source_region, copy.file_system_id), set())
        sources = inputs.matches.possible_sources(copy)
        decision = decide_unmatched(copy, Situation(sources, protected_in, excluded_in), inputs.existing.aws)
        # The first DrRegion that may have declared the copy logs the decision.
        removed = {"backup_id": copy.source_backup_id, "region": copy.state.source_region}
        yield without_replacement(sources[0] if sources else SourceSpec(inputs.regions[0], removed), copy, decision)


def _protected_regions(source_plans: Iterable[SourcePlan]) -> Mapping[str, set[str]]:
    """Return the DR Regions with a copy at the end of this run, by file system and by source backup."""
    protected: dict[str, set[str]] = defaultdict(set)
    for plan in source_plans:
        for point in plan.points:
            if point.is_protected:
                file_system_id = point.copy.file_system_id if point.copy else ""
                for key in filter(None, (plan.source.key, file_system_id)):
                    protected[key].add(plan.source.dr.region)
    return protected


def _add_source(plans: Mapping[str, RegionPlan], source_plan: SourcePlan) -> None:
    source = source_plan.source
    plan = plans[source.dr.urn]
    if source.key:
        plan.sources.append(source.source)
    if source_plan.obstacle:
        plan.obstacles[source.key] = source_plan.obstacle
    plan.notes += messages.notes(source_plan)
    plan.preview_notes += [*messages.explanations(source_plan), *too_frequent(source_plan)]
    plan.warnings += messages.warnings(source_plan)


def _leave_to_outputs(
    plans: Mapping[str, RegionPlan], inputs: _Inputs, points: Iterable[SourcePoint]
) -> list[SourcePoint]:
    """Postpone decisions on copies that may belong to a source that is an output; return the other points."""
    undecided = {dr.region: plans[dr.urn].undecided for dr in reversed(inputs.regions) if dr.has_outputs}
    unmatched, decided = set(inputs.matches.unmatched), []
    for point in points:
        copy = point.copy
        may_be_of_output = copy in unmatched or not point.is_declared
        if copy and point.decision and may_be_of_output and copy.state.region in undecided:
            undecided[copy.state.region].append(Undecided(copy, point.decision))
        else:
            decided.append(point)
    return decided


def _add_copies(plans: Mapping[str, RegionPlan], inputs: _Inputs, points: Sequence[SourcePoint]) -> None:
    declared = [point for point in points if point.is_declared]
    in_state = [point.copy for point in declared if point.copy]
    in_state += [undecided.copy for plan in plans.values() for undecided in plan.undecided]
    # A new copy may get the URN of a copy without a source, and then replaces it.
    state_urns = {copy.state.urn for copy in inputs.copies}
    reserved = inputs.matches.matched_urns | {copy.state.urn for copy in in_state}
    names = assign_names(declared, state_urns, reserved)
    for point, name, rank in zip(declared, names, ranks(declared), strict=True):
        plans[point.source.dr.urn].declare(_planned(point, name, rank), point.copy)
    for point in points:
        if not point.is_declared and point.state and point.decision:
            plans[point.source.dr.urn].removed.append(Removal(point.state, point.decision))
    skipped = [point for point in points if point.action is Action.SKIP and point.obstacle]
    urns = {point.source.dr.child_urn(name) for point, name in zip(declared, names, strict=True)}
    for urn, copy in refused(skipped, state_urns | urns):
        plans[urn].refused.append(copy)


def _planned(point: SourcePoint, name: str, rank: int) -> PlannedCopy:
    return PlannedCopy(
        name=name,
        args=point.args(),
        state=point.state,
        decision=point.decision,
        backup=point.backup,
        rank=rank,
        exists=point.action is Action.RESUME,
    )


def _quota_warnings(inputs: _Inputs, points: Sequence[SourcePoint]) -> Iterator[tuple[DrRegionSpec, str]]:
    for region, dr in {dr.region: dr for dr in reversed(inputs.regions)}.items():
        present = inputs.existing.aws.backups_in(region)
        of_region = [point for point in points if point.source.dr.region == region and _is_in(point, region)]
        for warning in quota_warnings(region, present, of_region):
            yield dr, warning


def _is_in(point: SourcePoint, region: str) -> bool:
    return point.state is None or point.state.region == region


def _drop_repeated_warnings(plans: Iterable[RegionPlan]) -> None:
    # Several sources or DrRegions may warn of the same copy.
    seen: set[str] = set()
    for plan in plans:
        plan.warnings = [warning for warning in dict.fromkeys(plan.warnings) if warning not in seen]
        seen.update(plan.warnings)

"""Which copies the DrRegions of a program declare: from the sources, from AWS, and above all from the state.

A copy is matched to what is declared by its Region and its source backup. One that is found under another URN than its
DrRegion would give it gets that URN as an alias. Tags decide nothing at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pulumi_fsx_dr.copies.state_copy import StateCopy

from . import plan_messages as messages
from .aws_view import AwsView
from .decide import Situation, SourcePlan, decide_source, decide_unmatched, without_replacement
from .existing import ExistingCopies, find_existing
from .expired import name_expired
from .leftovers import leftovers
from .matching import Matches, match
from .naming import assign_names
from .observed import ObservedCopy, observe
from .points import SourcePoint
from .region_plan import PlannedCopy, RegionPlan, Removal, Undecided
from .specs import DrRegionSpec, SourceSpec
from .tag_selection import select_sources


def plan_copies(regions: Sequence[DrRegionSpec], copies: Iterable[StateCopy], aws: AwsView) -> dict[str, RegionPlan]:
    """Return what each DrRegion declares, by its URN.

    Args:
        regions: all DrRegions of the program.
        copies: those in the state that DrRegions declared.
        aws: answers what is in AWS.

    Raises:
        InvalidSettingsError: a file system does not exist; nothing is changed.
        ServiceError: a DR Region does not tell its copies; nothing is changed.
    """
    observed = observe(list(copies), {dr.region for dr in regions}, aws)
    selection = select_sources(regions, observed, aws)
    matches = match(observed, selection.specs)
    existing = find_existing(regions, aws)
    source_plans = list(_decide_sources(selection.specs, matches, existing))
    # After the sources: a copy in a Region that was removed is deleted only if another Region has one, or gets one.
    unmatched = list(_decide_unmatched(regions, matches, source_plans, aws))

    plans = {dr.urn: RegionPlan() for dr in regions}
    for dr, message in selection.warnings:
        plans[dr.urn].warnings.append(message)
    for source_plan in source_plans:
        _add_source(plans, source_plan)
    for dr, source in selection.empty:
        plans[dr.urn].sources.append(source)
    points = [*(point for source_plan in source_plans for point in source_plan.points), *unmatched]
    decided = _leave_to_outputs(plans, regions, points, matches)
    _add_copies(plans, decided, observed, matches)
    name_expired(plans, regions, points)
    for dr, message in leftovers(regions, plans, existing, matches):
        plans[dr.urn].warnings.append(message)
    _drop_repeated_warnings(plans.values())
    return plans


def _decide_sources(sources: Iterable[SourceSpec], matches: Matches, existing: ExistingCopies) -> Iterator[SourcePlan]:
    taken: set[str] = set()  # ids of copies that are resumed or adopted, each by one source
    for source in sources:
        copies = matches.by_source.get(source, ())
        plan = decide_source(source, copies, existing.offers(source, taken), existing.aws)
        taken |= {copy.id for point in plan.points if point.is_declared and (copy := point.resumed or point.adopted)}
        yield plan


def _decide_unmatched(
    regions: Sequence[DrRegionSpec], matches: Matches, source_plans: Iterable[SourcePlan], aws: AwsView
) -> Iterator[SourcePoint]:
    """Decide on the copies of sources, or in Regions, that the program does not declare any more."""
    protected = _protected_regions(source_plans)
    excluded: dict[tuple[str, str], set[str]] = defaultdict(set)
    for dr in regions:
        for source in dr.sources:
            for file_system_id in source.get("exclude", ()):
                excluded[source["region"], file_system_id].add(dr.region)
    for copy in matches.unmatched:
        protected_in = protected.get(copy.file_system_id, set()) | protected.get(copy.source_backup_id, set())
        excluded_in = excluded.get((copy.state.source_region, copy.file_system_id), set())
        sources = matches.possible_sources(copy)
        decision = decide_unmatched(copy, sources, Situation(protected_in, excluded_in), aws)
        # The first DrRegion that may have declared it says what happens to it.
        removed = {"backup_id": copy.source_backup_id, "region": copy.state.source_region}
        yield without_replacement(sources[0] if sources else SourceSpec(regions[0], removed), copy, decision)


def _protected_regions(source_plans: Iterable[SourcePlan]) -> Mapping[str, set[str]]:
    """Return the Regions that have a copy at the end of this run, by file system and by backup that is a source."""
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
    plan.explained += messages.explanations(source_plan)
    plan.warnings += messages.warnings(source_plan)


def _leave_to_outputs(
    plans: Mapping[str, RegionPlan], regions: Sequence[DrRegionSpec], points: Iterable[SourcePoint], matches: Matches
) -> list[SourcePoint]:
    """Leave undecided what a source may ask for that is an output, and return the other points."""
    undecided = {dr.region: plans[dr.urn].undecided for dr in reversed(regions) if dr.has_outputs}
    unmatched, decided = set(matches.unmatched), []
    for point in points:
        copy = point.copy
        may_be_asked_for = copy in unmatched or not point.is_declared
        if copy and point.decision and may_be_asked_for and copy.state.region in undecided:
            undecided[copy.state.region].append(Undecided(copy, point.decision))
        else:
            decided.append(point)
    return decided


def _add_copies(
    plans: Mapping[str, RegionPlan], points: Sequence[SourcePoint], copies: Sequence[ObservedCopy], matches: Matches
) -> None:
    declared = [point for point in points if point.is_declared]
    in_state = [point.copy for point in declared if point.copy]
    in_state += [undecided.copy for plan in plans.values() for undecided in plan.undecided]
    # A new copy may have the URN of one that no source asks for: that is replaced then.
    reserved = matches.matched_urns | {copy.state.urn for copy in in_state}
    names = iter(assign_names(declared, {copy.state.urn for copy in copies}, reserved))
    for point in points:
        plan = plans[point.source.dr.urn]
        if point.is_declared:
            plan.declare(_planned(point, next(names)), point.copy)
        elif point.state and point.decision:
            plan.removed.append(Removal(point.state, point.decision))


def _planned(point: SourcePoint, name: str) -> PlannedCopy:
    return PlannedCopy(name=name, args=point.args(), state=point.state, decision=point.decision, backup=point.backup)


def _drop_repeated_warnings(plans: Iterable[RegionPlan]) -> None:
    # Several sources, or DrRegions, may come across the same copy; a person needs to read of it once.
    seen: set[str] = set()
    for plan in plans:
        plan.warnings = [warning for warning in dict.fromkeys(plan.warnings) if warning not in seen]
        seen.update(plan.warnings)

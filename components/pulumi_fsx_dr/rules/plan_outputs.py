"""Plan the copies for the sources of a DrRegion that are outputs, and so are known later than other sources.

New copies are named by the position of the source. A copy in the state is matched by its source backup.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count

from .naming import distinct_name, is_name_of, output_name
from .points import unchanged_args
from .reasons import Decision, Kept
from .region_plan import PlannedCopy, RegionPlan, Removal, Undecided
from .specs import DrRegionSpec


@dataclass(frozen=True, slots=True)
class OutputSource:
    """A source that is an output.

    Attributes:
        position: its index in the sources of its DrRegion.
        backup_id: its value; None while it is unknown.
        region: the source Region.
    """

    position: int
    backup_id: str | None
    region: str


def plan_outputs(
    dr: DrRegionSpec, sources: Sequence[OutputSource], undecided: Iterable[Undecided], declared: RegionPlan
) -> tuple[RegionPlan, list[Undecided]]:
    """Return the plan for the sources that are outputs, and the undecided copies that belong to none of them."""
    # If two copies have the same backup, `by_backup` contains the last one: a copy with a name of this DrRegion.
    copies = sorted(undecided, key=lambda one: is_name_of(dr.name, one.copy.state))
    by_backup = {one.copy.source_backup_id: one for one in copies}
    found = {s.position: by_backup.pop(s.backup_id) for s in sources if s.backup_id in by_backup}
    names = _names(dr, sources, found, declared)
    plan = RegionPlan()
    for source in sources:
        copy = found[source.position].copy if source.position in found else None
        planned = PlannedCopy(
            name=names[source.position],
            args={"source_region": source.region},
            state=copy.state if copy else None,
            decision=Decision(Kept.OUTPUT_IS_SOURCE),
            position=source.position,
        )
        plan.declare(planned, copy)
    # A copy with the name of a declared copy may belong to an output that is still unknown.
    urns = {dr.child_urn(name) for name in names.values()} | {one.copy.state.urn for one in found.values()}
    return plan, [one for one in copies if one.copy.state.urn not in urns]


def add_unclaimed(plan: RegionPlan, dr: DrRegionSpec, copies: Iterable[Undecided]) -> None:
    """Add the undecided copies that belong to no output to a plan: each is deleted or kept, as decided before."""
    for one in copies:
        state = one.copy.state
        if one.decision.deletes:
            plan.removed.append(Removal(state, one.decision))
            continue
        is_child = dr.child_urn(state.name) == state.urn
        name = state.name if is_child else distinct_name(dr.child_name(state.source_backup_id), state)
        args = {"source_backup_id": state.source_backup_id, **unchanged_args(state)}
        plan.declare(PlannedCopy(name=name, args=args, state=state, decision=one.decision), one.copy)


def _names(
    dr: DrRegionSpec, sources: Iterable[OutputSource], found: Mapping[int, Undecided], declared: RegionPlan
) -> dict[int, str]:
    """Return the names of the copies, by position."""
    own = {position: one.copy.state for position, one in found.items()}
    # Copies in the state keep their names, so that the removal of one source does not rename the others.
    names = {n: c.name for n, c in own.items() if is_name_of(dr.name, c) and c.urn == dr.child_urn(c.name)}
    # The engine refuses a URN that is an alias of another resource.
    taken = {copy.urn for copy in declared.in_state} | {dr.child_urn(name) for name in names.values()}
    for source in sources:
        if source.position not in names:
            candidates = (output_name(dr.name, number) for number in chain([source.position], count()))
            names[source.position] = next(name for name in candidates if dr.child_urn(name) not in taken)
            taken.add(dr.child_urn(names[source.position]))
    return names
